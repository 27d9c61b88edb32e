"""`enrol` at the toy preset: a client of 893 weights that enrols anew, its columns, and which cells nothing holds."""

from functools import lru_cache

import numpy as np
from scene import BLINDING, CAUGHT, HALO2, Fate, Forecast, Scene, parsed, scalars, seed_bytes, split

from reference_prover.enrolment import blinding as blind
from reference_prover.enrolment import columns as round_2
from reference_prover.enrolment import rounds
from reference_prover.enrolment.claim import EnrolmentClaim
from reference_prover.enrolment.statement import FIRST, EnrolmentStatement
from reference_prover.enrolment.transcript import EnrolmentChallenges
from reference_prover.enrolment.witness import EnrolmentWitness
from reference_prover.layout import EnrolmentLayout, of_enrolment_tables
from zkapex_jax.circuit import build
from zkapex_jax.presets import get_preset

CIRCUIT = build("enrol", get_preset("toy"))
TABLES = parsed(CIRCUIT)
SIZE: EnrolmentLayout = of_enrolment_tables(TABLES)
WEIGHTS = 893
PUBLIC = frozenset(name for name in TABLES.instance if split(name)[0] in {"c", "w", "w_const"})
NO_WEIGHT = Forecast(Fate.FREE, "tail row, no public weight")
NO_NUMBER = Forecast(Fate.FREE, "cell of no number")
AFTER_END = Forecast(Fate.FREE, "running sum after its end")
SIGN = Forecast(Fate.SOME, "sign of a square: the verifier forms it with the fold, where the sign counts")


def challenges(seed: object) -> EnrolmentChallenges:
    draw = scalars(f"enrol challenges {seed}")
    return EnrolmentChallenges(seed_bytes(f"enrol b {seed}"), seed_bytes(f"enrol a {seed}"), draw(), draw(), draw(), draw())


@lru_cache
def witness(seed: int = 1, weights: int = WEIGHTS, renews: bool = True) -> EnrolmentWitness:
    """A random client near a random base model, a tenth of its weights forgotten."""
    rng = np.random.default_rng(seed)
    theta_0 = rng.normal(0, 3000, weights).astype(np.int64)
    free = (rng.random(weights) >= 0.1).astype(np.int64)
    theta_p = (theta_0 + rng.integers(-300, 301, weights)) * free
    gradients = (np.clip(rng.normal(0, 30, (SIZE.client_rows, weights)), -128, 127) * free).astype(np.int8)
    lists = (tuple(values.tolist()) for values in (theta_p, theta_0, free))
    return EnrolmentWitness(*lists, gradients, tuple(theta_p.tolist()) if renews else None)


def distance(of: EnrolmentWitness) -> int:
    """The sum of squares of theta_p - f_cum theta_0."""
    return sum((p - f * x) ** 2 for p, f, x in zip(of.theta_p, of.free, of.theta_0, strict=True))


def statement(of: EnrolmentWitness, d0: int | None = None) -> EnrolmentStatement:
    digests = {name: bytes([index]) * 32 for index, name in enumerate(("srs", "enrolment", "base"), start=1)}
    state = FIRST if of.theta_current is None else bytes([9]) * 32
    sizes = {"chunk": 0, "weights": len(of.theta_p), "gamma": 3 << 12, "d0": 2 * distance(of) + 1 if d0 is None else d0}
    return EnrolmentStatement(preset="toy", client="client-1", tables=TABLES.digest, state=state, **digests, **sizes)


def assign(stated: EnrolmentStatement, claim: EnrolmentClaim, drawn: EnrolmentChallenges) -> round_2.Columns:
    """The columns of any claim, with blinding cells that are not zero."""
    return round_2.assign(TABLES, SIZE, stated, claim, drawn, blind.make(SIZE, scalars("enrol blinding")))


@lru_cache
def honest(seed: int = 1) -> tuple[EnrolmentStatement, EnrolmentClaim, EnrolmentChallenges]:
    stated, drawn = statement(witness(seed)), challenges(seed)
    return stated, rounds.run(TABLES, stated, witness(seed), drawn)[0], drawn


@lru_cache
def scene() -> Scene:
    stated, claim, drawn = honest()
    return Scene("enrol, toy preset", CIRCUIT, TABLES, assign(stated, claim, drawn), PUBLIC, _forecast(claim))


def _forecast(claim: EnrolmentClaim):
    delta = SIZE.active_columns(claim.delta)

    def forecast(column: str, row: int) -> Forecast:
        family, lane = split(column)
        if row >= TABLES.usable:
            return HALO2
        if family == "acc":
            return CAUGHT if row <= SIZE.blinding_start else AFTER_END
        if row >= SIZE.blinding_start:
            return BLINDING
        if family == "cells":
            return CAUGHT if lane * SIZE.blinding_start + row < SIZE.cell_count else NO_NUMBER
        if row < SIZE.rows:
            return NO_WEIGHT
        return SIGN if family == "delta" and delta[lane][row] else CAUGHT

    return forecast

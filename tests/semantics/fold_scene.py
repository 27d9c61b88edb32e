"""`fold_kkt` at the toy preset: a compensated chunk of 893 weights, its columns, and which cells nothing holds."""

from functools import lru_cache

import numpy as np
from scene import BLINDING, CAUGHT, HALO2, Fate, Forecast, Scene, parsed, scalars, seed_bytes, split

from reference_prover.compensation import compensate
from reference_prover.layout import Layout, of_tables
from reference_prover.rounds import blinding as blind
from reference_prover.rounds import columns as round_4
from reference_prover.rounds import online
from reference_prover.rounds.claim import Claim
from reference_prover.rounds.integers import row_products
from reference_prover.statement import Statement, rules
from reference_prover.transcript import Challenges
from reference_prover.witness import Witness
from zkapex_jax.circuit import build
from zkapex_jax.presets import get_preset

CIRCUIT = build("fold_kkt", get_preset("toy"))
TABLES = parsed(CIRCUIT)
SIZE: Layout = of_tables(TABLES)
GAMMA = 3 << 12  # near tr(G'G) / (32 n) for these rows
WEIGHTS = 893  # the last three cells are pads
PUBLIC = frozenset(name for name in TABLES.instance if split(name)[0] in {"free", "v", "c"} or name.startswith("w_"))
NO_WEIGHT = Forecast(Fate.FREE, "tail row, no public weight")
NO_NUMBER = Forecast(Fate.FREE, "cell of no number")
AFTER_END = Forecast(Fate.FREE, "running sum after its end")
SPARE_BIT = Forecast(Fate.SOME, "bit of no number: 0 or 1")
SECOND_ROOT = Forecast(Fate.SOME, "second root of a square: fixed by challenges that are drawn later")


def challenges(seed: object) -> Challenges:
    draw = scalars(f"fold challenges {seed}")
    return Challenges(seed_bytes(f"fold r {seed}"), draw(), draw(), draw())


@lru_cache
def witness(seed: int = 1, weights: int = WEIGHTS) -> Witness:
    rng = np.random.default_rng(seed)
    theta = rng.normal(0, 3000, weights).astype(np.int64)
    gradients = np.clip(rng.normal(0, 20, (SIZE.rows, weights)), -128, 127).astype(np.int8)
    return compensate(theta.tolist(), (rng.random(weights) >= 0.1).astype(int).tolist(), gradients, GAMMA)


def statement(of: Witness, **changes: int) -> Statement:
    """What the witness meets: T1, T2 by the rule, D twice its need."""
    weights = len(of.theta_p)
    t1, t2 = rules(GAMMA, weights, SIZE.rows)
    moved = sum(d * d for d, f in zip(of.delta, of.free, strict=True) if f)
    digests = {name: bytes([index]) * 32 for index, name in enumerate(("srs", "enrolment", "state", "request"))}
    sizes = {"chunk": 0, "weights": weights, "gamma": GAMMA, "t1": t1, "t2": t2, "d": 2 * moved + 1}
    return Statement(preset="toy", client="client-1", tables=TABLES.digest, **digests, **(sizes | changes))


def assign(stated: Statement, claim: Claim, drawn: Challenges) -> round_4.Columns:
    """The columns of any claim, with blinding cells that are not zero."""
    return round_4.assign(TABLES, SIZE, stated, claim, drawn, blind.make(SIZE, scalars("fold blinding")))


@lru_cache
def honest(seed: int = 1) -> tuple[Statement, Claim, Challenges]:
    stated, drawn = statement(witness(seed)), challenges(seed)
    return stated, online.run(TABLES, stated, witness(seed), drawn)[0], drawn


@lru_cache
def scene() -> Scene:
    stated, claim, drawn = honest()
    return Scene("fold_kkt, toy preset", CIRCUIT, TABLES, assign(stated, claim, drawn), PUBLIC, _forecast(claim))


def _forecast(claim: Claim):
    free = SIZE.active_columns(claim.free)
    spare = SIZE.bit_columns * SIZE.bits_per_column - SIZE.bit_count

    def forecast(column: str, row: int) -> Forecast:
        family, lane = split(column)
        tail, active = row < SIZE.rows, SIZE.rows <= row < SIZE.blinding_start
        if row >= TABLES.usable:
            return HALO2
        if family == "acc":
            return CAUGHT if row <= SIZE.blinding_start else AFTER_END
        if row >= SIZE.blinding_start:
            return BLINDING
        if family == "bits":
            last = lane == SIZE.bit_columns - 1 and row >= SIZE.bits_per_column - spare
            return NO_NUMBER if row >= SIZE.bits_per_column else SPARE_BIT if last else CAUGHT
        if family == "q":
            return CAUGHT if tail else NO_NUMBER
        if tail:
            return NO_WEIGHT if family != "y" or lane > 1 else SECOND_ROOT if lane == 1 else CAUGHT
        return SECOND_ROOT if family in ("theta_p", "theta_u", "y") and active and free[lane][row] else CAUGHT

    return forecast


def products(drawn: Challenges, claim: Claim) -> list[int]:
    """q_k = <c, G_k> under those challenges: what the prover sends in round 3."""
    c, _ = round_4.linear_form(SIZE, drawn.r, drawn.eta)
    return row_products(c[: claim.gradients.shape[1]], claim.gradients)

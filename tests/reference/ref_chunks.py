"""Chunks for the tests of the reference prover: emitted tables, random honest witnesses, statements."""

from functools import lru_cache

import numpy as np

from reference_prover import tables as table_format
from reference_prover.compensation import compensate
from reference_prover.layout import of_tables
from reference_prover.rounds import online
from reference_prover.statement import Statement, rules
from reference_prover.transcript import Challenges
from zkapex_jax.circuit import build, emit
from zkapex_jax.presets import get_preset

GAMMA = 3 << 12  # near tr(G'G) / (32 n) for these rows


@lru_cache
def emitted(preset: str = "toy", relation: str = "fold_kkt") -> bytes:
    return emit(build(relation, get_preset(preset)))


@lru_cache
def parsed(preset: str = "toy", relation: str = "fold_kkt"):
    return table_format.parse(emitted(preset, relation))


@lru_cache
def layout(preset: str = "toy"):
    return of_tables(parsed(preset))


def make_witness(weights: int, seed: int, preset: str = "toy", masked: float = 0.1, spread: int = 20, gamma: int = GAMMA):
    """A random chunk, masked at the given share and compensated exactly."""
    rng = np.random.default_rng(seed)
    theta = np.clip(rng.normal(0, 3000, weights), -(1 << 27), 1 << 27).astype(np.int32)
    gradients = np.clip(rng.normal(0, spread, (layout(preset).rows, weights)), -128, 127).astype(np.int8)
    free = (rng.random(weights) >= masked).astype(np.uint8)
    return compensate(theta.tolist(), free.tolist(), gradients, gamma)


def make_statement(witness, gamma: int = GAMMA, budget: int | None = None, preset: str = "toy", **changes) -> Statement:
    """The statement that the witness meets: T1 and T2 by the rule, D twice what the witness needs."""
    weights = len(witness.theta_p)
    t1, t2 = rules(gamma, weights, layout(preset).rows)
    moved = sum(d * d for d, f in zip(witness.delta, witness.free) if f)
    digests = {name: bytes([index]) * 32 for index, name in enumerate(("srs", "enrolment", "state", "request"))}
    values = dict(preset=preset, client="client-1", tables=parsed(preset).digest, chunk=0, weights=weights, gamma=gamma, t1=t1, t2=t2)
    return Statement(**(digests | values | {"d": 2 * moved + 1 if budget is None else budget} | changes))


def honest(weights: int = 893, seed: int = 1):
    """(statement, witness, challenges, claim, columns) of a toy chunk."""
    witness = make_witness(weights, seed)
    statement = make_statement(witness)
    challenges = Challenges.random()
    claim, columns = online.run(parsed(), statement, witness, challenges)
    return statement, witness, challenges, claim, columns

"""Enrolments for the tests of the reference prover: random honest witnesses, statements, columns."""

import numpy as np

from ref_chunks import parsed
from reference_prover.enrolment import blinding as blind
from reference_prover.enrolment import columns as round_2
from reference_prover.enrolment import rounds
from reference_prover.enrolment.statement import FIRST, EnrolmentStatement
from reference_prover.enrolment.sums import four_sums
from reference_prover.enrolment.transcript import EnrolmentChallenges
from reference_prover.enrolment.witness import EnrolmentWitness
from reference_prover.layout import of_enrolment_tables

ENROL = parsed("toy", "enrol")
SIZE = of_enrolment_tables(ENROL)


def make_witness(weights=893, seed=1, forgotten=0.1, renews=False):
    """A random client near a random base model, some weights forgotten already."""
    rng = np.random.default_rng(seed)
    theta_0 = np.clip(rng.normal(0, 3000, weights), -(1 << 27), 1 << 27).astype(np.int64)
    free = (rng.random(weights) >= forgotten).astype(np.int64)
    theta_p = (theta_0 + rng.integers(-300, 301, weights)) * free
    gradients = (np.clip(rng.normal(0, 30, (SIZE.client_rows, weights)), -128, 127) * free).astype(np.int8)
    lists = (tuple(values.tolist()) for values in (theta_p, theta_0, free))
    return EnrolmentWitness(*lists, gradients, tuple(theta_p.tolist()) if renews else None)


def distance(witness):
    """sum Delta^2."""
    return sum((p - f * x) ** 2 for p, f, x in zip(witness.theta_p, witness.free, witness.theta_0, strict=True))


def make_statement(witness, tables=ENROL, **changes):
    """The statement that the witness meets, D0 twice what it needs."""
    digests = {name: bytes([index]) * 32 for index, name in enumerate(("srs", "enrolment", "base"), start=1)}
    state = FIRST if witness.theta_current is None else bytes([9]) * 32
    sizes = dict(chunk=0, weights=len(witness.theta_p), gamma=3 << 12, d0=2 * distance(witness) + 1)
    return EnrolmentStatement(**(dict(preset="toy", client="client-1", tables=tables.digest, state=state) | digests | sizes | changes))


def honest(weights=893, seed=1, **options):
    """(statement, witness, challenges, claim, columns)."""
    witness = make_witness(weights, seed, **options)
    statement, challenges = make_statement(witness), EnrolmentChallenges.random()
    return statement, witness, challenges, *rounds.run(ENROL, statement, witness, challenges)


def columns_of(statement, claim, challenges, blinding=None):
    return round_2.assign(ENROL, SIZE, statement, claim, challenges, blinding or blind.none(SIZE))


def broken_powers(statement, claim, challenges):
    """The powers of mu whose sums are not zero."""
    return [power for power, value in four_sums(SIZE, statement, claim, challenges).items() if value]

"""The crafted rows: entries 2^t and i 2^t with i^2 = -1 mod p let sum f y^2 be anything. The online proof alone accepts them."""

import math
from dataclasses import replace

import numpy as np
import pytest

from ref_chunks import GAMMA, layout, make_statement, parsed
from ref_enrolments import ENROL, distance
from ref_enrolments import make_statement as make_enrolment_statement
from reference_prover.checker import check
from reference_prover.enrolment.transcript import EnrolmentChallenges
from reference_prover.enrolment.witness import EnrolmentWitness
from reference_prover.field import MODULUS
from reference_prover.precheck import examine_enrolment
from reference_prover.rounds import blinding as blind
from reference_prover.rounds import online
from reference_prover.rounds.integers import on_free, squares, windowed
from reference_prover.rounds.sums import seven_sums
from reference_prover.transcript import Challenges
from reference_prover.witness import Witness

FIXED = EnrolmentChallenges(bytes(64), bytes([1]) * 64, 11, 13, 17, 19)  # 16 projections miss one row in 2^16
I = pow(7, (MODULUS - 1) // 4, MODULUS)
WEIGHTS = 800
SHIFTS = (20, 13)  # a coarse and a fine pair
CELLS = [(0, 1), (2, 3)]  # the weights that carry (i 2^t, 2^t)


def lazy_client(crafted):
    """A client that zeroes the masked weights and repairs nothing: delta = 0 on every free weight."""
    rng = np.random.default_rng(7)
    theta = rng.integers(-9000, 9001, WEIGHTS).tolist()
    free = [1] * 4 + (rng.random(WEIGHTS - 4) >= 0.1).astype(int).tolist()
    gradients = np.clip(rng.normal(0, 20, (layout().rows, WEIGHTS)), -128, 127).astype(int).astype(object)
    if crafted:
        gradients[:4], gradients[:, :4] = 0, 0
        for pair, (shift, (minus, plus)) in enumerate(zip(SHIFTS, CELLS, strict=True)):
            gradients[2 * pair, minus] = (I << shift) % MODULUS
            gradients[2 * pair + 1, plus] = 1 << shift
    theta_u = [f * x for f, x in zip(free, theta, strict=True)]
    delta = [u - x for u, x in zip(theta_u, theta, strict=True)]
    sigma = [sum(g * d for g, d in zip(row, delta, strict=True)) for row in gradients.tolist()]
    return Witness(tuple(theta), tuple(theta_u), tuple(free), gradients, tuple(sigma))


def run(witness, e):
    """(statement, claim, challenges) of the cheating prover: e_k is added to sigma_k, the slack of T1 is taken mod p."""
    cheating = replace(witness, sigma=tuple(s + k for s, k in zip(witness.sigma, e, strict=True)))
    statement, challenges = make_statement(cheating), Challenges.random()
    prover = online.OnlineProver(parsed(), statement, cheating)
    prover.round_1()
    prover.round_2(challenges.r)
    claim = prover.round_3(challenges.eta)
    slack = (statement.t1 - squares(on_free(claim.free, claim.y))) % MODULUS
    claim.slacks = (windowed(slack, layout().slack_bits[0]), *claim.slacks[1:])
    return statement, claim, challenges


def choose(total, limit):
    """e_0 to e_3 with total - 2^(2t) e_0^2 + 2^(2t) e_1^2 + 2^(2s) e_3^2 - 2^(2s) e_2^2 in [0, limit]: coarse, then fine."""
    coarse, fine = (1 << 2 * shift for shift in SHIFTS)
    e0 = math.isqrt(total // coarse) + 1
    rest = coarse * e0 * e0 - total
    e1 = math.isqrt(rest // coarse)
    rest -= coarse * e1 * e1
    e3 = math.isqrt(rest // fine) + 1
    rest = fine * e3 * e3 - rest
    e2 = math.isqrt(rest // fine)
    assert 0 <= rest - fine * e2 * e2 <= limit
    return [e0, e1, e2, e3]


def passes(statement, claim, challenges):
    columns = online.columns.assign(parsed(), layout(), statement, claim, challenges, blind.none(layout()))
    return check(parsed(), columns) == []


def test_without_crafted_rows_the_lazy_client_is_refused():
    witness = lazy_client(crafted=False)
    statement, claim, challenges = run(witness, [0] * layout().rows)
    assert squares(on_free(claim.free, claim.y)) > 10**6 * statement.t1
    assert [power for power, value in seven_sums(layout(), statement, claim, challenges).items() if value] == [8]
    assert not passes(statement, claim, challenges)


def test_crafted_rows_pass_the_online_checker_alone():
    """No weight is repaired, yet every constraint holds and the certificate says that the optimum was met."""
    witness = lazy_client(crafted=True)
    missing = squares(y for y, cell in zip(run(witness, [0] * layout().rows)[1].y, range(WEIGHTS)) if cell > 3 and witness.free[cell])
    statement, claim, challenges = run(witness, choose(missing, make_statement(witness).t1) + [0] * (layout().rows - 4))
    assert missing > 10**6 * statement.t1
    assert all(d == 0 for d, f in zip(claim.delta, claim.free, strict=True) if f)
    assert all(value == 0 for value in seven_sums(layout(), statement, claim, challenges).values())
    assert passes(statement, claim, challenges)


@pytest.mark.parametrize("rows", [(0,), (1,), (0, 1), (0, 1, 2, 3)])
def test_crafted_rows_are_refused_at_enrolment_by_name(rows):
    """Also each alone: i 2^t is no small residue, nor is 2^t from t = 28 on (smaller ones are honest integers)."""
    crafted = lazy_client(crafted=True)
    n = layout().client_rows
    gradients = np.array(lazy_client(crafted=False).gradients[:n])
    for row in rows:
        gradients[row] = [value << 12 for value in crafted.gradients[row].tolist()]
    theta = crafted.theta_p
    enrolled = EnrolmentWitness(theta, theta, (1,) * WEIGHTS, gradients)
    statement = make_enrolment_statement(enrolled, d0=1)
    assert distance(enrolled) == 0
    report = examine_enrolment(ENROL, statement, enrolled, FIXED)
    assert [violation.gate for violation in report.violations] == ["enrol.last"]
    assert report.sums == ["mu^3 ranges: <a_l, t> = v_l for every l"]


def test_the_enrolled_rows_are_those_of_the_online_proof():
    """The rows that pass online alone, as they are, at enrolment."""
    crafted = lazy_client(crafted=True)
    enrolled = EnrolmentWitness(crafted.theta_p, crafted.theta_p, (1,) * WEIGHTS, crafted.gradients[: layout().client_rows])
    report = examine_enrolment(ENROL, make_enrolment_statement(enrolled, d0=1), enrolled, FIXED)
    assert report.sums == ["mu^3 ranges: <a_l, t> = v_l for every l"]
    assert GAMMA == make_statement(crafted).gamma

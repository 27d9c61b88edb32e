"""Orders of the enrolment that would break it: with a challenge known too early, rows of any size are enrolled.

Each test plays the cheat against a protocol in the wrong order and sees it succeed, then against the right one and fail."""

from dataclasses import replace

import numpy as np
import pytest

from ref_enrolments import ENROL, SIZE, broken_powers, columns_of, make_statement, make_witness
from ref_lattice import kernel
from reference_prover.checker import check
from reference_prover.enrolment import rounds
from reference_prover.enrolment.projections import first_level, range_projections, range_weights, row_weights, second_level
from reference_prover.enrolment.transcript import EnrolmentChallenges
from reference_prover.field import MODULUS, inverse
from reference_prover.rounds.frame import cut
from reference_prover.rounds.sums import dot

LARGE = pow(7, (MODULUS - 1) // 4, MODULUS) << 40  # i 2^40, i^2 = -1


def cheating_prover(gradients):
    """(statement, a prover of an otherwise honest chunk that enrols these rows)."""
    witness = replace(make_witness(300, 1, forgotten=0.0), gradients=gradients)
    statement = make_statement(witness)
    return statement, rounds.EnrolmentProver(ENROL, statement, witness)


def passes(statement, claim, challenges):
    return check(ENROL, columns_of(statement, claim, challenges)) == []


def rows_with(cell, value):
    gradients = make_witness(300, 1, forgotten=0.0).gradients.astype(object)
    gradients[0, cell] = value
    return gradients


@pytest.mark.parametrize("value", [1 << 28, LARGE])
def test_t_committed_after_eta_zeta_and_rho_lets_a_row_be_anything(value):
    """Knowing them, two cells of t repair the two sums that bind t: the rows' and the ranges'."""
    statement, prover = cheating_prover(rows_with(5, value))
    early = EnrolmentChallenges.random()
    claim = prover.round_1(early.b, early.a)
    claim.v = [0] * SIZE.projections  # inside every window
    move_two(claim, early, ROWS)
    assert broken_powers(statement, claim, early) == [] and passes(statement, claim, early)
    # the right order: t and v are committed, then eta, zeta and rho drawn
    late = replace(EnrolmentChallenges.random(), b=early.b, a=early.a)
    assert broken_powers(statement, claim, late) == [1, 3] and not passes(statement, claim, late)


ROWS = 0, SIZE.client_rows + 1  # t_00 and t_10: one row, two projections; their weights do not depend on rho
PROJECTIONS = 0, 1  # t_00 and t_01: one projection, two rows; their weights do not depend on eta


def move_two(claim, challenges, cells):
    """Move two cells of t so that both sums vanish for v = 0: two linear equations in two unknowns."""
    rows = row_weights(SIZE, challenges.eta, challenges.rho)
    ranges = range_weights(SIZE, challenges.a, challenges.zeta)
    flat = [value for row in claim.t for value in row]
    lack = -sum(x * y for x, y in zip(ranges, flat, strict=True)) % MODULUS
    one, two = cells
    scale = inverse((ranges[one] * rows[two] - ranges[two] * rows[one]) % MODULUS)
    flat[one] = (flat[one] + lack * rows[two] * scale) % MODULUS
    flat[two] = (flat[two] - lack * rows[one] * scale) % MODULUS
    claim.t = cut(flat, SIZE.client_rows + 1)


def hide_from_a(claim, challenges):
    """Replace t by a vector that every a_l kills, with the same sum over rows: v is 0 for any zeta."""
    rows = row_weights(SIZE, challenges.eta, challenges.rho)
    flat = [value for row in claim.t for value in row]
    hidden = kernel(second_level(SIZE, challenges.a).astype(int).tolist())
    scale = dot(rows, flat) * inverse(dot(rows, hidden) % MODULUS) % MODULUS
    claim.t = cut([scale * value % MODULUS for value in hidden], SIZE.client_rows + 1)


LATE = {"rho": lambda c, at: move_two(c, at, ROWS), "eta": lambda c, at: move_two(c, at, PROJECTIONS), "zeta": hide_from_a}


@pytest.mark.parametrize("late", LATE)
def test_it_is_not_enough_to_draw_one_of_the_three_after_t(late):
    """Any two of eta, rho and zeta known, the third does not help: t must precede all of them."""
    statement, prover = cheating_prover(rows_with(5, LARGE))
    early = EnrolmentChallenges.random()
    claim = prover.round_1(early.b, early.a)
    claim.v = [0] * SIZE.projections
    LATE[late](claim, early)
    fresh = EnrolmentChallenges.random()
    assert passes(statement, claim, replace(early, **{late: getattr(fresh, late)}))
    assert not passes(statement, claim, replace(fresh, b=early.b, a=early.a))


def test_t_is_bound_without_mu():
    """Honest t of a large row breaks the ranges for every mu."""
    statement, prover = cheating_prover(rows_with(5, LARGE))
    first = EnrolmentChallenges.random()
    claim = prover.round_1(first.b, first.a)
    for mu in (first.mu, EnrolmentChallenges.random().mu, 1, MODULUS - 1):
        assert broken_powers(statement, claim, replace(first, mu=mu)) == [3]


def test_rows_committed_after_b_hide_from_every_projection():
    """Knowing b, a row of entries of any size has t = 0 throughout."""
    challenges = EnrolmentChallenges(bytes(64), bytes([1]) * 64, 11, 13, 17, 19)
    hidden = kernel(first_level(SIZE, challenges.b)[:, :300].astype(int).tolist())
    gradients = make_witness(300, 1, forgotten=0.0).gradients.astype(object)
    gradients[0] = np.array([value * LARGE % MODULUS for value in hidden], dtype=object)
    assert max(gradients[0]) > 1 << 200
    statement, prover = cheating_prover(gradients)
    claim = prover.round_1(challenges.b, challenges.a)
    claim.t = [[value % MODULUS if k == 0 else value for k, value in enumerate(row)] for row in claim.t]
    assert {row[0] for row in claim.t} == {0}
    claim.v = range_projections(SIZE, challenges.a, claim.t)
    assert passes(statement, claim, challenges)
    # the right order: b is drawn when the rows are committed; t and v are made for it as well as can be
    fresh = replace(challenges, b=bytes([2]) * 64)
    claim = prover.round_1(fresh.b, fresh.a)
    assert broken_powers(statement, claim, fresh) == [3] and not passes(statement, claim, fresh)

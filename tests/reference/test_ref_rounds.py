"""The rounds: honest chunks satisfy everything, each sum can be broken alone, and the vectors follow from the formulas."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ref_chunks import honest, layout, make_statement, make_witness, parsed
from reference_prover.checker import check
from reference_prover.compensation import solve
from reference_prover.errors import StatementError, WitnessError
from reference_prover.field import MODULUS
from reference_prover.rounds import blinding as blind
from reference_prover.rounds import columns as round_4
from reference_prover.rounds import integers, online
from reference_prover.rounds.claim import Claim
from reference_prover.rounds.sums import NAMES, at, broken, seven_sums
from reference_prover.statement import from_mapping
from reference_prover.transcript import Challenges
from reference_prover.vectors.fold import column_digest
from reference_prover.vectors.forgeries import FORGERIES, forge
from reference_prover.witness import Witness

VECTORS = Path(__file__).parents[2] / "vectors" / "fold"
chunks = st.tuples(st.integers(1, 896), st.integers(0, 2**32), st.sampled_from([0.0, 0.05, 0.5, 1.0]))


def columns_of(statement, claim, challenges, blinding=None):
    return round_4.assign(parsed(), layout(), statement, claim, challenges, blinding or blind.none(layout()))


@settings(max_examples=25, deadline=None)
@given(chunks)
def test_honest_chunks_violate_nothing(chunk):
    weights, seed, masked = chunk
    witness = make_witness(weights, seed, masked=masked)
    statement = make_statement(witness)
    challenges = Challenges.random()
    claim, columns = online.run(parsed(), statement, witness, challenges, blind.fresh(layout()))
    sums = seven_sums(layout(), statement, claim, challenges)
    within = [total <= limit for total, limit in zip(online.squared_sums(claim), (statement.t1, statement.t2, statement.d))]
    assert [sums[power] == 0 for power in (8, 11, 0)] == within  # a limit can be missed by bad luck of rounding, and is then named
    assert all(sums[power] == 0 for power in (5, 6, 7, 10))
    violations = check(parsed(), columns)
    assert [violation.gate for violation in violations] == ([] if all(within) else ["fold.last"])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 60))
def test_accumulator_ends_at_the_seven_sums(seed, weights):
    """With every cell of the claim replaced by noise the identity still holds: it is one of polynomials in mu."""
    rng = np.random.default_rng(seed)
    draw = lambda count, size: rng.integers(-size, size, count).tolist()
    witness = make_witness(weights, seed)
    statement, size, challenges = make_statement(witness), layout(), Challenges.random()
    claim = Claim(
        draw(weights, 1 << 27), draw(weights, 1 << 27), list(witness.free), rng.integers(-128, 128, (size.rows, weights)).astype(np.int8),
        draw(size.rows, 1 << 40), draw(size.rows, 1 << 20), draw(weights, 1 << 60), draw(size.projections, 1 << 28),
        tuple(int(rng.integers(0, 1 << min(width, 62))) for width in size.slack_bits), draw(size.rows, 1 << 62),
    )  # fmt: skip
    claim.q = [q % MODULUS for q in claim.q]
    columns = columns_of(statement, claim, challenges)
    sums = seven_sums(size, statement, claim, challenges)
    assert columns["acc"][size.blinding_start] == at(challenges.mu, sums) != 0


@pytest.mark.parametrize("power", FORGERIES)
def test_each_sum_can_be_broken_alone_and_is_named(power):
    statement, _, challenges, claim, _ = honest()
    forged = forge(power, layout(), claim, challenges)
    sums = seven_sums(layout(), statement, forged, challenges)
    assert broken(sums) == [f"mu^{power} {NAMES[power]}"]
    violations = check(parsed(), columns_of(statement, forged, challenges))
    assert [(violation.gate, violation.row) for violation in violations] == [("fold.last", layout().blinding_start)]
    assert violations[0].residue == at(challenges.mu, sums)


def test_two_errors_do_not_cancel():
    statement, _, challenges, claim, _ = honest()
    forged = forge(0, layout(), forge(8, layout(), claim, challenges), challenges)
    assert len(broken(seven_sums(layout(), statement, forged, challenges))) == 2
    assert check(parsed(), columns_of(statement, forged, challenges))


@pytest.mark.parametrize("name, power", [("t1", 8), ("t2", 11), ("d", 0)])
def test_an_exceeded_limit_is_named_and_an_exact_one_passes(name, power):
    _, witness, challenges, claim, _ = honest()
    totals = dict(zip(("t1", "t2", "d"), online.squared_sums(claim)))
    for value, fails in ((totals[name], []), (totals[name] - 1, [power])):
        statement = replace(make_statement(witness), **{name: value})
        claim, columns = online.run(parsed(), statement, witness, challenges)
        sums = seven_sums(layout(), statement, claim, challenges)
        assert [p for p, value in sums.items() if value] == fails
        assert bool(check(parsed(), columns)) == bool(fails)


def test_a_weight_out_of_the_window_breaks_the_projections():
    """delta of 2^31 at one free weight: p_j leaves its window for about half of the projections."""
    witness = make_witness(500, 4)
    free = witness.free.index(1)
    moved = replace(witness, theta_p=witness.theta_p[:free] + (-(1 << 31),) + witness.theta_p[free + 1 :])
    statement, challenges = make_statement(moved, budget=0), replace(Challenges.random(), r=bytes(64))
    claim, _ = online.run(parsed(), statement, moved, challenges)
    assert seven_sums(layout(), statement, claim, challenges)[10]


@pytest.mark.parametrize("name", ["full", "partial"])
def test_fold_vectors_follow_from_the_formulas(name):
    case = json.loads((VECTORS / f"{name}.json").read_text())
    ints = lambda text: [int(word) for word in text.split()]
    statement = from_mapping(case["statement"])
    lists = {field: tuple(ints(case["witness"][field])) for field in ("theta_p", "theta_u", "free", "sigma")}
    gradients = [ints(row) for row in case["witness"]["gradients"]]
    witness = Witness(gradients=np.array(gradients, dtype=np.int8), **lists)
    delta, claim = witness.delta, {field: ints(text) for field, text in case["claim"].items()}
    column = lambda i: [row[i] for row in gradients]
    dot = lambda left, right: sum(a * b for a, b in zip(left, right, strict=True))
    assert claim["y"] == [statement.gamma * d + dot(column(i), witness.sigma) for i, d in enumerate(delta)]
    assert claim["e"] == [s - dot(row, delta) for s, row in zip(witness.sigma, gradients)]
    totals = [sum(y * y for y, f in zip(claim["y"], witness.free) if f), sum(e * e for e in claim["e"]), sum(d * d for d, f in zip(delta, witness.free) if f)]
    assert totals == [int(case["squared_sums"][limit]) for limit in ("t1", "t2", "d")]
    assert claim["slacks"] == [limit - total for limit, total in zip((statement.t1, statement.t2, statement.d), totals)]
    challenges = Challenges(bytes.fromhex(case["challenges"]["r"]), *(int(case["challenges"][c]) for c in ("eta", "rho", "mu")))
    nested = lambda value: [nested(item) for item in value] if isinstance(value, list) else ints(value)
    blinding = blind.Blinding(**{field: nested(value) for field, value in case["blinding"].items()}) if case["blinding"] else None
    got, columns = online.run(parsed(), statement, witness, challenges, blinding)
    assert [got.q, got.p, list(got.slacks)] == [claim["q"], claim["p"], claim["slacks"]]
    assert {column: column_digest(values) for column, values in columns.items()} == case["columns"]
    assert check(parsed(), columns) == []
    for forgery in case["forgeries"]:
        forged = replace(got, **{field: ints(text) for field, text in forgery["claim"].items()})
        end = columns_of(statement, forged, challenges, blinding)["acc"][layout().blinding_start]
        assert end == int(forgery["acc_end"]) == pow(challenges.mu, int(forgery["power"]), MODULUS) * int(forgery["sum"]) % MODULUS != 0


@given(st.integers(-(1 << 70), 1 << 70), st.integers(1, 64), st.booleans())
def test_bits_say_what_the_window_holds(value, width, signed):
    offset = 1 << (width - 1) if signed else 0
    kept = integers.windowed(value, width, offset)
    assert sum(bit << i for i, bit in enumerate(integers.bits_of(value + offset, width))) - offset == kept
    assert (kept == value) == (-offset <= value < (1 << width) - offset)


@given(st.integers(1, 5).flatmap(lambda n: st.lists(st.lists(st.integers(-99, 99), min_size=n + 1, max_size=n + 1), min_size=n, max_size=n)))
def test_solver_is_exact(rows):
    try:
        solution, scale = solve([row[:-1] for row in rows], [row[-1] for row in rows])
    except WitnessError:
        assert abs(np.linalg.det(np.array([row[:-1] for row in rows], dtype=float))) < 1e-3
        return
    assert all(sum(a * x for a, x in zip(row, solution)) == scale * row[-1] for row in rows) and scale > 0


@pytest.mark.parametrize("change", [dict(tables=bytes(32)), dict(preset="other"), dict(weights=897), dict(weights=5), dict(t1=1 << 64), dict(t2=1 << 48), dict(d=1 << 56)])
def test_statement_must_match_the_tables(change):
    witness = make_witness(20, 1)
    with pytest.raises((StatementError, WitnessError)):
        online.OnlineProver(parsed(), replace(make_statement(witness), **change), witness)

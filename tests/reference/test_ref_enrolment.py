"""Enrolment rounds: honest chunks satisfy everything, each cheat breaks the sum that should catch it, vectors follow from formulas."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ref_chunks import emitted, parsed
from ref_enrolments import ENROL, SIZE, broken_powers, columns_of, distance, honest, make_statement, make_witness
from reference_prover.checker import check
from reference_prover.enrolment import blinding as blind
from reference_prover.enrolment import rounds
from reference_prover.enrolment.claim import EnrolmentClaim
from reference_prover.enrolment.statement import EnrolmentStatement
from reference_prover.enrolment.sums import NAMES, broken, four_sums
from reference_prover.enrolment.transcript import EnrolmentChallenges
from reference_prover.exact import products, products_plain
from reference_prover.field import MODULUS
from reference_prover.layout import of_enrolment_tables
from reference_prover.precheck import check_enrolment_chunk, examine_enrolment
from reference_prover.rounds.sums import at
from reference_prover.statement import from_mapping
from reference_prover.ternary import expand_lane_plain
from reference_prover.vectors.enrolment_forgeries import FORGERIES
from reference_prover.vectors.fold import column_digest

VECTORS = Path(__file__).parents[2] / "vectors" / "enrolment"
chunks = st.tuples(st.integers(1, 896), st.integers(0, 2**32), st.sampled_from([0.0, 0.1, 1.0]), st.booleans())


@settings(max_examples=25, deadline=None)
@given(chunks)
def test_honest_chunks_violate_nothing(chunk):
    weights, seed, forgotten, renews = chunk
    witness = make_witness(weights, seed, forgotten, renews)
    statement, challenges = make_statement(witness), EnrolmentChallenges.random()
    claim, columns = rounds.run(ENROL, statement, witness, challenges, blind.fresh(SIZE))
    assert broken_powers(statement, claim, challenges) == []
    assert check(ENROL, columns) == []


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 60), st.booleans())
def test_accumulator_ends_at_the_four_sums(seed, weights, renews):
    """With every cell of the claim replaced by noise the identity still holds: it is one of polynomials in mu."""
    rng = np.random.default_rng(seed)
    draw = lambda count, size: rng.integers(-size, size, count).tolist()
    statement, challenges = make_statement(make_witness(weights, seed, renews=renews)), EnrolmentChallenges.random()
    claim = EnrolmentClaim(
        draw(weights, 1 << 40), draw(weights, 1 << 27), rng.integers(0, 2, weights).tolist(),
        rng.integers(-(1 << 30), 1 << 30, (SIZE.client_rows, weights)), draw(weights, 1 << 40) if renews else None,
        [draw(SIZE.client_rows + 1, 1 << 62) for _ in range(SIZE.projections)], draw(SIZE.projections, 1 << 26), int(rng.integers(0, 1 << 48)),
    )  # fmt: skip
    columns = columns_of(statement, claim, challenges)
    assert columns["acc"][SIZE.blinding_start] == at(challenges.mu, four_sums(SIZE, statement, claim, challenges)) != 0


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.name)
def test_each_sum_can_be_broken_alone_and_is_named(forgery):
    statement, _, challenges, claim, _ = honest(renews=True)
    forged = forgery.forge(SIZE, claim, challenges)
    sums = four_sums(SIZE, statement, forged, challenges)
    assert broken(sums) == [f"mu^{forgery.power} {NAMES[forgery.power]}"]
    violations = check(ENROL, columns_of(statement, forged, challenges))
    assert [(violation.gate, violation.row) for violation in violations] == [("enrol.last", SIZE.blinding_start)]
    assert violations[0].residue == at(challenges.mu, sums)


def test_forgeries_cover_every_sum_and_do_not_cancel():
    assert {forgery.power for forgery in FORGERIES} == set(NAMES)
    statement, _, challenges, claim, _ = honest(renews=True)
    for forgery in FORGERIES[::-1]:
        claim = forgery.forge(SIZE, claim, challenges)
    assert len(broken_powers(statement, claim, challenges)) > 1
    assert check(ENROL, columns_of(statement, claim, challenges))


def cheat(edit, **options):
    """An honest protocol run on what `edit` makes of an honest witness: the names of the sums that the check reports."""
    witness = make_witness(seed=3, **options)
    statement = make_statement(witness)
    lists = {name: list(getattr(witness, name) or ()) for name in ("theta_p", "theta_0", "theta_current")}
    gradients = witness.gradients.astype(object)
    edit(lists, gradients, witness.free)
    changed = replace(witness, gradients=gradients, **{name: tuple(values) or None for name, values in lists.items()})
    fixed = EnrolmentChallenges(bytes(64), bytes([1]) * 64, 11, 13, 17, 19)
    return [name.split()[0] for name in examine_enrolment(ENROL, statement, changed, fixed).sums]


def set_cell(name, free, value):
    def edit(lists, gradients, mask):
        cell = mask.index(free)
        if name == "gradients":
            gradients[1, cell] = value
        else:
            lists[name][cell] = value

    return edit


CHEATS = {
    "gradient of 2^28": (set_cell("gradients", 1, 1 << 28), ["mu^3"]),
    "gradient of -2^28": (set_cell("gradients", 1, -(1 << 28)), ["mu^3"]),
    "gradient of p - 2^28": (set_cell("gradients", 1, MODULUS - (1 << 28)), ["mu^3"]),
    "gradient of 2^200": (set_cell("gradients", 1, 1 << 200), ["mu^3"]),
    "gradient on a forgotten weight": (set_cell("gradients", 0, 1), ["mu^1", "mu^2"]),
    "weight too far from the base": (set_cell("theta_p", 1, 1 << 20), ["mu^0"]),
    "weight so far that it wraps": (set_cell("theta_p", 1, 1 << 127), ["mu^0", "mu^3"]),
    "weight that was forgotten": (set_cell("theta_p", 0, 7), ["mu^1", "mu^2"]),
}


@pytest.mark.parametrize("edit, powers", CHEATS.values(), ids=CHEATS)
def test_a_cheating_witness_is_named(edit, powers):
    assert cheat(edit) == powers


def test_a_renewal_of_other_weights_is_named():
    assert cheat(set_cell("theta_current", 1, 5), renews=True) == ["mu^1"]


@pytest.mark.parametrize("row", [0, 5, None])
def test_a_pad_that_is_not_zero_breaks_the_mask(row):
    """t counts free cells only, so that nothing else is wrong; row None is Delta."""
    statement, witness, challenges, claim, _ = honest(weights=893)
    if row is None:
        claim.theta_p = [*claim.theta_p, 0, 3, 0]
        claim.slack -= 9
    else:
        padded = np.zeros((SIZE.client_rows, SIZE.capacity), dtype=np.int8)
        padded[:, :893] = witness.gradients
        padded[row, 894] = 1
        claim.gradients = padded
    assert broken_powers(statement, claim, challenges) == [2]


@pytest.mark.parametrize("lower, powers", [(0, []), (1, [0])])
def test_the_distance_is_exact(lower, powers):
    witness, challenges = make_witness(seed=5), EnrolmentChallenges.random()
    statement = make_statement(witness, d0=distance(witness) - lower)
    claim, columns = rounds.run(ENROL, statement, witness, challenges)
    assert broken_powers(statement, claim, challenges) == powers
    assert bool(check(ENROL, columns)) == bool(powers)


def test_ranges_are_reached_and_not_passed():
    """|t| < 2^27 wherever every v_l fits, for the challenges at hand: the second level holds 2^27 - 1 and refuses 2^27 and up."""
    statement, _, challenges, claim, _ = honest()
    offset = 1 << (SIZE.range_bits - 1)
    for v, fits in ((offset - 1, True), (-offset, True), (offset, False), (-offset - 1, False)):
        claim.v[0] = v
        bits = columns_of(statement, claim, challenges)["cells.0"][SIZE.distance_bits : SIZE.distance_bits + SIZE.range_bits]
        assert (sum(bit << i for i, bit in enumerate(bits)) - offset == v) == fits


@pytest.mark.parametrize("preset", ["toy", "ceremony-4096"])
def test_a_full_chunk_is_checked_from_bytes(preset):
    """The check before proving, on the largest chunk of the default preset."""
    tables = parsed(preset, "enrol")
    size = of_enrolment_tables(tables)
    rng = np.random.default_rng(1)
    base, free = rng.integers(-9000, 9001, size.capacity), (rng.random(size.capacity) < 0.95).astype(int)
    gradients = (rng.integers(-128, 128, (size.client_rows, size.capacity)) * free).astype(np.int8)
    theta = (base + rng.integers(-99, 100, size.capacity)) * free
    witness = replace(make_witness(5), theta_p=tuple(theta.tolist()), theta_0=tuple(base.tolist()), free=tuple(free.tolist()), gradients=gradients)
    statement = make_statement(witness, tables, preset=preset)
    assert check_enrolment_chunk(emitted(preset, "enrol"), statement, witness) == []
    assert check_enrolment_chunk(emitted(preset, "enrol"), replace(statement, d0=distance(witness) - 1), witness)


@pytest.mark.parametrize("name", ["full", "partial", "renewal"])
def test_vectors_follow_from_the_formulas(name):
    case = json.loads((VECTORS / f"{name}.json").read_text())
    ints = lambda text: None if text is None else [int(word) for word in text.split()]
    nested = lambda value: [nested(item) for item in value] if isinstance(value, list) else ints(value)
    statement = from_mapping(case["statement"], EnrolmentStatement)
    w = {field: nested(value) for field, value in case["witness"].items()}
    delta = [p - f * x for p, f, x in zip(w["theta_p"], w["free"], w["theta_0"], strict=True)]
    assert int(case["distance"]) == sum(d * d for d in delta) == statement.d0 - int(case["claim"]["slack"])
    b, a = (bytes.fromhex(case["challenges"][seed]) for seed in ("b", "a"))
    by_lane = [expand_lane_plain(b, lane, SIZE.active_rows, SIZE.projections) for lane in range(SIZE.lanes)]
    over_row = lambda j, row: sum(by_lane[i % SIZE.lanes][j][i // SIZE.lanes] * value for i, value in enumerate(row))
    t = [[over_row(j, row) for row in (*w["gradients"], delta)] for j in range(SIZE.projections)]
    assert t == nested(case["claim"]["t"])
    flat = [value for row in t for value in row]
    over_t = expand_lane_plain(a, 0, len(flat), SIZE.projections)
    v = [sum(sign * value for sign, value in zip(row, flat, strict=True)) for row in over_t]
    assert v == ints(case["claim"]["v"])
    got, columns = _run(case, statement, w, nested)
    assert {column: column_digest(values) for column, values in columns.items()} == case["columns"]
    assert check(ENROL, columns) == []
    cells = [value for index in range(SIZE.cell_columns) for value in columns[f"cells.{index}"][: SIZE.blinding_start]]
    read = lambda start, width: sum(bit << i for i, bit in enumerate(cells[start : start + width]))
    assert read(0, SIZE.distance_bits) == statement.d0 - int(case["distance"])
    assert [read(SIZE.distance_bits + l * SIZE.range_bits, SIZE.range_bits) - (1 << 26) for l in range(SIZE.projections)] == v
    assert cells[SIZE.bit_cells : SIZE.cell_count] == [value % MODULUS for value in flat]


def _run(case, statement, w, nested):
    witness = replace(
        make_witness(5),
        **{name: tuple(w[name]) for name in ("theta_p", "theta_0", "free")},
        gradients=np.array(w["gradients"], dtype=np.int8),
        theta_current=w["theta_current"] and tuple(w["theta_current"]),
    )
    seeds = {name: bytes.fromhex(case["challenges"][name]) for name in ("b", "a")}
    challenges = EnrolmentChallenges(**seeds, **{name: int(case["challenges"][name]) for name in ("eta", "zeta", "rho", "mu")})
    blinding = blind.EnrolmentBlinding(**{field: nested(value) for field, value in case["blinding"].items()}) if case["blinding"] else None
    return rounds.run(ENROL, statement, witness, challenges, blinding)


@settings(deadline=None)
@given(st.integers(1, 4), st.integers(1, 5), st.integers(0, 9), st.integers(0, 80), st.integers(0, 2**32))
def test_products_equal_their_plain_twin(left, right, width, bits, seed):
    """From float products that cannot round, through limbs, to integers past 64 bits."""
    rng = np.random.default_rng(seed)
    signs = rng.integers(-1, 2, (left, width)).astype(np.int8)
    rows = [[int(rng.integers(-(1 << 31), 1 << 31)) << bits >> 31 for _ in range(width)] for _ in range(right)]
    matrix = np.array(rows, dtype=object if bits > 60 else np.int64).reshape(right, width)
    assert products(signs, matrix) == products_plain(signs.tolist(), rows)

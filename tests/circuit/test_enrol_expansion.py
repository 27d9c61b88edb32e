"""enrol.step of the *built* circuit, expanded symbolically in μ, is four independent sums at four powers of μ."""

import random
from collections.abc import Callable

import pytest
from enrolment_columns import CIRCUIT, J, N, PRESET, T, Witness, distance, fill, honest_witness, inner, project, random_witness
from statement_columns import DOMAIN, Poly, Symbolic, at, cells, field_element, plus

from zkapex_jax.bounds import FIELD_MODULUS as P
from zkapex_jax.circuit.expression import evaluate, interpret

BOTH = pytest.mark.parametrize("tied", [False, True], ids=["first", "renewal"])


def expand(w: Witness) -> Poly:
    """What the accumulator holds in the end, as a polynomial in μ."""
    columns = fill(w)
    (step,) = CIRCUIT.gate("enrol.step").polys
    rows = [interpret(step, Symbolic(columns, row)) for row in DOMAIN]
    assert all(part == {} for part in rows[PRESET.blinding_start :]), "blinding cells meet only zeros"
    return Symbolic(columns, 0).negated(plus(rows))


def stated_sums(w: Witness) -> Poly:
    """The four sums, each what it says less what it should be."""
    by_mask = [sum(w.c(i, j) * w.fold(i, j) for i, j in cells() if w.free[i][j] == free) for free in (0, 1)]
    claimed = sum(pow(w.eta, j, P) * pow(w.rho, k, P) * w.t[j, k] for j, k in T)
    ranges = sum(w.ranges(j, k) * w.t[j, k] for j, k in T) - sum(pow(w.zeta, n, P) * w.v[n] for n in J)
    return plus([at(0, distance(w) - w.limit + w.slack), at(1, by_mask[1] - claimed), at(2, by_mask[0]), at(3, ranges)])


@BOTH
@pytest.mark.parametrize("seed", range(2))
def test_random_cells_give_the_four_sums_and_no_other_power(seed: int, tied: bool) -> None:
    random.seed(seed)
    w = random_witness(tied)
    expanded = expand(w)
    assert expanded == stated_sums(w)
    assert sorted(expanded) == [0, 1, 2, 3]


@BOTH
def test_an_honest_witness_leaves_nothing(tied: bool) -> None:
    random.seed(3)
    assert expand(honest_witness(tied)) == {}


def some(w: Witness, free: int) -> tuple[int, int]:
    """A cell that c reads."""
    return next((i, j) for i, j in cells() if w.free[i][j] == free and w.c(i, j))


def lower_limit(w: Witness) -> None:
    w.limit -= 1


def move_distance(w: Witness) -> None:
    """Δ on a free cell, t and v follow; the slack does not."""
    i, j = some(w, 1)
    w.theta_p[i][j] += 1
    if w.tie:
        w.tie = [[0] * len(row) for row in w.tie]
    w.t |= {(n, len(N)): inner(w.b[n], w.row(len(N))) for n in J}
    w.v = project(w)


def shift_t(k: int) -> Callable[[Witness], None]:
    def change(w: Witness) -> None:
        w.t[2, k] += 1
        w.v = project(w)

    return change


def loosen_tie(w: Witness) -> None:
    i, j = some(w, 1)
    w.tie[i][j] += 1


def gradient_on_a_pad(w: Witness) -> None:
    i, j = some(w, 0)
    w.gradients[1][i][j] = 5


def weight_on_a_pad(w: Witness) -> None:
    i, j = some(w, 0)
    w.theta_p[i][j] = 5
    w.limit += 25


def shift_v(w: Witness) -> None:
    w.v[1] += 1


BREAKS = [
    (0, lower_limit), (0, move_distance), (1, shift_t(0)), (1, shift_t(len(N))), (1, loosen_tie), (2, gradient_on_a_pad),
    (2, weight_on_a_pad), (3, shift_v),
]  # fmt: skip


@pytest.mark.parametrize(("power", "change"), BREAKS, ids=lambda value: getattr(value, "__name__", value))
def test_each_sum_can_be_broken_alone(power: int, change: Callable[[Witness], None]) -> None:
    random.seed(4)
    w = honest_witness(tied=True)
    change(w)
    assert list(expand(w)) == [power]


@pytest.fixture(scope="module")
def honest() -> dict[str, list[Poly]]:
    """All columns; acc follows the step up to the first blinding row and is random after it."""
    random.seed(5)
    columns = fill(honest_witness(tied=False))
    (step,) = CIRCUIT.gate("enrol.step").polys
    acc: Poly = {}
    for row in DOMAIN[: PRESET.blinding_start]:
        acc = plus([acc, Symbolic(columns, 0).negated(interpret(step, Symbolic(columns | {"acc": [{}] * PRESET.domain}, row)))])
        columns["acc"][row + 1] = acc
    for row in DOMAIN[PRESET.blinding_start + 1 :]:
        columns["acc"][row] = at(0, field_element())
    return columns


def violations(columns: dict[str, list[Poly]], rows: range = DOMAIN) -> set[tuple[str, int, int]]:
    """(gate, polynomial, row) of every constraint that does not hold."""
    return {(gate.id, index, row) for gate in CIRCUIT.gates for index, poly in enumerate(gate.polys) for row in rows
            if interpret(poly, Symbolic(columns, row))}  # fmt: skip


def test_an_honest_assignment_violates_nothing(honest: dict[str, list[Poly]]) -> None:
    assert violations(honest) == set()


def test_census_of_single_cells(honest: dict[str, list[Poly]]) -> None:
    """Add 1 to any one cell of a secret column: exactly the cells that must be bound are.

    Delta is bound on active rows by its square (its sign by the fold, which the verifier makes of the same commitments), fold
    where c reads, cells where they have a weight; blinding rows, the tail of lanes and the rows past the end are free.
    """
    start, stop = PRESET.active_start, PRESET.blinding_start
    bit_rows = {f"cells.{index}": min(stop, PRESET.bit_cells - index * stop) for index in range(PRESET.cell_columns)}
    for column in CIRCUIT.committed:
        for row in DOMAIN:
            changed = honest | {column.name: list(honest[column.name])}
            changed[column.name][row] = plus([changed[column.name][row], at(0, 1)])
            gates = {gate for gate, _, _ in violations(changed, range(row, row + 1))}
            active, before = start <= row < stop, row < stop
            lane = column.name.partition(".")[2]
            if column.family == "cells":
                expected = before and honest[f"w.{lane}"][row] != {}
            else:
                expected = active and (column.family == "delta" or honest[f"c.{lane}"][row] != {})
            assert ("enrol.step" in gates) == expected, (column.name, row)
            bit = column.family == "cells" and row < bit_rows[column.name] and honest[column.name][row] == at(0, 1)
            assert ("enrol.bits" in gates) == bit, (column.name, row)


@pytest.mark.parametrize("row", [0, 1, PRESET.active_start, PRESET.blinding_start - 1, PRESET.blinding_start])
def test_the_accumulator_is_fixed_on_every_row_that_counts(honest: dict[str, list[Poly]], row: int) -> None:
    acc = list(honest["acc"])
    acc[row] = plus([acc[row], at(0, 1)])
    expected = {("enrol.step", 0, i) for i in (row - 1, row) if 0 <= i < PRESET.blinding_start}
    ends = {0: {("enrol.first", 0, 0)}, PRESET.blinding_start: {("enrol.last", 0, row)}}
    assert violations(honest | {"acc": acc}) == expected | ends.get(row, set())


def gate_values(gate: str, cell: dict[str, int]) -> list[int]:
    return [evaluate(poly, lambda column, rotation: cell.get(column.name, 0)) for poly in CIRCUIT.gate(gate).polys]


@pytest.mark.parametrize(("on", "x", "ok"), [(1, 0, True), (1, 1, True), (1, 2, False), (1, P - 1, False), (0, 7, True)])
def test_bits_are_bits(on: int, x: int, ok: bool) -> None:
    assert [value == 0 for value in gate_values("enrol.bits", {"q_bits.1": on, "cells.1": x})] == [True, ok]


@pytest.mark.parametrize(("gate", "selector"), [("enrol.first", "q_first"), ("enrol.last", "q_last")])
def test_the_accumulator_is_zero_at_both_ends(gate: str, selector: str) -> None:
    assert gate_values(gate, {selector: 1, "acc": 3}) == [3]
    assert gate_values(gate, {selector: 0, "acc": 3}) == [0]

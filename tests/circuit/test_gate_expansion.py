"""fold.step of the *built* circuit, expanded symbolically in μ, is seven independent sums at seven powers of μ."""

import copy
import random

import pytest
from statement_columns import (
    ACTIVE, CIRCUIT, DOMAIN, J, LANES, PRESET, ROWS, Poly, Symbolic, Witness, at, cells, certificate_sums, field_element,
    fill, honest_witness, plus, project, random_witness,
)

from zkapex_jax.bounds import FIELD_MODULUS as P
from zkapex_jax.circuit.expression import evaluate, interpret


def expand(w: Witness) -> Poly:
    """What the accumulator holds in the end, as a polynomial in μ."""
    columns = fill(w)
    (step,) = CIRCUIT.gate("fold.step").polys
    rows = [interpret(step, Symbolic(columns, row)) for row in DOMAIN]
    assert all(part == {} for part in rows[PRESET.blinding_start :]), "blinding cells meet only zeros"
    return Symbolic(columns, 0).negated(plus(rows))


def dot(left: list, right: list) -> int:
    return sum(left[i][j] * right[i][j] for i, j in cells())


def stated_sums(w: Witness) -> Poly:
    """The seven sums, each what it says less what it should be."""
    rho = [pow(w.rho, k, P) for k in ROWS]
    delta, c = ([[read(i, j) for j in LANES] for i in ACTIVE] for read in (w.delta, w.c))
    sums = dict(zip((8, 11, 0), certificate_sums(w), strict=True))
    limits = dict(zip((8, 11, 0), zip(w.limits, w.slacks, strict=True), strict=True))
    parts = [at(power, sums[power] - limit + slack) for power, (limit, slack) in limits.items()]
    parts.append(at(5, dot(c, w.y) - w.gamma * dot(c, delta) - sum(w.sigma[k] * w.q[k] for k in ROWS)))
    parts.append(at(6, sum(rho[k] * (dot(w.gradients[k], delta) - w.sigma[k] + w.e[k]) for k in ROWS)))
    parts.append(at(7, sum(rho[k] * (dot(c, w.gradients[k]) - w.q[k]) for k in ROWS)))
    expected = sum(pow(w.eta, n, P) * w.projections[n] for n in J)
    parts.append(at(10, dot(c, delta) + sum(w.c_e(k) * w.e[k] for k in ROWS) - expected))
    return plus(parts)


@pytest.mark.parametrize("seed", range(2))
def test_random_cells_give_the_seven_sums_and_no_other_power(seed: int) -> None:
    random.seed(seed)
    w = random_witness()
    expanded = expand(w)
    assert expanded == stated_sums(w)
    assert sorted(expanded) == [0, 5, 6, 7, 8, 10, 11]


def test_an_honest_witness_leaves_nothing() -> None:
    random.seed(3)
    assert expand(honest_witness()) == {}


def break_d(w: Witness) -> None:
    w.limits[2] -= 1


def break_y_where_masked(w: Witness) -> None:
    i, j = next((i, j) for i, j in cells() if w.free[i][j] == 0 and w.c(i, j))
    w.y[i][j] += 1


def break_e(w: Witness) -> None:
    w.e[2] += 1
    w.limits[1] = certificate_sums(w)[1] + w.slacks[1]
    w.projections = [project(w, n) for n in J]


def break_q_across_sigma(w: Witness) -> None:
    shift = field_element()
    w.q[0] = (w.q[0] + w.sigma[1] * shift) % P
    w.q[1] = (w.q[1] - w.sigma[0] * shift) % P


def break_t1(w: Witness) -> None:
    w.slacks[0] -= 1


def break_projection(w: Witness) -> None:
    w.projections[1] += 1


def break_t2(w: Witness) -> None:
    w.limits[1] += 1


BREAKS = {0: break_d, 5: break_y_where_masked, 6: break_e, 7: break_q_across_sigma, 8: break_t1, 10: break_projection,
          11: break_t2}  # fmt: skip


@pytest.mark.parametrize("power", BREAKS)
def test_each_sum_can_be_broken_alone(power: int) -> None:
    random.seed(4)
    w = copy.deepcopy(honest_witness())
    BREAKS[power](w)
    assert list(expand(w)) == [power]


def filled_with_accumulator(w: Witness) -> dict[str, list[Poly]]:
    """All columns; acc follows the step up to the first blinding row and is random after it."""
    columns = fill(w)
    (step,) = CIRCUIT.gate("fold.step").polys
    acc: Poly = {}
    for row in DOMAIN[: PRESET.blinding_start]:
        acc = plus([acc, Symbolic(columns, 0).negated(interpret(step, Symbolic(columns | {"acc": [{}] * PRESET.domain}, row)))])
        columns["acc"][row + 1] = acc
    for row in DOMAIN[PRESET.blinding_start + 1 :]:
        columns["acc"][row] = at(0, field_element())
    return columns


def violations(columns: dict[str, list[Poly]]) -> set[tuple[str, int]]:
    """(gate, row) of every constraint that does not hold."""
    return {(gate.id, row) for gate in CIRCUIT.gates for poly in gate.polys for row in DOMAIN
            if interpret(poly, Symbolic(columns, row))}  # fmt: skip


@pytest.fixture(scope="module")
def honest() -> dict[str, list[Poly]]:
    random.seed(5)
    return filled_with_accumulator(honest_witness())


def test_an_honest_assignment_violates_nothing(honest: dict[str, list[Poly]]) -> None:
    assert violations(honest) == set()


@pytest.mark.parametrize("row", [0, 1, PRESET.active_start, PRESET.blinding_start - 1, PRESET.blinding_start])
def test_the_accumulator_is_fixed_on_every_row_that_counts(honest: dict[str, list[Poly]], row: int) -> None:
    acc = list(honest["acc"])
    acc[row] = plus([acc[row], at(0, 1)])
    expected = {("fold.step", row - 1), ("fold.step", row)} & {("fold.step", i) for i in range(PRESET.blinding_start)}
    ends = {0: {("fold.first", 0)}, PRESET.blinding_start: {("fold.last", row)}}
    assert violations(honest | {"acc": acc}) == expected | ends.get(row, set())


@pytest.mark.parametrize("row", [0, PRESET.bits_per_column - 1, PRESET.bits_per_column, PRESET.blinding_start])
def test_every_bit_cell_is_a_bit(honest: dict[str, list[Poly]], row: int) -> None:
    columns = honest | {"bits.0": list(honest["bits.0"])}
    columns["bits.0"][row] = at(0, 2)
    assert (("fold.bits", row) in violations(columns)) == (row < PRESET.bits_per_column)


@pytest.mark.parametrize("row", [PRESET.active_start, PRESET.blinding_start - 1])
def test_every_masked_cell_of_the_active_rows_is_zero(honest: dict[str, list[Poly]], row: int) -> None:
    columns = honest | {name: list(honest[name]) for name in ("free.0", "theta_u.0")}
    columns["free.0"][row], columns["theta_u.0"][row] = {}, at(0, 1)
    assert ("fold.mask", row) in violations(columns)


def gate_values(gate: str, cell: dict[str, int]) -> list[int]:
    return [evaluate(poly, lambda column, rotation: cell.get(column.name, 0)) for poly in CIRCUIT.gate(gate).polys]


@pytest.mark.parametrize(("s", "free", "theta", "ok"), [(1, 1, 5, True), (1, 0, 0, True), (1, 0, 5, False), (0, 0, 5, True)])
def test_masked_weights_are_zero_on_active_rows(s: int, free: int, theta: int, ok: bool) -> None:
    values = gate_values("fold.mask", {"s": s, "free.1": free, "theta_u.1": theta})
    assert [value == 0 for value in values] == [True, ok, True]


@pytest.mark.parametrize(("on", "x", "ok"), [(1, 0, True), (1, 1, True), (1, 2, False), (1, P - 1, False), (0, 7, True)])
def test_bits_are_bits(on: int, x: int, ok: bool) -> None:
    values = gate_values("fold.bits", {"q_bits": on, "bits.0": x})
    assert (values[0] == 0) is ok


@pytest.mark.parametrize(("gate", "selector"), [("fold.first", "q_first"), ("fold.last", "q_last")])
def test_the_accumulator_is_zero_at_both_ends(gate: str, selector: str) -> None:
    assert gate_values(gate, {selector: 1, "acc": 3}) == [3]
    assert gate_values(gate, {selector: 0, "acc": 3}) == [0]

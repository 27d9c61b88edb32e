"""fold.step of the *built* circuit, expanded symbolically in μ, is seven independent sums at seven powers of μ.

Cells are polynomials in μ (power → value mod p); every other challenge is a random number. The columns are filled as
docs/protocol.md says, here by plain loops over the statement.
"""

import copy
import random
from dataclasses import dataclass, field

import pytest

from zkapex_jax.bounds import FIELD_MODULUS as P
from zkapex_jax.circuit import build_fold_kkt
from zkapex_jax.circuit.columns import Column
from zkapex_jax.circuit.expression import evaluate, interpret
from zkapex_jax.presets import Preset

PRESET = Preset("tiny", 6, 3, client_rows=3, forget_rows=2, projections=4, window_bits=12,
                slack_bits=(40, 30, 30), blinding_rows=5, srs="none", insecure=True)  # fmt: skip
CIRCUIT = build_fold_kkt(PRESET)
LANES, ROWS, ACTIVE, DOMAIN = range(PRESET.lanes), range(PRESET.rows), range(PRESET.active_rows), range(PRESET.domain)
J, B = range(PRESET.projections), PRESET.window_bits

Poly = dict[int, int]


def at(power: int, value: int) -> Poly:
    return {power: value % P} if value % P else {}


def plus(parts: list[Poly]) -> Poly:
    result: Poly = {}
    for part in parts:
        for power, value in part.items():
            result[power] = (result.get(power, 0) + value) % P
    return {power: value for power, value in result.items() if value}


def times(left: Poly, right: Poly) -> Poly:
    return plus([at(i + j, x * y) for i, x in left.items() for j, y in right.items()])


@dataclass(frozen=True)
class Symbolic:
    """Expressions as polynomials in μ."""

    columns: dict[str, list[Poly]]
    row: int

    def constant(self, value: int) -> Poly:
        return at(0, value)

    def cell(self, column: Column, rotation: int) -> Poly:
        return self.columns[column.name][(self.row + rotation) % PRESET.domain]

    def sum(self, terms: list[Poly]) -> Poly:
        return plus(terms)

    def product(self, factors: list[Poly]) -> Poly:
        result = factors[0]
        for factor in factors[1:]:
            result = times(result, factor)
        return result

    def negated(self, term: Poly) -> Poly:
        return {power: -value % P for power, value in term.items()}


@dataclass
class Witness:
    """All quantities of the statement, [row][lane] or [k] or [j]; integers or field elements."""

    theta_p: list
    theta_u: list
    free: list
    y: list
    gradients: list
    sigma: list
    e: list
    q: list
    projections: list
    ternary: list
    ternary_e: list
    limits: list
    slacks: list
    eta: int
    rho: int
    gamma: int
    bits: list = field(default_factory=list)

    def delta(self, i: int, j: int) -> int:
        return self.theta_u[i][j] - self.theta_p[i][j]

    def c(self, i: int, j: int) -> int:
        return sum(pow(self.eta, n, P) * self.ternary[n][i][j] for n in J)

    def c_e(self, k: int) -> int:
        return sum(pow(self.eta, n, P) * self.ternary_e[n][k] for n in J)


def cells() -> list[tuple[int, int]]:
    return [(i, j) for i in ACTIVE for j in LANES]


def matrix(draw) -> list:
    return [[draw() for _ in LANES] for _ in ACTIVE]


def field_element() -> int:
    return random.randrange(1, P)


def trit() -> int:
    return random.choice([-1, 0, 0, 1])


def random_witness() -> Witness:
    """Every cell a random field element; bits that spell the projections and slacks are set by ``fill``."""
    return Witness(
        matrix(field_element), matrix(field_element), matrix(field_element), matrix(field_element),
        [matrix(field_element) for _ in ROWS], *([field_element() for _ in ROWS] for _ in range(3)),
        [random.randrange(-(2 ** (B - 1)), 2 ** (B - 1)) for _ in J],
        [matrix(trit) for _ in J], [[trit() for _ in ROWS] for _ in J],
        [field_element() for _ in range(3)], [random.randrange(2**bits) for bits in PRESET.slack_bits],
        field_element(), field_element(), field_element(),
    )  # fmt: skip


def honest_witness() -> Witness:
    w = random_witness()
    w.gamma = 7
    w.theta_p = matrix(lambda: random.randrange(-9, 10))
    w.free = matrix(lambda: random.choice([0, 1, 1]))
    w.theta_u = [[w.free[i][j] * (w.theta_p[i][j] + random.randrange(-9, 10)) for j in LANES] for i in ACTIVE]
    w.gradients = [matrix(lambda: random.randrange(-9, 10)) for _ in ROWS]
    inner = [sum(w.gradients[k][i][j] * w.delta(i, j) for i, j in cells()) for k in ROWS]
    w.e = [random.randrange(-3, 4) for _ in ROWS]
    w.sigma = [g + e for g, e in zip(inner, w.e, strict=True)]
    w.y = [[w.gamma * w.delta(i, j) + sum(w.sigma[k] * w.gradients[k][i][j] for k in ROWS) for j in LANES] for i in ACTIVE]
    w.q = [sum(w.c(i, j) * w.gradients[k][i][j] for i, j in cells()) % P for k in ROWS]
    w.projections = [project(w, n) for n in J]
    sums = certificate_sums(w)
    w.slacks = [5, 7, 9]
    w.limits = [total + slack for total, slack in zip(sums, w.slacks, strict=True)]
    return w


def project(w: Witness, n: int) -> int:
    tail = sum(w.ternary_e[n][k] * w.e[k] for k in ROWS)
    return sum(w.ternary[n][i][j] * w.delta(i, j) for i, j in cells()) + tail


def certificate_sums(w: Witness) -> list[int]:
    """Σ f y², Σ e², Σ f δ²."""
    return [sum(w.free[i][j] * w.y[i][j] ** 2 for i, j in cells()), sum(e * e for e in w.e),
            sum(w.free[i][j] * w.delta(i, j) ** 2 for i, j in cells())]  # fmt: skip


def fill(w: Witness) -> dict[str, list[Poly]]:
    """Every column; blinding rows of what is blinded are random in powers that nothing else has."""
    columns: dict[str, list[Poly]] = {column.name: [{} for _ in DOMAIN] for column in CIRCUIT.columns}
    for column in CIRCUIT.fixed:
        for run in CIRCUIT.runs[column.name]:
            for row in range(run.start, run.end):
                columns[column.name][row] = at(0, run.value)
    _fill_active(w, columns)
    _fill_tail(w, columns)
    _fill_bits(w, columns)
    for name in CIRCUIT.committed:
        if name.family not in ("free", "v"):
            for row in range(PRESET.blinding_start, PRESET.usable_rows):
                columns[name.name][row] = at(100 + row, field_element())
    return columns


def _fill_active(w: Witness, columns: dict[str, list[Poly]]) -> None:
    rho = [pow(w.rho, k, P) for k in ROWS]
    for i, j in cells():
        row = PRESET.active_start + i
        values = {"theta_p": at(0, w.theta_p[i][j]), "theta_u": at(0, w.theta_u[i][j]), "free": at(0, w.free[i][j]),
                  "y": at(4, w.y[i][j]), "c": at(1, w.c(i, j)),
                  "fold": at(6, sum(rho[k] * w.gradients[k][i][j] for k in ROWS))}  # fmt: skip
        for name, value in values.items():
            columns[f"{name}.{j}"][row] = value
        columns["v"][row] = plus([at(9, 1), at(4, -w.gamma)])


def _fill_tail(w: Witness, columns: dict[str, list[Poly]]) -> None:
    for k in ROWS:
        rho = pow(w.rho, k, P)
        values = {"y.0": at(4, w.sigma[k]), "y.1": at(4, w.e[k]), "q": at(0, w.q[k]), "w_sigma": at(2, -rho),
                  "w_e": plus([at(2, rho), at(6, w.c_e(k))]), "w_q": at(7, -rho), "w_sigma_q": at(1, -1), "w_e2": at(3, 1)}  # fmt: skip
        for name, value in values.items():
            columns[name][k] = value
    t1, t2, d = w.limits
    offset = 2 ** (B - 1) * sum(pow(w.eta, n, P) for n in J)
    columns["w_const"][0] = plus([at(10, offset), at(8, -t1), at(11, -t2), at(0, -d)])


def _fill_bits(w: Witness, columns: dict[str, list[Poly]]) -> None:
    numbers = [(p + 2 ** (B - 1), B, (10, -pow(w.eta, n, P))) for n, p in enumerate(w.projections)]
    numbers += [(slack, bits, (power, 1)) for slack, bits, power in zip(w.slacks, PRESET.slack_bits, (8, 11, 0), strict=True)]
    entries = [(number >> i & 1, at(power, sign * 2**i)) for number, bits, (power, sign) in numbers for i in range(bits)]
    assert len(entries) == PRESET.bit_count and all(0 <= number < 2**bits for number, bits, _ in numbers)
    for index, (bit, weight) in enumerate(entries):
        column, row = divmod(index, PRESET.bits_per_column)
        columns[f"bits.{column}"][row] = at(0, bit)
        columns[f"w_bits.{column}"][row] = weight


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

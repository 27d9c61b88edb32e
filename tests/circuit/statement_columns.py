"""The columns of ``fold_kkt`` as polynomials in μ (power → value mod p), filled by plain loops over the statement.

Every challenge but μ is a random number. Witnesses are random field elements, or honest small integers.
"""

import random
from dataclasses import dataclass

from zkapex_jax.bounds import FIELD_MODULUS as P
from zkapex_jax.circuit import build_fold_kkt
from zkapex_jax.circuit.columns import Column
from zkapex_jax.presets import Preset

PRESET = Preset("tiny", 6, 3, client_rows=3, forget_rows=2, projections=4, window_bits=12,
                slack_bits=(40, 30, 30), blinding_rows=5, srs="none", insecure=True, range_bits=9, distance_bits=24)  # fmt: skip
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

"""The columns of ``enrol`` as polynomials in μ (power → value mod p), filled by plain loops over the statement.

Every challenge but μ is a random number. Witnesses are random field elements, or honest small integers.
"""

import random
from dataclasses import dataclass

from statement_columns import ACTIVE, DOMAIN, LANES, PRESET, J, Poly, at, cells, field_element, matrix, plus, trit

from zkapex_jax.bounds import FIELD_MODULUS as P
from zkapex_jax.circuit import build_enrol

CIRCUIT = build_enrol(PRESET)
N, R = range(PRESET.client_rows), PRESET.range_bits
T = [(j, k) for j in J for k in range(PRESET.client_rows + 1)]


@dataclass
class Witness:
    """All quantities of the statement, [row][lane], [k], (j, k) or [l]; integers or field elements.

    ``free`` is 0 on pads and forgotten cells; ``tie`` is θp less the ledger's current weights, None in a first enrolment.
    """

    theta_p: list
    base: list
    free: list
    gradients: list
    tie: list | None
    b: list
    a: list
    t: dict
    v: list
    limit: int
    slack: int
    eta: int
    zeta: int
    rho: int

    def delta(self, i: int, j: int) -> int:
        return self.theta_p[i][j] - self.base[i][j]

    def c(self, i: int, j: int) -> int:
        return sum(pow(self.eta, n, P) * self.b[n][i][j] for n in J) % P

    def row(self, k: int) -> list:
        """Row k of t: a gradient row, or Δ."""
        return self.gradients[k] if k < len(N) else [[self.delta(i, j) for j in LANES] for i in ACTIVE]

    def fold(self, i: int, j: int) -> int:
        rows = [self.row(k)[i][j] for k in range(len(N) + 1)] + ([self.tie[i][j]] if self.tie else [])
        return sum(pow(self.rho, k, P) * value for k, value in enumerate(rows)) % P

    def ranges(self, j: int, k: int) -> int:
        """A_jk."""
        return sum(pow(self.zeta, n, P) * self.a[n][j, k] for n in J) % P


def random_witness(tied: bool) -> Witness:
    """Every cell a random field element, except for what is spelled in bits."""
    return Witness(
        matrix(field_element), matrix(field_element), matrix(lambda: random.choice([0, 1, 1])), [matrix(field_element) for _ in N],
        matrix(field_element) if tied else None, [matrix(trit) for _ in J], [{cell: trit() for cell in T} for _ in J],
        {cell: field_element() for cell in T}, [random.randrange(-(2 ** (R - 1)), 2 ** (R - 1)) for _ in J],
        field_element(), random.randrange(2**PRESET.distance_bits), field_element(), field_element(), field_element(),
    )  # fmt: skip


def honest_witness(tied: bool) -> Witness:
    """Tiny rows, zero on cells that are not free, so that all v_l fit their windows of 2^9."""
    w = random_witness(tied)
    w.base = [[w.free[i][j] * random.randrange(-99, 100) for j in LANES] for i in ACTIVE]
    w.theta_p = [[w.free[i][j] * (w.base[i][j] + random.choice([-1, 0, 0, 1])) for j in LANES] for i in ACTIVE]
    w.gradients = [[[w.free[i][j] * random.choice([-1, 0, 0, 0, 1]) for j in LANES] for i in ACTIVE] for _ in N]
    w.tie = matrix(int) if tied else None
    w.t = {(j, k): inner(w.b[j], w.row(k)) for j, k in T}
    w.v = project(w)
    w.slack = 11
    w.limit = distance(w) + w.slack
    return w


def inner(left: list, right: list) -> int:
    return sum(left[i][j] * right[i][j] for i, j in cells())


def project(w: Witness) -> list[int]:
    """v_l = ⟨a_l, t⟩."""
    return [sum(w.a[n][cell] * w.t[cell] for cell in T) for n in J]


def distance(w: Witness) -> int:
    return sum(w.delta(i, j) ** 2 for i, j in cells())


def fill(w: Witness) -> dict[str, list[Poly]]:
    """Every column; blinding rows of what is blinded are random in powers that nothing else has."""
    columns: dict[str, list[Poly]] = {column.name: [{} for _ in DOMAIN] for column in CIRCUIT.columns}
    for column in CIRCUIT.fixed:
        for run in CIRCUIT.runs[column.name]:
            for row in range(run.start, run.end):
                columns[column.name][row] = at(0, run.value)
    for i, j in cells():
        row = PRESET.active_start + i
        columns[f"delta.{j}"][row], columns[f"fold.{j}"][row] = at(0, w.delta(i, j)), at(0, w.fold(i, j))
        columns[f"c.{j}"][row] = at(1 if w.free[i][j] else 2, w.c(i, j))
    _fill_cells(w, columns)
    for name in CIRCUIT.committed:
        for row in range(PRESET.blinding_start, PRESET.usable_rows):
            columns[name.name][row] = at(100 + row, field_element())
    return columns


def _fill_cells(w: Witness, columns: dict[str, list[Poly]]) -> None:
    numbers = [(w.slack, PRESET.distance_bits, at(0, 1))]
    numbers += [(v + 2 ** (R - 1), R, at(3, -pow(w.zeta, n, P))) for n, v in enumerate(w.v)]
    assert all(0 <= number < 2**bits for number, bits, _ in numbers)
    entries = [(number >> i & 1, {power: value * 2**i % P for power, value in weight.items()})
               for number, bits, weight in numbers for i in range(bits)]  # fmt: skip
    assert len(entries) == PRESET.bit_cells
    entries += [(w.t[j, k], plus([at(3, w.ranges(j, k)), at(1, -pow(w.eta, j, P) * pow(w.rho, k, P))])) for j, k in T]
    assert len(entries) == PRESET.cell_count
    for index, (value, weight) in enumerate(entries):
        column, row = divmod(index, PRESET.blinding_start)
        columns[f"cells.{column}"][row], columns[f"w.{column}"][row] = at(0, value), weight
    offset = 2 ** (R - 1) * sum(pow(w.zeta, n, P) for n in J)
    columns["w_const"][0] = plus([at(3, offset), at(0, -w.limit)])

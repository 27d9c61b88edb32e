"""Small relations about integers, clause by clause: each says what it means in Python, and how it is written as gates.

A relation has integer columns of `ROWS` entries. A clause `holds(witness)` over the integers themselves; `declare` writes it
with the builder; `fill` gives the prover's best cells for it, also where it does not hold. Numbers are spelled by bits or looked
up, so that no sum reaches p/2; where bits do not suffice, `greedy` leaves the rest in the top one, else it is dropped.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from reference_prover.field import MODULUS
from zkapex_jax.circuit import CircuitBuilder
from zkapex_jax.circuit.columns import Column
from zkapex_jax.circuit.expression import Expression, total

ROWS = 6
K = 6
Witness = Mapping[str, Sequence[int]]
Cells = dict[str, list[int]]


@dataclass(frozen=True)
class Site:
    """Where clauses are written: `on` is 1 on the rows of the columns, `first` on row 0, `last` on the row after them."""

    builder: CircuitBuilder
    columns: dict[str, Column]
    on: Column
    first: Column
    last: Column

    def advice(self, name: str) -> Column:
        return self.builder.advice(name)


def spelled(value: int, width: int, greedy: bool) -> list[int]:
    """Cells of bits, lowest first, that sum to the value if it fits; else with the rest in the top one, or without it."""
    bits = [value >> place & 1 for place in range(width - 1)]
    return [*bits, (value >> (width - 1)) if greedy else value >> (width - 1) & 1]


def bits(site: Site, name: str, value: Expression, selector: Column, width: int) -> None:
    """Gates that say 0 <= value < 2^width where the selector is 1."""
    cells = [site.advice(f"{name}_bit.{place}") for place in range(width)]
    site.builder.gate(f"{name}.bits", [selector * cell * (cell - 1) for cell in cells])
    site.builder.gate(f"{name}.number", [selector * (value - total([cell * 2**place for place, cell in enumerate(cells)]))])


def fill_bits(name: str, numbers: Sequence[int], width: int, greedy: bool) -> Cells:
    rows = [spelled(number, width, greedy) for number in numbers]
    return {f"{name}_bit.{place}": [row[place] for row in rows] for place in range(width)}


@dataclass(frozen=True)
class Range:
    """-2^(width-1) <= x < 2^(width-1), by bits or by a lookup."""

    column: str
    width: int
    looked_up: bool

    def holds(self, of: Witness) -> bool:
        return all(-self.half <= x < self.half for x in of[self.column])

    @property
    def half(self) -> int:
        return 1 << (self.width - 1)

    def declare(self, site: Site) -> None:
        name, shifted = f"range_{self.column}", site.columns[self.column] + self.half
        if not self.looked_up:
            return bits(site, name, shifted, site.on, self.width)
        table = site.builder.fixed(f"{name}_table")
        for number in range(1, 2**self.width):
            site.builder.run(table, number, 1, number)
        site.builder.lookup(f"{name}.lookup", [site.on * shifted], [table])

    def fill(self, of: Witness, greedy: bool) -> Cells:
        shifted = [x + self.half for x in of[self.column]]
        return {} if self.looked_up else fill_bits(f"range_{self.column}", shifted, self.width, greedy)


@dataclass(frozen=True)
class Masked:
    """x is 0 where the public mask is 0."""

    column: str
    mask: tuple[int, ...]

    def holds(self, of: Witness) -> bool:
        return all(x == 0 for x, kept in zip(of[self.column], self.mask, strict=True) if not kept)

    def declare(self, site: Site) -> None:
        mask = site.builder.instance(f"mask_{self.column}")
        site.builder.gate(f"masked_{self.column}", [site.on * (1 - mask) * site.columns[self.column]])

    def fill(self, of: Witness, greedy: bool) -> Cells:
        return {f"mask_{self.column}": list(self.mask)}


@dataclass(frozen=True)
class Quadratic:
    """z_i = a x_i y_(i+1) + b x_i + c on all rows but the last: a rotation, a product, constants of both signs."""

    x: str
    y: str
    z: str
    constants: tuple[int, int, int]

    def expected(self, of: Witness) -> list[int]:
        a, b, c = self.constants
        return [a * x * y + b * x + c for x, y in zip(of[self.x], of[self.y][1:], strict=False)]

    def holds(self, of: Witness) -> bool:
        return list(of[self.z][:-1]) == self.expected(of)

    def declare(self, site: Site) -> None:
        (a, b, c), x = self.constants, site.columns[self.x]
        inner = site.builder.fixed(f"inner_{self.z}")
        site.builder.run(inner, 0, ROWS - 1)
        value = a * x * site.columns[self.y].next() + b * x + c
        site.builder.gate(f"quadratic_{self.z}", [inner * (site.columns[self.z] - value)])

    def fill(self, of: Witness, greedy: bool) -> Cells:
        return {}


@dataclass(frozen=True)
class SumOfSquares:
    """sum x^2 <= limit, with a running sum and a slack of that many bits."""

    column: str
    limit: int
    width: int

    def holds(self, of: Witness) -> bool:
        return 0 <= self.limit - sum(x * x for x in of[self.column]) < 1 << self.width

    def declare(self, site: Site) -> None:
        name, x = f"squares_{self.column}", site.columns[self.column]
        acc, limit = site.advice(f"{name}_acc"), site.builder.instance(f"{name}_limit")
        site.builder.gate(f"{name}.step", [site.on * (acc.next() - acc - x * x)])
        site.builder.gate(f"{name}.first", [site.first * acc])
        bits(site, name, limit - acc, site.last, self.width)

    def fill(self, of: Witness, greedy: bool) -> Cells:
        name, sums = f"squares_{self.column}", [*accumulate((x * x for x in of[self.column]), initial=0)]
        slack = fill_bits(name, [self.limit - sums[-1]], self.width, greedy)
        placed = {column: [0] * ROWS + cells for column, cells in slack.items()}
        return placed | {f"{name}_acc": sums, f"{name}_limit": [0] * ROWS + [self.limit]}


@dataclass(frozen=True)
class Member:
    """Each (x_i, y_i) is one of the pairs of a public table; both sides are tuples."""

    x: str
    y: str
    pairs: tuple[tuple[int, int], ...]

    def holds(self, of: Witness) -> bool:
        return all(pair in self.pairs for pair in zip(of[self.x], of[self.y], strict=True))

    def declare(self, site: Site) -> None:
        tag, left, right = (site.builder.fixed(f"member_{self.x}_{part}") for part in ("tag", "left", "right"))
        for row, pair in enumerate(self.pairs):
            site.builder.run(tag, row, 1)
            for column, value in zip((left, right), pair, strict=True):
                if value % MODULUS:
                    site.builder.run(column, row, 1, value % MODULUS)
        inputs = [site.on, site.on * site.columns[self.x], site.on * site.columns[self.y]]
        site.builder.lookup(f"member_{self.x}", inputs, [tag, left, right])

    def fill(self, of: Witness, greedy: bool) -> Cells:
        return {}


@dataclass(frozen=True)
class Same:
    """x_i = y_j, by a copy."""

    x: str
    i: int
    y: str
    j: int

    def holds(self, of: Witness) -> bool:
        return of[self.x][self.i] == of[self.y][self.j]

    def declare(self, site: Site) -> None:
        site.builder.copy(site.columns[self.x], self.i, site.columns[self.y], self.j)

    def fill(self, of: Witness, greedy: bool) -> Cells:
        return {}


Clause = Range | Masked | Quadratic | SumOfSquares | Member | Same

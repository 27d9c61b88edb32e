"""Tables as the proof system sees them: columns by number, degree, blinding, the permutation's columns, and what is opened."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Callable

from ..errors import TablesError
from ..expression import Expression, degree
from ..tables import Tables
from .domain import Domain
from .queries import Column, Kind, Opening, Queries, collect, copied_columns, named_columns
from .simplify import simplified


MAX_DEGREE = 9  # each doubling doubles the prover's memory


@dataclass(frozen=True)
class Circuit:
    """One relation. Everything here follows from the tables; `of` is the way to make it."""

    tables: Tables
    columns: dict[str, Column]
    queries: Queries
    permuted: tuple[Column, ...]  # columns of the permutation argument
    domain: Domain

    @classmethod
    def of(cls, tables: Tables) -> "Circuit":
        """Raises TablesError where the proof system cannot prove such tables."""
        queries, domain = collect(tables), Domain(tables.k, highest_degree(tables))
        circuit = cls(tables, named_columns(tables), queries, copied_columns(tables), domain)
        circuit._check()
        return circuit

    @property
    def committed(self) -> int:
        """Committed instance columns; they come first."""
        return sum(self.tables.instance.values())

    @property
    def usable(self) -> int:
        return self.tables.usable

    @property
    def blinding_factors(self) -> int:
        """Rows at the end that blind a product column; one more row, the last of the running products, precedes them."""
        return self.tables.unusable - 1

    @property
    def last(self) -> int:
        """The rotation that leads from row 0 to that last row."""
        return -self.tables.unusable

    @property
    def set_size(self) -> int:
        """Columns that one permutation product takes, so that its identity keeps the degree."""
        return self.domain.degree - 2

    @property
    def sets(self) -> list[tuple[Column, ...]]:
        """The permutation's columns, a product each."""
        return [self.permuted[at : at + self.set_size] for at in range(0, len(self.permuted), self.set_size)]

    def is_committed(self, column: Column) -> bool:
        """A committed instance column: opened in the proof. A plain one is evaluated by the verifier itself."""
        return column.kind is Kind.INSTANCE and column.index < self.committed

    @cached_property
    def committed_queries(self) -> tuple[Opening, ...]:
        return tuple(one for one in self.queries.instance if self.is_committed(one.column))

    def _check(self) -> None:
        tables = self.tables
        if self.domain.degree > MAX_DEGREE:
            raise TablesError(f"the degree is over {MAX_DEGREE}", field="gates", value=self.domain.degree)
        counts = [sum(one.column.index == index for one in self.queries.advice) for index in range(len(tables.advice))]
        if max([3] + counts) + 3 != tables.unusable:
            raise TablesError("the proof system lays the circuit out otherwise than the tables do", field="gates")
        if highest_degree(tables, simplified) != self.domain.degree:
            raise TablesError("the highest degree stands on a product that is multiplied by 0", field="gates")
        first = (self.queries.advice + self.committed_queries)[:1]
        if first and first[0].rotation != 0:
            raise TablesError("the proof system needs the first cell that is opened to be of the current row", field="gates", value=first[0].rotation)
        seen = set()
        for column, rotation in self.queries.advice + self.queries.fixed + self.committed_queries:
            if (column, rotation % self.domain.n) in seen:
                raise TablesError("two rotations of a column lead to one row", field="gates", value=rotation)
            seen.add((column, rotation % self.domain.n))


def highest_degree(tables: Tables, form: Callable[[Expression], Expression] = lambda expression: expression) -> int:
    """The highest degree of an identity: gates; at least 3 (permutation) and, with a lookup, 4 and 2 + both its sides."""
    highest = max([3] + [degree(form(poly)) for gate in tables.gates for poly in gate.polys])
    for lookup in tables.lookups:
        sides = [max([1] + [degree(form(one)) for one in side]) for side in (lookup.inputs, lookup.table)]
        highest = max(highest, 4, 2 + sum(sides))
    return highest

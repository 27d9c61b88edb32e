"""Change one row of some columns of a satisfied assignment, for every row at once, and see which constraints notice.

The reference checker reads the whole assignment for one change. Constraints are local: those that read a changed cell lie
at most a rotation away, so rows that are further apart are changed together and what fails is told apart by its row.
`test_cell_bench.py` compares this with the checker, one change at a time.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from reference_prover.checker import check
from reference_prover.expression import Expression, cells, evaluate_rows
from reference_prover.field import MODULUS
from reference_prover.tables import Tables

Values = Sequence[int]


class CellBench:
    """A satisfied assignment: `columns` holds every advice and instance column, 2^k field elements each."""

    def __init__(self, tables: Tables, columns: Mapping[str, Values]) -> None:
        assert check(tables, columns) == [], "the honest assignment satisfies its tables"
        self.tables, self.names = tables, tuple(columns)
        self.columns = {name: np.array(values, dtype=object) for name, values in (dict(tables.fixed) | dict(columns)).items()}
        kept = random.Random("zkapex semantics kept")
        for name in columns:  # as a proof has them: random advice, instance 0
            self.columns[name][tables.usable :] = [kept.randrange(MODULUS) if name in tables.advice else 0 for _ in range(tables.unusable)]
        self.polys = [poly for gate in tables.gates for poly in gate.polys]
        self.allowed = [set(self._tuples(lookup.table, self.columns)) for lookup in tables.lookups]
        self.partners: dict[tuple[str, int], list[tuple[str, int]]] = {}
        for copy in tables.copies:
            self.partners.setdefault(copy.left, []).append(copy.right)
            self.partners.setdefault(copy.right, []).append(copy.left)
        assert not any(cell.column in columns for lookup in tables.lookups for one in lookup.table for cell in cells(one))

    def caught(self, replaced: Mapping[str, Values]) -> np.ndarray:
        """bool [2^k]: whether the assignment with only row i of these columns replaced violates the tables."""
        found = np.zeros(self.tables.domain, dtype=bool)
        for group in self._groups(replaced):
            changed = self._changed(replaced, group)
            for poly in self.polys:
                self._blame(found, group, replaced, [poly], lambda: self._residues(poly, changed) != 0)
            for lookup, allowed in zip(self.tables.lookups, self.allowed, strict=True):
                missing = lambda: np.array([row not in allowed for row in self._tuples(lookup.inputs, changed)])
                self._blame(found, group, replaced, lookup.inputs, missing)
            for row in group:
                found[row] |= any(self._torn(replaced, name, row) for name in replaced)
        return found

    def second_roots(self, name: str) -> Iterator[np.ndarray]:
        """For each polynomial that reads the column unrotated: the other value of each cell that leaves its residue 0, if the
        residue is quadratic in the cell; the value itself where there is none."""
        old = self.columns[name]
        for poly in self.polys:
            if {cell.rotation for cell in cells(poly) if cell.column == name} != {0}:
                continue
            one, two = (self._residues(poly, self.columns | {name: (old + step) % MODULUS}) for step in (1, 2))
            roots = old.copy()
            for row in range(self.tables.usable):
                square = (two[row] - 2 * one[row]) * pow(2, -1, MODULUS) % MODULUS  # r(t) = square t^2 + linear t
                if square:
                    roots[row] = (old[row] - (one[row] - square) * pow(square, -1, MODULUS)) % MODULUS
            yield roots

    def _groups(self, replaced: Mapping[str, Values]) -> Iterator[list[int]]:
        """Usable rows so far apart that no constraint reads two of them. What is given for other rows is not read."""
        parts = [*self.polys, *(one for lookup in self.tables.lookups for one in lookup.inputs)]
        rotations = {0} | {cell.rotation for one in parts for cell in cells(one) if cell.column in replaced}
        stride = max(rotations) - min(rotations) + 1
        whole = (self.tables.usable - stride) // stride * stride
        yield from (list(range(first, whole, stride)) for first in range(stride))
        yield from ([row] for row in range(whole, self.tables.usable))

    def _changed(self, replaced: Mapping[str, Values], group: list[int]) -> dict[str, np.ndarray]:
        changed = dict(self.columns)
        for name, values in replaced.items():
            changed[name] = changed[name].copy()
            changed[name][group] = np.array(values, dtype=object)[group]
        return changed

    def _blame(self, found: np.ndarray, group: list[int], replaced: Mapping[str, Values], parts: Sequence[Expression], fails: Callable[[], np.ndarray]) -> None:
        """Mark the changed row behind every failing row of a constraint."""
        rotations = {cell.rotation for one in parts for cell in cells(one) if cell.column in replaced}
        members = set(group)
        for row in np.flatnonzero(fails()).tolist() if rotations else ():
            (source,) = {(row + rotation) % self.tables.domain for rotation in rotations} & members
            found[source] = True

    def _torn(self, replaced: Mapping[str, Values], name: str, row: int) -> bool:
        """Whether a copy of that cell now has two values."""
        return any(replaced[name][row] != self._after(replaced, other, at, row) for other, at in self.partners.get((name, row), ()))

    def _after(self, replaced: Mapping[str, Values], name: str, at: int, row: int) -> int:
        return replaced[name][row] if name in replaced and at == row else self.columns[name][at]

    def _residues(self, poly: Expression, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        return np.broadcast_to(np.asarray(evaluate_rows(poly, self._reader(columns)), dtype=object), self.tables.domain)

    def _tuples(self, side: Sequence[Expression], columns: Mapping[str, np.ndarray]) -> list[tuple[int, ...]]:
        return list(zip(*(self._residues(one, columns)[: self.tables.usable] for one in side), strict=True))

    def _reader(self, columns: Mapping[str, np.ndarray]) -> Callable:
        return lambda cell: np.roll(columns[cell.column], -cell.rotation)

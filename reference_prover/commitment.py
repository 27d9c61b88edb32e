"""KZG commitments: a polynomial is committed to by its value at tau, times G.

Nobody knows tau; the reference string holds its powers times G, over which coefficients are summed, and the Lagrange form of
the powers, over which values on the rows are summed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby

from .curve import Curve, Point, Point2
from .errors import SrsError
from .field import element


@dataclass(frozen=True)
class Srs:
    """A reference string for 2^k rows. `digest` is the SHA-256 of its file's header; `insecure`: somebody knew tau."""

    k: int
    digest: bytes
    source: str
    insecure: bool
    g1_monomial: Sequence[Point]
    g1_lagrange: Sequence[Point]
    g2: Point2
    s_g2: Point2
    curve: Curve

    @property
    def size(self) -> int:
        """Rows of the domain."""
        return 1 << self.k

    def commit(self, coefficients: Sequence[int]) -> Point:
        """Commitment to sum_i coefficient_i·X^i; at most 2^k coefficients. Raises SrsError, FieldError."""
        self._fits(coefficients)
        return self.curve.msm(self.g1_monomial[: len(coefficients)], coefficients)

    def commit_lagrange(self, values: Sequence[int]) -> Point:
        """Commitment to the polynomial with these values on the first rows and 0 on the rest; at most 2^k values.

        Fixed columns are made of zeros and runs of one value, and a run v, ..., v of rows a to b adds v·(L_a + ... + L_b): its
        sum is a difference of two prefix sums. Raises SrsError, FieldError.
        """
        self._fits(values)
        points, scalars, row = [], [], 0
        for value, run in groupby(values):
            start, row = row, row + sum(1 for _ in run)
            if element(value, f"value[{start}]"):
                points.append(self._lagrange_sum(start, row))
                scalars.append(value)
        return self.curve.msm(points, scalars)

    def _lagrange_sum(self, start: int, stop: int) -> Point:
        if stop == start + 1:
            return self.g1_lagrange[start]
        return self.curve.add(self._prefix_sums[stop], self.curve.negate(self._prefix_sums[start]))

    @cached_property
    def _prefix_sums(self) -> list[Point]:
        """Sums of the first 0, 1, ..., 2^k Lagrange points."""
        return list(accumulate(self.g1_lagrange, self.curve.add, initial=self.curve.identity()))

    def _fits(self, polynomial: Sequence[int]) -> None:
        if len(polynomial) > self.size:
            raise SrsError(f"a polynomial of at most {self.size} coefficients or values fits", field="commit", value=len(polynomial))

"""The rows as roots of unity, and the coset on which the quotient is computed.

Row i is the point omega^i, omega of order n = 2^k. Constraints of degree d are divided by X^n - 1 on the coset
zeta * <extended_omega> of at least n (d - 1) points, zeta a cube root of unity, where the divisor is nowhere zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Sequence

from ..field import GENERATOR, MODULUS, TWO_ADICITY, inverse, powers

ZETA = pow(GENERATOR, (MODULUS - 1) // 3, MODULUS)
DELTA = pow(GENERATOR, 1 << TWO_ADICITY, MODULUS)  # of odd order: the cosets delta^i <omega> are disjoint


def root_of_unity(log: int) -> int:
    """The root of unity of order 2^log that every domain is cut from."""
    return pow(GENERATOR, (MODULUS - 1) >> log, MODULUS)


@dataclass(frozen=True)
class Domain:
    """Rows of a circuit of 2^k rows whose constraints have this degree."""

    k: int
    degree: int

    @property
    def n(self) -> int:
        return 1 << self.k

    @property
    def pieces(self) -> int:
        """Polynomials that the quotient is cut into."""
        return self.degree - 1

    @property
    def extended_k(self) -> int:
        return (self.n * self.pieces - 1).bit_length()

    @cached_property
    def omega(self) -> int:
        return root_of_unity(self.k)

    @cached_property
    def extended_omega(self) -> int:
        return root_of_unity(self.extended_k)

    @cached_property
    def rows(self) -> list[int]:
        """omega^i for each row i."""
        return powers(self.omega, self.n)

    @cached_property
    def coset(self) -> list[int]:
        """The points of the coset."""
        return powers(self.extended_omega, 1 << self.extended_k, ZETA)

    def rotate(self, point: int, rotation: int) -> int:
        """point * omega^rotation: where a column is read to see its cell `rotation` rows below."""
        return point * pow(self.omega, rotation % self.n, MODULUS) % MODULUS

    def vanishing(self, point: int) -> int:
        """point^n - 1, zero exactly on the rows."""
        return (pow(point, self.n, MODULUS) - 1) % MODULUS

    def lagrange(self, point: int, rows: Sequence[int]) -> list[int]:
        """l_i(point) for each row i of `rows` (counted mod n): the polynomials that are 1 on row i and 0 on the others.

        Barycentric: l_i(x) = omega^i (x^n - 1) / (n (x - omega^i)). Raises FieldError if the point is one of these rows."""
        roots = [self.rows[row % self.n] for row in rows]
        common = self.vanishing(point) * inverse(self.n) % MODULUS
        inverses = batch_inverse([(point - root) % MODULUS for root in roots])
        return [root * common % MODULUS * one % MODULUS for root, one in zip(roots, inverses)]


def batch_inverse(values: Sequence[int]) -> list[int]:
    """The inverse of each value with one inversion (Montgomery's trick). Raises FieldError if one is zero."""
    prefixes, product = [], 1
    for value in values:
        prefixes.append(product)
        product = product * value % MODULUS
    back, result = inverse(product), [0] * len(values)
    for index in range(len(values) - 1, -1, -1):
        result[index] = back * prefixes[index] % MODULUS
        back = back * values[index] % MODULUS
    return result

"""Polynomials in the three forms that the proof system needs, as types that do not mix.

`Evaluations`: the cells of a column, one a row. `Coefficients`: lowest power first. `CosetEvaluations`: the values on the
coset of the domain, where products of several columns can be formed and divided by X^n - 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

from ..field import MODULUS, inverse, powers
from .domain import ZETA, Domain, root_of_unity


@dataclass(frozen=True)
class Evaluations:
    """A column: its value on each of the n rows."""

    values: list[int]


@dataclass(frozen=True)
class Coefficients:
    """A polynomial by its coefficients, lowest power first."""

    values: list[int]

    def at(self, point: int) -> int:
        """The value at a point (Horner's rule)."""
        result = 0
        for coefficient in reversed(self.values):
            result = (result * point + coefficient) % MODULUS
        return result

    def divided_by(self, root: int) -> "Coefficients":
        """The quotient by X - root; the remainder, which is the value at the root, is dropped."""
        quotient, carry = [0] * (len(self.values) - 1), 0
        for index in range(len(quotient) - 1, -1, -1):
            carry = (self.values[index + 1] + root * carry) % MODULUS
            quotient[index] = carry
        return Coefficients(quotient)

    def padded(self, size: int) -> "Coefficients":
        """The same polynomial with zeros for the higher powers below `size`."""
        return Coefficients(self.values + [0] * (size - len(self.values)))


@dataclass(frozen=True)
class CosetEvaluations:
    """A polynomial by its values on the coset of the domain."""

    values: list[int]


def combine(polynomials: Sequence[Coefficients], base: int) -> Coefficients:
    """sum_i base^i polynomial_i; the polynomials have one length."""
    weights = powers(base, len(polynomials))
    columns = zip(*(polynomial.values for polynomial in polynomials))
    return Coefficients([sum(weight * value for weight, value in zip(weights, column)) % MODULUS for column in columns])


def interpolate(domain: Domain, column: Evaluations) -> Coefficients:
    """The polynomial of degree below n with these values on the rows."""
    return Coefficients(_inverse_fft(column.values, domain.k))


def to_coset(domain: Domain, polynomial: Coefficients) -> CosetEvaluations:
    """Its values on the coset: scale coefficient i by zeta^i, then transform."""
    shift = (1, ZETA, ZETA * ZETA % MODULUS)
    scaled = [value * shift[index % 3] % MODULUS for index, value in enumerate(polynomial.values)]
    scaled += [0] * ((1 << domain.extended_k) - len(scaled))
    return CosetEvaluations(fft(scaled, root_of_unity(domain.extended_k)))


def from_coset(domain: Domain, evaluations: CosetEvaluations) -> Coefficients:
    """The inverse of `to_coset`."""
    shift = (1, ZETA * ZETA % MODULUS, ZETA)
    scaled = _inverse_fft(evaluations.values, domain.extended_k)
    return Coefficients([value * shift[index % 3] % MODULUS for index, value in enumerate(scaled)])


def fft(values: Sequence[int], omega: int) -> list[int]:
    """sum_j values_j omega^(i j) for each i; omega has the order of the length, a power of two. Radix 2, in place."""
    size = len(values)
    bits = size.bit_length() - 1
    result = [values[int(f"{index:0{bits}b}"[::-1], 2)] if bits else values[0] for index in range(size)]
    half = 1
    while half < size:
        twiddles = powers(pow(omega, size // (2 * half), MODULUS), half)
        for start in range(0, size, 2 * half):
            for offset, twiddle in enumerate(twiddles):
                low, high = start + offset, start + offset + half
                odd = result[high] * twiddle % MODULUS
                result[low], result[high] = (result[low] + odd) % MODULUS, (result[low] - odd) % MODULUS
        half *= 2
    return result


def _inverse_fft(values: Sequence[int], log: int) -> list[int]:
    scale = inverse(1 << log)
    return [value * scale % MODULUS for value in fft(values, inverse(root_of_unity(log)))]

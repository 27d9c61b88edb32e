"""From powers of a secret to its Lagrange basis: an inverse Fourier transform over points."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import CurveError
from ..field import GENERATOR, MODULUS, TWO_ADICITY, inverse, powers
from . import Curve, Point


def root_of_unity(k: int) -> int:
    """The primitive 2^k-th root of unity that the domain of 2^k rows is made of. Raises CurveError beyond the field's 2-adicity."""
    if not 0 <= k <= TWO_ADICITY:
        raise CurveError(f"must lie in [0, {TWO_ADICITY}]", field="k", value=k)
    return pow(GENERATOR, MODULUS - 1 >> k, MODULUS)


def lagrange_points(curve: Curve, monomial: Sequence[Point]) -> list[Point]:
    """tau^j·G for j < 2^k to L_i(tau)·G for i < 2^k: L_i(tau) = 2^-k · sum_j omega^-ij · tau^j.

    L_i is 1 at omega^i and 0 at the other 2^k-th roots of unity. Raises CurveError unless their number is a power of two.
    """
    size = len(monomial)
    k = size.bit_length() - 1
    if not size or size != 1 << k:
        raise CurveError("the number of points must be a power of two", field="lagrange_points", value=size)
    scale = inverse(size)
    return [curve.multiply(point, scale) for point in _transform(curve, monomial, inverse(root_of_unity(k)))]


def _transform(curve: Curve, points: Sequence[Point], root: int) -> list[Point]:
    """sum_j root^ij·P_j for every i: even and odd indices apart, and (root^i)^(size/2) = -1."""
    if len(points) == 1:
        return list(points)
    even, odd = (_transform(curve, points[start::2], root * root % MODULUS) for start in (0, 1))
    turned = [curve.multiply(point, twiddle) for point, twiddle in zip(odd, powers(root, len(odd)))]
    return [curve.add(a, b) for a, b in zip(even, turned)] + [curve.add(a, curve.negate(b)) for a, b in zip(even, turned)]

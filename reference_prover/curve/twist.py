"""The curve of G2, y^2 = x^3 + 4(u + 1) over F_q[u]/(u^2 + 1): what reading a point needs. Elements are pairs (a0, a1).

Only two points of G2 are ever read, those of a reference string, so the subgroup is checked in the plainest way.
"""

from __future__ import annotations

from . import recursion  # noqa: F401  (before py_ecc)
from py_ecc.fields import optimized_bls12_381_FQ2 as FQ2
from py_ecc.optimized_bls12_381 import G2, is_inf, multiply, normalize

from ..field import MODULUS
from .group import Q

Element = tuple[int, int]
Affine2 = tuple[Element, Element]

B2: Element = (4, 4)


def multiple(scalar: int) -> Affine2:
    """scalar times the standard generator, for 0 < scalar < p."""
    x, y = (tuple(int(number) for number in coordinate.coeffs) for coordinate in normalize(multiply(G2, scalar)))
    return x, y


G2_GENERATOR = multiple(1)


def on_twist(x: Element, y: Element) -> bool:
    """Whether y^2 = x^3 + 4(u + 1)."""
    return times(y, y) == right_side(x)


def in_subgroup_g2(x: Element, y: Element) -> bool:
    """Whether p times the point is the neutral element."""
    return is_inf(multiply((FQ2(x), FQ2(y), FQ2.one()), MODULUS))


def y_of_g2(x: Element, *, larger: bool) -> Element | None:
    """The root of x^3 + 4(u + 1) that is the larger or the smaller one, by the coefficient of u and then the other;
    None if there is none."""
    root = square_root(right_side(x))
    if root is None:
        return None
    other = -root[0] % Q, -root[1] % Q
    low, high = sorted((root, other), key=lambda y: (y[1], y[0]))
    return high if larger else low


def right_side(x: Element) -> Element:
    """x^3 + 4(u + 1)."""
    cube = times(times(x, x), x)
    return (cube[0] + B2[0]) % Q, (cube[1] + B2[1]) % Q


def times(left: Element, right: Element) -> Element:
    """The product, u^2 being -1."""
    (a0, a1), (b0, b1) = left, right
    return (a0 * b0 - a1 * b1) % Q, (a0 * b1 + a1 * b0) % Q


def square_root(value: Element) -> Element | None:
    """r with r^2 = value, or None. From (r0 + r1·u)^2: r0^2 = (a0 ± sqrt(a0^2 + a1^2))/2 and r1 = a1/(2·r0)."""
    a0, a1 = value
    norm = _root(a0 * a0 + a1 * a1)
    if norm is None:
        return None
    for sign in (norm, -norm):
        r0 = _root((a0 + sign) * pow(2, -1, Q))
        if r0 is not None:
            r1 = a1 * pow(2 * r0, -1, Q) % Q if r0 else _root(-a0)
            if r1 is not None and times((r0, r1), (r0, r1)) == value:
                return r0, r1
    return None


def _root(value: int) -> int | None:
    """A square root in F_q, q = 3 mod 4."""
    root = pow(value, (Q + 1) // 4, Q)
    return root if (root * root - value) % Q == 0 else None

"""The group G1 of BLS12-381 in plain integers: y^2 = x^3 + 4 over the field of q elements.

A point is a Jacobian triple (X, Y, Z), standing for (X/Z^2, Y/Z^3); Z = 0 is the neutral element. The formulas are
the schoolbook ones in these coordinates (Explicit-Formulas Database, short Weierstrass with a = 0), each with the cases in
which they do not hold. py_ecc has the same group with one object a coordinate, at two to three times the cost.
"""

from __future__ import annotations

from collections.abc import Sequence

Q = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB
B = 4  # y^2 = x^3 + B
U = 0xD201000000010000  # the curve's parameter is -U: p = U^4 - U^2 + 1
#: A cube root of unity: (x, y) -> (BETA x, y) multiplies points of the subgroup of order p by -U^2.
BETA = 0x5F19672FDF76CE51BA69C6076A0F77EADDB3A93BE6F89688DE17D813620A00022E01FFFFFFFEFFFE

Jacobian = tuple[int, int, int]
Affine = tuple[int, int]  # never the neutral element

IDENTITY: Jacobian = (1, 1, 0)
GENERATOR: Jacobian = (
    0x17F1D3A73197D7942695638C4FA9AC0FC3688C4F9774B905A14E3A3F171BAC586C55E83FF97A1AEFFB3AF00ADB22C6BB,
    0x08B3F481E3AAA0F1A09E30ED741D8AE4FCF5E095D5D00AF600DB18CB2C04B3EDD03CC744A2888AE40CAA232946C5E7E1,
    1,
)


def on_curve(x: int, y: int) -> bool:
    """Whether y^2 = x^3 + 4."""
    return (y * y - x * x * x - B) % Q == 0


def double(point: Jacobian) -> Jacobian:
    """2P. No point of the curve over F_q has y = 0, so only Z = 0 yields the neutral element."""
    x, y, z = point
    yy, m = y * y % Q, 3 * x * x % Q
    s = 4 * x * yy % Q
    x3 = (m * m - 2 * s) % Q
    return x3, (m * (s - x3) - 8 * yy * yy) % Q, 2 * y * z % Q


def add(left: Jacobian, right: Jacobian) -> Jacobian:
    """P + R for any two points."""
    x1, y1, z1 = left
    x2, y2, z2 = right
    if z1 == 0:
        return right
    if z2 == 0:
        return left
    if z2 == 1:  # as of points that were just read
        u1, s1, z = x1, y1, z1
    else:
        zz2 = z2 * z2 % Q
        u1, s1, z = x1 * zz2 % Q, y1 * z2 * zz2 % Q, z1 * z2 % Q
    zz1 = z1 * z1 % Q
    h, r = (x2 * zz1 - u1) % Q, (y2 * z1 * zz1 - s1) % Q
    if h == 0:
        return double(left) if r == 0 else IDENTITY
    hh = h * h % Q
    hhh, v = h * hh % Q, u1 * hh % Q
    x3 = (r * r - hhh - 2 * v) % Q
    return x3, (r * (v - x3) - s1 * hhh) % Q, z * h % Q


def negate(point: Jacobian) -> Jacobian:
    """-P."""
    x, y, z = point
    return x, -y % Q, z


def multiply(point: Jacobian, scalar: int) -> Jacobian:
    """scalar·P for any integer >= 0, by double and add from the highest bit."""
    result = IDENTITY
    for bit in bin(scalar)[2:]:
        result = double(result)
        if bit == "1":
            result = add(result, point)
    return result


def total(points: Sequence[Jacobian]) -> Jacobian:
    """The sum of the points."""
    result = IDENTITY
    for point in points:
        result = add(result, point)
    return result


def equal(left: Jacobian, right: Jacobian) -> bool:
    """Whether two triples stand for one point."""
    (x1, y1, z1), (x2, y2, z2) = left, right
    if z1 == 0 or z2 == 0:
        return z1 == z2 == 0
    zz1, zz2 = z1 * z1 % Q, z2 * z2 % Q
    return (x1 * zz2 - x2 * zz1) % Q == 0 and (y1 * z2 * zz2 - y2 * z1 * zz1) % Q == 0


def affine(point: Jacobian) -> Affine | None:
    """The coordinates, or None for the neutral element, which has none."""
    x, y, z = point
    if z == 0:
        return None
    inverse = pow(z, -1, Q)
    return x * inverse * inverse % Q, y * inverse * inverse * inverse % Q


def in_subgroup(x: int, y: int) -> bool:
    """Whether a point of the curve has an order that divides p.

    With phi(x, y) = (BETA x, y) this asks for phi(P) = -U^2 P (M. Scott, A note on group membership tests, 2021), at half
    the cost of p·P = O, and equal to it: phi^2 + phi + 1 = 0 on the whole curve, so phi(P) = -U^2 P gives
    (U^4 - U^2 + 1) P = p·P = O; and on the subgroup phi is multiplication by -U^2.
    """
    point = (x, y, 1)
    return equal((BETA * x % Q, y, 1), negate(multiply(multiply(point, U), U)))

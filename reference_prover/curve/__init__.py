"""The two groups of BLS12-381 and their pairing, behind one small interface.

Two backends say the same: `py_ecc` (plain Python, always there) and `arkworks` (py_arkworks_bls12381, the extra
`audit-fast`). Bytes from outside are judged in `encoding.py` alone, before a backend sees a point. A point is an opaque
value of the backend that made it; points of two backends must not be mixed. Scalars are canonical field elements.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from ..errors import CurveError, PointError
from ..field import element

Point = Any  # of G1, opaque
Point2 = Any  # of G2, opaque

ARKWORKS, PY_ECC = "arkworks", "py_ecc"


class Curve(Protocol):
    """Operations on points. No method changes a point; None is never a point."""

    name: str

    def identity(self) -> Point:
        """The neutral element of G1."""
        ...

    def generator(self) -> Point:
        """The standard generator of G1."""
        ...

    def generator_g2(self) -> Point2:
        """The standard generator of G2."""
        ...

    def decode(self, data: bytes, what: str) -> Point:
        """48 bytes (compressed) or 96 (uncompressed) to a point of G1, the neutral element in its one form allowed.
        Raises PointError naming `what`: wrong length or flags, a coordinate >= q, not on the curve, not in the subgroup."""
        ...

    def decode_g2(self, data: bytes, what: str) -> Point2:
        """The same of G2, 96 or 192 bytes."""
        ...

    def from_affine(self, x: int, y: int) -> Point:
        """The point with these coordinates, which `encoding.py` has judged. No check is made here."""
        ...

    def encode(self, point: Point) -> bytes:
        """48 bytes."""
        ...

    def encode_uncompressed(self, point: Point) -> bytes:
        """96 bytes."""
        ...

    def add(self, left: Point, right: Point) -> Point: ...

    def negate(self, point: Point) -> Point: ...

    def multiply(self, point: Point, scalar: int) -> Point:
        """scalar times point. Raises FieldError unless 0 <= scalar < p."""
        ...

    def msm(self, points: Sequence[Point], scalars: Sequence[int]) -> Point:
        """Sum of scalar_i times point_i. Raises FieldError as `multiply`, CurveError where the lengths differ."""
        ...

    def sum(self, points: Sequence[Point]) -> Point:
        """The sum; the neutral element for none."""
        ...

    def equal(self, left: Point, right: Point) -> bool: ...

    def is_identity(self, point: Point) -> bool: ...

    def pairing_check(self, pairs: Sequence[tuple[Point, Point2]]) -> bool:
        """Whether the product of e(P_i, Q_i) is one."""
        ...


def curve(name: str | None = None) -> Curve:
    """The backend of this name; by default arkworks where it is installed, else py_ecc. Raises CurveError."""
    if name not in (None, ARKWORKS, PY_ECC):
        raise CurveError(f"must be {PY_ECC} or {ARKWORKS}", field="curve", value=name)
    if name != PY_ECC:
        try:
            from .arkworks import Arkworks

            return Arkworks()
        except ImportError as error:
            if name == ARKWORKS:
                raise CurveError("py_arkworks_bls12381 is not installed: it comes with the extra audit-fast", field="curve", value=name) from error
    from .py_ecc import PyEcc

    return PyEcc()


def decode_hiding(backend: Curve, data: bytes, what: str) -> Point:
    """`backend.decode` of a commitment with blinding rows, which is at infinity with probability 1/p. Raises PointError."""
    point = backend.decode(data, what)
    if backend.is_identity(point):
        raise PointError("a commitment that hides something cannot be at infinity", field=what)
    return point


def matching(points: Sequence[Point], scalars: Sequence[int]) -> Sequence[int]:
    """The scalars, once they are canonical and as many as the points. Raises CurveError, FieldError."""
    if len(points) != len(scalars):
        raise CurveError("as many scalars as points are needed", field="msm", value=(len(points), len(scalars)))
    for scalar in scalars:
        element(scalar, "scalar")
    return scalars

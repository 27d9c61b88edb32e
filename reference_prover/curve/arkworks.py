"""Backend by py_arkworks_bls12381 (Rust), the extra `audit-fast`. What points it sees was judged by `encoding.py`."""

from __future__ import annotations

from collections.abc import Sequence

from py_arkworks_bls12381 import GT, G1Point, G2Point, Scalar

from ..field import to_bytes
from . import ARKWORKS, encoding, matching
from .encoding import COORDINATE


class Arkworks:
    """Implements `Curve`. Points and scalars are the library's own objects."""

    name = ARKWORKS

    def identity(self) -> G1Point:
        return G1Point.identity()

    def generator(self) -> G1Point:
        return G1Point()

    def generator_g2(self) -> G2Point:
        return G2Point()

    def decode(self, data: bytes, what: str) -> G1Point:
        point = encoding.parse_g1(data, what)
        return G1Point.identity() if point is None else self.from_affine(*point)

    def decode_g2(self, data: bytes, what: str) -> G2Point:
        """The library writes the coefficient of u last."""
        point = encoding.parse_g2(data, what)
        if point is None:
            return G2Point.identity()
        (x0, x1), (y0, y1) = point
        return G2Point.from_xy_bytes_unchecked_be(b"".join(number.to_bytes(COORDINATE, "big") for number in (x0, x1, y0, y1)))

    def from_affine(self, x: int, y: int) -> G1Point:
        return G1Point.from_xy_bytes_unchecked_be(encoding.write_g1_uncompressed((x, y)))

    def encode(self, point: G1Point) -> bytes:
        return encoding.write_g1(self._affine(point))

    def encode_uncompressed(self, point: G1Point) -> bytes:
        return encoding.write_g1_uncompressed(self._affine(point))

    def add(self, left: G1Point, right: G1Point) -> G1Point:
        return left + right

    def negate(self, point: G1Point) -> G1Point:
        return -point

    def multiply(self, point: G1Point, scalar: int) -> G1Point:
        return point * _scalar(scalar)

    def msm(self, points: Sequence[G1Point], scalars: Sequence[int]) -> G1Point:
        return G1Point.multiexp_unchecked(list(points), [_scalar(scalar) for scalar in matching(points, scalars)])

    def sum(self, points: Sequence[G1Point]) -> G1Point:
        result = G1Point.identity()
        for point in points:
            result = result + point
        return result

    def equal(self, left: G1Point, right: G1Point) -> bool:
        return left == right

    def is_identity(self, point: G1Point) -> bool:
        return point == G1Point.identity()

    def pairing_check(self, pairs: Sequence[tuple[G1Point, G2Point]]) -> bool:
        return GT.pairing_check([left for left, _ in pairs], [right for _, right in pairs])

    def _affine(self, point: G1Point) -> tuple[int, int] | None:
        if self.is_identity(point):
            return None
        data = bytes(point.to_xy_bytes_be())
        return int.from_bytes(data[:COORDINATE], "big"), int.from_bytes(data[COORDINATE:], "big")


def _scalar(value: int) -> Scalar:
    """The library's `Scalar(int)` takes what fits a machine word; bytes below p always fit."""
    return Scalar.from_le_bytes(to_bytes(value))

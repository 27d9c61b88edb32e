"""Backend in plain Python: G1 in integers (`group.py`, `msm.py`), G2 and the pairing from py_ecc."""

from __future__ import annotations

from collections.abc import Sequence

from . import recursion  # noqa: F401  (before py_ecc)
from py_ecc.fields import optimized_bls12_381_FQ as FQ
from py_ecc.fields import optimized_bls12_381_FQ2 as FQ2
from py_ecc.fields import optimized_bls12_381_FQ12 as FQ12
from py_ecc.optimized_bls12_381 import G2, pairing
from py_ecc.optimized_bls12_381.optimized_pairing import final_exponentiate

from ..field import element
from . import PY_ECC, encoding, group, matching
from .group import Jacobian
from .msm import msm


class PyEcc:
    """Implements `Curve`. A point of G1 is a Jacobian triple of integers, of G2 py_ecc's own."""

    name = PY_ECC

    def identity(self) -> Jacobian:
        return group.IDENTITY

    def generator(self) -> Jacobian:
        return group.GENERATOR

    def generator_g2(self) -> tuple[FQ2, FQ2, FQ2]:
        return G2

    def decode(self, data: bytes, what: str) -> Jacobian:
        point = encoding.parse_g1(data, what)
        return group.IDENTITY if point is None else self.from_affine(*point)

    def decode_g2(self, data: bytes, what: str) -> tuple[FQ2, FQ2, FQ2]:
        point = encoding.parse_g2(data, what)
        return (FQ2.one(), FQ2.one(), FQ2.zero()) if point is None else (FQ2(point[0]), FQ2(point[1]), FQ2.one())

    def from_affine(self, x: int, y: int) -> Jacobian:
        return x, y, 1

    def encode(self, point: Jacobian) -> bytes:
        return encoding.write_g1(group.affine(point))

    def encode_uncompressed(self, point: Jacobian) -> bytes:
        return encoding.write_g1_uncompressed(group.affine(point))

    def add(self, left: Jacobian, right: Jacobian) -> Jacobian:
        return group.add(left, right)

    def negate(self, point: Jacobian) -> Jacobian:
        return group.negate(point)

    def multiply(self, point: Jacobian, scalar: int) -> Jacobian:
        return group.multiply(point, element(scalar))

    def msm(self, points: Sequence[Jacobian], scalars: Sequence[int]) -> Jacobian:
        return msm(points, matching(points, scalars))

    def sum(self, points: Sequence[Jacobian]) -> Jacobian:
        return group.total(points)

    def equal(self, left: Jacobian, right: Jacobian) -> bool:
        return group.equal(left, right)

    def is_identity(self, point: Jacobian) -> bool:
        return point[2] == 0

    def pairing_check(self, pairs: Sequence[tuple[Jacobian, tuple[FQ2, FQ2, FQ2]]]) -> bool:
        """One Miller loop a pair, one final exponentiation for all."""
        product = FQ12.one()
        for left, right in pairs:
            point = group.affine(left)
            if point is not None:  # e(O, Q) = 1
                product *= pairing(right, (FQ(point[0]), FQ(point[1]), FQ.one()), final_exponentiate=False)
        return final_exponentiate(product) == FQ12.one()

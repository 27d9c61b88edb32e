"""The transcript of a Halo2 proof: keyed BLAKE2b-512 over all that was said, from which the challenges are drawn.

A byte 1 goes before each message, a byte 0 before each challenge; the state goes on. A challenge is the 64-byte digest read little
endian mod p (bias below 2^-256). The outer digest, which binds the proof to its statement, is absorbed before everything else.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple, Sequence

from .. import field
from ..curve import Curve, Point
from ..errors import FieldError, PointError, ProofRefused, SpecError
from .layout import POINT, SCALAR, Field

KEY = b"Domain separator for transcript"
CHALLENGE, COMMON = b"\x00", b"\x01"
OUTER_BYTES = 64


class Written(NamedTuple):
    """One field of a proof as it was written."""

    field: Field
    data: bytes


class Transcript:
    """The hash. Raises SpecError unless `outer` has 64 bytes."""

    def __init__(self, curve: Curve, outer: bytes) -> None:
        if len(outer) != OUTER_BYTES:
            raise SpecError(f"the outer digest has {OUTER_BYTES} bytes", field="outer", value=len(outer))
        self.curve = curve
        self._state = hashlib.blake2b(key=KEY, digest_size=64)
        self._absorb(outer)

    def absorb_point(self, point: Point) -> None:
        self._absorb(self.curve.encode(point))

    def absorb_scalar(self, value: int) -> None:
        self._absorb(field.to_bytes(value))

    def absorb_column(self, cells: Sequence[int]) -> None:
        """The number of cells, then each."""
        self.absorb_scalar(len(cells))
        self._state.update(b"".join(COMMON + field.to_bytes(cell) for cell in cells))

    def challenge(self) -> int:
        self._state.update(CHALLENGE)
        return int.from_bytes(self._state.digest(), "little") % field.MODULUS

    def _absorb(self, data: bytes) -> None:
        self._state.update(COMMON + data)


class Writer(Transcript):
    """The prover's: what is written is absorbed and becomes the next field of the proof. Appends to `trace` where one is given."""

    def __init__(self, curve: Curve, outer: bytes, fields: Sequence[Field], trace: list[Written] | None = None) -> None:
        super().__init__(curve, outer)
        self._fields, self._proof, self._trace = iter(fields), bytearray(), trace

    def write_point(self, point: Point) -> None:
        self._write(self.curve.encode(point))

    def write_scalar(self, value: int) -> None:
        self._write(field.to_bytes(value))

    def proof(self) -> bytes:
        """The bytes, once every field is written. Raises SpecError before."""
        if next(self._fields, None) is not None:
            raise SpecError("a field of the proof was not written", field="proof")
        return bytes(self._proof)

    def _write(self, data: bytes) -> None:
        next_field = next(self._fields, None)
        if next_field is None or next_field.length != len(data):
            raise SpecError("what is written does not fit the layout", field="proof", value=next_field)
        self._absorb(data)
        self._proof += data
        if self._trace is not None:
            self._trace.append(Written(next_field, data))


class Reader(Transcript):
    """The verifier's: reads the fields of a proof in order. Raises ProofRefused for a wrong length at once, and later for a
    point that is not canonical, on the curve and in the subgroup, or a scalar that is not below p, naming the field."""

    def __init__(self, curve: Curve, outer: bytes, fields: Sequence[Field], proof: bytes) -> None:
        super().__init__(curve, outer)
        size = sum(one.length for one in fields)
        if len(proof) != size:
            raise ProofRefused(f"the proof must have {size} bytes", field="proof", value=len(proof))
        self._fields, self._data = iter(fields), proof

    def read_point(self) -> Point:
        name, data = self._next(POINT)
        try:
            return self.curve.decode(data, name)
        except PointError as error:
            raise ProofRefused(error.message, field=f"proof, {name}", value=data.hex()) from error

    def read_scalar(self) -> int:
        name, data = self._next(SCALAR)
        try:
            return field.from_bytes(data, name)
        except FieldError as error:
            raise ProofRefused(error.message, field=f"proof, {name}", value=data.hex()) from error

    def read_points(self, count: int) -> list[Point]:
        return [self.read_point() for _ in range(count)]

    def read_scalars(self, count: int) -> list[int]:
        return [self.read_scalar() for _ in range(count)]

    def _next(self, length: int) -> tuple[str, bytes]:
        one = next(self._fields, None)
        if one is None or one.length != length:
            raise SpecError("what is read does not fit the layout", field="proof", value=one)
        data = self._data[one.offset : one.offset + length]
        self._absorb(data)
        return str(one), data

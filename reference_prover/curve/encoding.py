"""Points as bytes: the only way in and out, the same for every backend.

The form is that of the ceremony's files and of Zcash: big-endian coordinates, G2 with the coefficient of u first, and
three flags in the first byte. Each point has exactly one compressed and one uncompressed form; anything else is refused.
"""

from __future__ import annotations

from ..errors import PointError
from . import group
from .group import Q, Affine
from .twist import Affine2, in_subgroup_g2, on_twist, y_of_g2

COORDINATE = 48  # bytes
COMPRESSED, INFINITY, LARGER = 0x80, 0x40, 0x20
_FLAGS = COMPRESSED | INFINITY | LARGER


def parse_g1(data: bytes, what: str, *, subgroup: bool = True) -> Affine | None:
    """48 or 96 bytes to coordinates, None for the neutral element. Raises PointError naming `what`.

    `subgroup=False` leaves the subgroup unchecked: only for a file whose digest is pinned.
    """
    flags, numbers = _split(data, what, coordinates=1)
    if flags & INFINITY:
        return None
    x, y = (numbers[0], _y_of_g1(numbers[0], flags, what)) if flags & COMPRESSED else numbers
    if not group.on_curve(x, y):
        raise PointError("not on the curve", field=what, value=data.hex())
    if subgroup and not group.in_subgroup(x, y):
        raise PointError("not in the subgroup of order p", field=what, value=data.hex())
    return x, y


def parse_g2(data: bytes, what: str) -> Affine2 | None:
    """96 or 192 bytes to coordinates ((x0, x1), (y0, y1)), x0 + x1·u, or None. Raises PointError naming `what`."""
    flags, numbers = _split(data, what, coordinates=2)
    if flags & INFINITY:
        return None
    x = numbers[1], numbers[0]
    y = (numbers[3], numbers[2]) if not flags & COMPRESSED else y_of_g2(x, larger=bool(flags & LARGER))
    if y is None or not on_twist(x, y):
        raise PointError("not on the curve", field=what, value=data.hex())
    if not in_subgroup_g2(x, y):
        raise PointError("not in the subgroup of order p", field=what, value=data.hex())
    return x, y


def write_g1(point: Affine | None) -> bytes:
    """48 bytes."""
    if point is None:
        return bytes([COMPRESSED | INFINITY]) + bytes(COORDINATE - 1)
    x, y = point
    data = bytearray(x.to_bytes(COORDINATE, "big"))
    data[0] |= COMPRESSED | (LARGER if larger(y) else 0)
    return bytes(data)


def write_g1_uncompressed(point: Affine | None) -> bytes:
    """96 bytes."""
    if point is None:
        return bytes([INFINITY]) + bytes(2 * COORDINATE - 1)
    return b"".join(number.to_bytes(COORDINATE, "big") for number in point)


def write_g2_uncompressed(point: Affine2) -> bytes:
    """192 bytes."""
    (x0, x1), (y0, y1) = point
    return b"".join(number.to_bytes(COORDINATE, "big") for number in (x1, x0, y1, y0))


def larger(y: int) -> bool:
    """Whether y is the larger of y and -y."""
    return 2 * y > Q


def _split(data: bytes, what: str, coordinates: int) -> tuple[int, list[int]]:
    """(flags, numbers below q), where the flags fit the length. Of the neutral element all numbers are zero."""
    size = coordinates * COORDINATE
    if len(data) not in (size, 2 * size):
        raise PointError(f"a point has the length {size} or {2 * size}", field=what, value=len(data))
    flags = data[0] & _FLAGS
    plain = bytes([data[0] & ~_FLAGS]) + data[1:]
    numbers = [int.from_bytes(plain[i : i + COORDINATE], "big") for i in range(0, len(plain), COORDINATE)]
    if bool(flags & COMPRESSED) != (len(data) == size):
        raise PointError("the flag of compression does not fit the length", field=what, value=data.hex())
    if flags & LARGER and (flags & INFINITY or not flags & COMPRESSED):
        raise PointError("the flag of the sign has no place here", field=what, value=data.hex())
    if flags & INFINITY and any(numbers):
        raise PointError("infinity is not in its canonical form", field=what, value=data.hex())
    if max(numbers) >= Q:
        raise PointError("a coordinate is not canonical: it must be below q", field=what, value=data.hex())
    return flags, numbers


def _y_of_g1(x: int, flags: int, what: str) -> int:
    """The root of x^3 + 4 that the sign flag asks for; q = 3 mod 4, so it is a power."""
    square = (x * x * x + group.B) % Q
    y = pow(square, (Q + 1) // 4, Q)
    if y * y % Q != square:
        raise PointError("not on the curve", field=what, value=hex(x))
    return y if larger(y) == bool(flags & LARGER) else Q - y

"""The scalar field of BLS12-381, as canonical Python integers 0 <= x < p.

Arithmetic inside the package is ordinary integer arithmetic followed by `% MODULUS`; this file holds the rules at the
edges: what may enter (`parse`, `element`), what may leave (`to_bytes`), and the one operation that can fail (`inverse`).
"""

from __future__ import annotations

import re

from .errors import FieldError

MODULUS = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
GENERATOR = 7  # of the multiplicative group
TWO_ADICITY = 32
BYTES = 32

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,77}")


def element(value: int, field: str = "element") -> int:
    """`value` itself if it is canonical; never reduces. Raises FieldError."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise FieldError("a field element must be an integer", field=field, value=value)
    if not 0 <= value < MODULUS:
        raise FieldError("a field element must lie in [0, p)", field=field, value=value)
    return value


def parse(text: str, field: str = "element") -> int:
    """Canonical decimal text (no sign, no leading zero, below p) to a field element. Raises FieldError."""
    if not isinstance(text, str) or not _DECIMAL.fullmatch(text):
        raise FieldError("a field element is written as a decimal string without sign or leading zeros", field=field, value=text)
    return element(int(text), field)


def from_bytes(data: bytes, field: str = "element") -> int:
    """32 little-endian bytes to a field element. Raises FieldError on any other length or on a value >= p."""
    if len(data) != BYTES:
        raise FieldError("a field element takes 32 bytes", field=field, value=len(data))
    return element(int.from_bytes(data, "little"), field)


def to_bytes(value: int) -> bytes:
    """A field element to 32 little-endian bytes. Raises FieldError if it is not canonical."""
    return element(value).to_bytes(BYTES, "little")


def from_signed(value: int) -> int:
    """The residue that stands for a (possibly negative) integer with |value| < p/2. Raises FieldError beyond."""
    if not -MODULUS < 2 * value < MODULUS:
        raise FieldError("an integer of the statement must stay below p/2", field="integer", value=value)
    return value % MODULUS


def to_signed(value: int) -> int:
    """The representative of a field element in (-p/2, p/2)."""
    return value - MODULUS if 2 * element(value) > MODULUS else value


def inverse(value: int) -> int:
    """1/value mod p. Raises FieldError for zero, which has none."""
    if element(value) == 0:
        raise FieldError("zero has no inverse", field="inverse", value=0)
    return pow(value, -1, MODULUS)


def powers(base: int, count: int, first: int = 1) -> list[int]:
    """[first, first*base, ..., first*base^(count-1)] mod p."""
    result, current = [], element(first)
    for _ in range(count):
        result.append(current)
        current = current * base % MODULUS
    return result

"""Where two proofs first differ, in words."""

from __future__ import annotations

from .key import ProvingKey, VerifyingKey
from .layout import Field, layout


def first_difference(key: VerifyingKey | ProvingKey, left: bytes, right: bytes) -> Field | None:
    """The first field in which two proofs under one key differ, a missing end counting as a difference; None where they are equal.
    A later round depends on all earlier ones, so the first difference is where the two provers part."""
    for field in layout(key):
        place = slice(field.offset, field.offset + field.length)
        if left[place] != right[place]:
            return field
    if left != right:  # both go on past the end of a proof, differently
        end = max(len(left), len(right))
        size = layout(key)[-1].offset + layout(key)[-1].length
        return Field("trailing bytes", "none belong here", size, end - size)
    return None


def explain(key: VerifyingKey | ProvingKey, proof: bytes) -> list[str]:
    """One line a field: round, name, place and the bytes."""
    return [f"{field}: {proof[field.offset : field.offset + field.length].hex()}" for field in layout(key)]

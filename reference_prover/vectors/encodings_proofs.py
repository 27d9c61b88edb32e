"""Vectors of encodings, proofs: those of `vectors/proofs` with bytes missing, added or put in another form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterator

from ..curve import encoding, group
from ..curve.group import Q
from ..errors import StatementError
from ..field import BYTES, MODULUS, from_bytes

Case = dict[str, Any]
ORDER_THREE = (0, 2)  # of the curve, outside the subgroup


def proofs(folder: Path) -> list[Case]:
    """Every proof of the folder cut and lengthened; of the shortest, every field in each form that is not its own.
    Raises StatementError where the folder holds no proofs."""
    honest = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json")) if not path.name.endswith(".tables.json")]
    if not honest:
        raise StatementError("make the vectors of proofs first", file=str(folder))
    result = [case for one in honest for case in _of_other_length(one)]
    return result + list(_of_other_form(min(honest, key=lambda one: (len(one["proof"]), one["name"]))))


def _of_other_length(one: Case) -> Iterator[Case]:
    size = len(one["proof"]) // 2
    last = int(one["rounds"][-1]["length"])
    for name, keep, append in (
        ("empty", 0, ""),
        ("first-byte-alone", 1, ""),
        ("last-byte-missing", size - 1, ""),
        ("last-field-missing", size - last, ""),
        ("zero-byte-more", size, "00"),
        ("last-field-twice", size, one["proof"][-2 * last :]),
        ("twice", size, one["proof"]),
    ):
        yield {"name": f"{one['name']}/{name}", "kind": "proof", "of": one["name"], "keep": str(keep), "append": append, "error": "refused", "why": "length"}


def _of_other_form(one: Case) -> Iterator[Case]:
    proof = bytes.fromhex(one["proof"])
    for field in one["rounds"]:
        at, length = int(field["offset"]), int(field["length"])
        for name, put, why in _forms(proof[at : at + length]):
            label = f"{one['name']}/{field['round']}/{field['field']}/{name}"
            yield {"name": label, "kind": "proof", "of": one["name"], "at": str(at), "put": put.hex(), "error": "refused", "why": why}


def _forms(data: bytes) -> Iterator[tuple[str, bytes, str]]:
    """What a reader must not take for the field: the same value in a second form, and other values."""
    if len(data) == BYTES:
        value = from_bytes(data)
        yield "plus-p", (value + MODULUS).to_bytes(BYTES, "little"), "canonical"
        yield "p", MODULUS.to_bytes(BYTES, "little"), "canonical"
        yield "plus-one", ((value + 1) % MODULUS).to_bytes(BYTES, "little"), "proof"
        return
    point = encoding.parse_g1(data, "field")
    if point is None:
        return
    x, y = point
    yield "uncompressed-flag", bytes([data[0] & ~encoding.COMPRESSED]) + data[1:], "flag"
    yield "other-sign", encoding.write_g1((x, Q - y)), "proof"
    yield "infinity", encoding.write_g1(None), "proof"
    yield "infinity-with-last-bit", encoding.write_g1(None)[:-1] + b"\1", "canonical"
    yield "x-is-q", _compressed(Q), "canonical"
    if x + Q < 1 << 381:
        yield "x-plus-q", _compressed(x + Q), "canonical"
    outside = group.affine(group.add((x, y, 1), (*ORDER_THREE, 1)))
    if outside is not None:
        yield "plus-a-point-of-order-three", encoding.write_g1(outside), "subgroup"


def _compressed(x: int) -> bytes:
    data = x.to_bytes(encoding.COORDINATE, "big")
    return bytes([data[0] | encoding.COMPRESSED]) + data[1:]

"""Altered twins of an honest proof, each to be refused: every round changed alone, wrong lengths, another statement, and (for one
circuit) every way in which bytes can fail to be a point or a scalar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator

from ..curve import Curve
from ..curve.encoding import COORDINATE
from ..field import MODULUS
from ..plonk import VerifyingKey, layout
from ..plonk.layout import POINT, Field
from .writing import decimals

Json = dict[str, Any]
BASE_MODULUS = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB
COMPRESSED, INFINITY, LARGER = 0x80, 0x40, 0x20
HOSTILE = "steps"  # the circuit whose twins hold every bad encoding


@dataclass(frozen=True)
class Honest:
    """What the verifier of one proof is given: commitments (48 bytes) and plain columns by name, the outer digest, the proof."""

    commitments: dict[str, bytes]
    plain: dict[str, list[int]]
    outer: bytes
    proof: bytes


def twins(name: str, honest: Honest, key: VerifyingKey) -> list[Json]:
    """The list `invalid` of a vector."""
    result = [*_rounds(honest, key), *_lengths(honest), *_statements(honest, key)]
    return result + ([*_encodings(honest, key)] if name == HOSTILE else [])


def _twin(name: str, why: str, error: str = "refused", **replaced: Any) -> Json:
    return {"name": name, "why": why, "error": error, **replaced}


def _proof(name: str, why: str, proof: bytes) -> Json:
    return _twin(name, why, proof=proof.hex())


def _replace(proof: bytes, field: Field, data: bytes) -> bytes:
    return proof[: field.offset] + data + proof[field.offset + field.length :]


def _rounds(honest: Honest, key: VerifyingKey) -> Iterator[Json]:
    """The first and the last field of each round replaced by another canonical one."""
    ends: dict[str, list[Field]] = {}
    for field in layout(key):
        ends[field.round] = [*ends.get(field.round, [])[:1], field]
    for round_name, fields in ends.items():
        for place, field in zip(("first", "last"), fields):
            old = honest.proof[field.offset : field.offset + field.length]
            new = shifted(key.curve, old) if field.length == POINT else ((int.from_bytes(old, "little") + 1) % MODULUS).to_bytes(32, "little")
            yield _proof(f"{round_name}_{place}", f"{field.name} is replaced by a neighbour", _replace(honest.proof, field, new))


def _lengths(honest: Honest) -> Iterator[Json]:
    yield _proof("empty", "no bytes at all", b"")
    yield _proof("truncated", "the last byte is missing", honest.proof[:-1])
    yield _proof("trailing", "a zero byte follows", honest.proof + b"\0")
    yield _proof("twice", "a second copy follows", honest.proof * 2)


def _statements(honest: Honest, key: VerifyingKey) -> Iterator[Json]:
    yield _twin("outer", "another outer digest", outer=(honest.outer[:-1] + bytes([honest.outer[-1] ^ 1])).hex())
    for name, point in honest.commitments.items():
        yield _twin(f"committed_{name}", "another commitment", committed=_points(honest, {name: shifted(key.curve, point)}))
    usable = key.circuit.usable
    for name, cells in honest.plain.items():
        if cells:
            yield _twin(f"plain_{name}", "one cell changed", plain=_cells(honest, {name: [(cells[0] + 1) % MODULUS, *cells[1:]]}))
        if len(cells) < usable:
            yield _twin(f"plain_{name}_longer", "a zero cell more: the same column, but the length is bound", plain=_cells(honest, {name: [*cells, 0]}))


def _encodings(honest: Honest, key: VerifyingKey) -> Iterator[Json]:
    point, scalar = layout(key)[0], next(field for field in layout(key) if field.length != POINT)
    witness = layout(key)[-1]
    for name, why, data in _bad_points(honest.proof[point.offset : point.offset + POINT]):
        yield _proof(f"point_{name}", why, _replace(honest.proof, point, data))
        yield _twin(f"commitment_{name}", f"a commitment: {why}", "point", committed=_points(honest, {next(iter(honest.commitments)): data}))
    value = int.from_bytes(honest.proof[scalar.offset : scalar.offset + scalar.length], "little")
    for name, number in (("p", MODULUS), ("plus_p", value + MODULUS), ("all_ones", (1 << 256) - 1)):
        yield _proof(f"scalar_{name}", "a scalar that is not below p", _replace(honest.proof, scalar, number.to_bytes(32, "little")))
    infinity = bytes([COMPRESSED | INFINITY]) + bytes(POINT - 1)
    yield _proof("witness_infinity", "the opening's witness is the point at infinity, canonically written", _replace(honest.proof, witness, infinity))
    yield _proof("advice_infinity", "a commitment is the point at infinity, canonically written", _replace(honest.proof, point, infinity))


def _bad_points(honest: bytes) -> Iterator[tuple[str, str, bytes]]:
    x = int.from_bytes(honest, "big") & ((1 << 381) - 1)
    yield "uncompressed_flag", "the flag of a compressed point is missing", bytes([honest[0] & ~COMPRESSED]) + honest[1:]
    yield "infinity_flag", "flagged as infinity, with a coordinate", bytes([honest[0] | INFINITY]) + honest[1:]
    yield "infinity_signed", "infinity with the sign flag", bytes([COMPRESSED | INFINITY | LARGER]) + bytes(POINT - 1)
    yield "zeros", "48 zero bytes", bytes(POINT)
    yield "modulus", "x = q", _compressed(BASE_MODULUS)
    yield "ones", "x of 381 one bits", _compressed((1 << 381) - 1)
    yield "off_curve", "no y belongs to this x", _compressed(next(one for one in range(x % 1000, BASE_MODULUS) if not _on_curve(one)))
    yield "off_subgroup", "on the curve, of another order", _compressed(next(one for one in range(4, BASE_MODULUS) if _on_curve(one)))


def shifted(curve: Curve, point: bytes) -> bytes:
    """The encoding of point + generator."""
    return curve.encode(curve.add(curve.decode(point, "twin"), curve.generator()))


def _points(honest: Honest, replaced: dict[str, bytes]) -> dict[str, str]:
    return {name: point.hex() for name, point in (honest.commitments | replaced).items()}


def _cells(honest: Honest, replaced: dict[str, list[int]]) -> dict[str, str]:
    return {name: decimals(cells) for name, cells in (honest.plain | replaced).items()}


def _compressed(x: int) -> bytes:
    data = x.to_bytes(COORDINATE, "big")
    return bytes([data[0] | COMPRESSED]) + data[1:]


def _on_curve(x: int) -> bool:
    """Whether x^3 + 4 is a square mod q (Euler's criterion)."""
    return pow(x**3 + 4, (BASE_MODULUS - 1) // 2, BASE_MODULUS) == 1

"""Invalid twins of a chunk's message that need no prover: altered bytes, other statements, other commitments."""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from ..curve.encoding import COMPRESSED, COORDINATE, INFINITY, parse_g1
from ..curve.group import Q
from ..errors import PointError
from ..field import BYTES, MODULUS
from ..plonk.layout import POINT, Field
from ..statement import rules

AT_INFINITY = bytes([COMPRESSED | INFINITY]) + bytes(COORDINATE - 1)
Twin = dict[str, Any]


def twin(name: str, why: str, error: str = "refused", **replaced: Any) -> Twin:
    """One entry of `invalid`."""
    return {"name": name, "why": why, "error": error, **replaced}


def compressed(x: int) -> bytes:
    """The encoding that says x and the smaller y, whether there is such a point or not."""
    data = bytearray(x.to_bytes(COORDINATE, "big"))
    data[0] |= COMPRESSED
    return bytes(data)


def bad_points() -> dict[str, bytes]:
    """One encoding of each kind that is not a point of the group: smallest x that serves."""
    return {
        "off_curve": next(data for data in map(compressed, range(1, 99)) if not _parses(data, subgroup=False)),
        "off_subgroup": next(data for data in map(compressed, range(1, 99)) if _parses(data, subgroup=False) and not _parses(data, subgroup=True)),
        "not_canonical": compressed(Q),
        "dirty_infinity": AT_INFINITY[:-1] + b"\1",
    }


def altered_messages(message: bytes, layout: list[Field]) -> Iterator[Twin]:
    """Other bytes for an honest statement."""
    put = lambda at, data: (message[:at] + data + message[at + len(data) :]).hex()
    seen = set()
    for field in layout:
        if field.round not in seen:
            seen.add(field.round)
            last = field.offset + field.length - 1 if field.length == POINT else field.offset
            yield twin(f"flip.{field.round}", f"one bit of {field.name}", message=put(last, bytes([message[last] ^ 1])))
    head = layout[0].offset
    for name, data in (bad_points() | {"infinity": AT_INFINITY}).items():
        yield twin(f"point.{name}", f"{layout[0].name} {name.replace('_', ' ')}", message=put(head, data))
    scalar = next(field for field in layout if field.length == BYTES)
    value = int.from_bytes(message[scalar.offset : scalar.offset + BYTES], "little") + MODULUS
    if value < 1 << 8 * BYTES:
        yield twin("scalar.not_canonical", f"{scalar.name} plus p", message=put(scalar.offset, value.to_bytes(BYTES, "little")))
    yield twin("scalar.modulus", f"{scalar.name} is p", message=put(scalar.offset, MODULUS.to_bytes(BYTES, "little")))
    proof = next(field.offset for field in layout if field.round == "advice")
    cut = {"empty": b"", "no_proof": message[:proof], "half_a_point": message[: POINT // 2], "short": message[:-1], "long": message + b"\0"}
    for name, data in cut.items():
        yield twin(f"length.{name}", f"{len(data)} bytes", message=data.hex())
    first, second = (slice(field.offset, field.offset + POINT) for field in layout[:2])
    yield twin("swapped", f"{layout[0].name} and {layout[1].name} change places", message=put(0, message[second] + message[first]))


def other_statements(statement: Mapping[str, str], rows: int) -> Iterator[Twin]:
    """An honest message under another statement that is well formed."""
    changes: dict[str, dict[str, str]] = {"client": {"client": statement["client"] + "x"}, "chunk": {"chunk": str(int(statement["chunk"]) + 1)}}
    for digest in ("enrolment", "state", "request", "base"):
        if statement.get(digest, "00" * 32) != "00" * 32:  # the zero state of a first enrolment says that there is no tie
            changes[digest] = {digest: f"{int(statement[digest][:2], 16) ^ 1:02x}{statement[digest][2:]}"}
    gamma = int(statement["gamma"]) // 3 * 2
    changes["gamma"] = {"gamma": str(gamma)}
    if "t1" in statement:
        changes["gamma"] |= dict(zip(("t1", "t2"), map(str, rules(gamma, int(statement["weights"]), rows)), strict=True))
    limit = "d" if "d" in statement else "d0"
    changes[limit] = {limit: str(int(statement[limit]) + 1)}
    for name, change in changes.items():
        yield twin(f"statement.{name}", f"the message answers another {name}", statement=dict(statement) | change)


def other_points(points: Mapping[str, list[str]], hiding: Mapping[str, bool]) -> Iterator[Twin]:
    """An honest message beside other commitments than it was made for."""
    for label, encodings in points.items():
        if not encodings:
            continue
        replaced = lambda data: {label: [data.hex(), *encodings[1:]]}
        yield twin(f"points.{label}.swapped", "two lanes change places", points={label: [encodings[1], encodings[0], *encodings[2:]]})
        error = "point" if hiding[label] else "refused"
        yield twin(f"points.{label}.infinity", "the first is at infinity", error, points=replaced(AT_INFINITY))
        for name, data in bad_points().items():
            yield twin(f"points.{label}.{name}", f"the first is {name.replace('_', ' ')}", "point", points=replaced(data))


def _parses(data: bytes, subgroup: bool) -> bool:
    try:
        return parse_g1(data, "point", subgroup=subgroup) is not None
    except PointError:
        return False

"""Vectors of encodings: scalars and points, canonical and hostile. Files and proofs stand in `encodings_files.py`, `encodings_proofs.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator

from ..curve import encoding, group, twist
from ..curve.encoding import COMPRESSED, COORDINATE, INFINITY, LARGER
from ..curve.group import Q, Affine
from ..field import BYTES, MODULUS
from ..srs import CEREMONY_S_G2
from .encodings_files import reference_strings
from .encodings_proofs import proofs

Case = dict[str, Any]

#: (name, bytes, value or None, why it is refused or "")
Row = tuple[str, bytes, str | None, str]


def cases(folder: Path) -> dict[str, Any]:
    """File name -> content."""
    return {"scalars.json": scalars(), "points.json": points(), "srs.json": reference_strings(), "proofs.json": proofs(folder.parent / "proofs")}


def scalars() -> list[Case]:
    """Field elements as bytes and as text."""
    good = {"zero": 0, "one": 1, "two-to-the-128": 1 << 128, "p-1": MODULUS - 1}
    bad = {"p": MODULUS, "p+1": MODULUS + 1, "two-to-the-255": 1 << 255, "all-ones": (1 << 256) - 1}
    one = (1).to_bytes(BYTES, "little")
    result = [_case(f"bytes/{name}", "scalar", _little(value).hex(), str(value), "") for name, value in good.items()]
    result += [_case(f"bytes/{name}", "scalar", _little(value).hex(), None, "canonical", "field") for name, value in bad.items()]
    for name, data in {"empty": b"", "short": one[:-1], "long": one + b"\0"}.items():
        result.append(_case(f"bytes/{name}", "scalar", data.hex(), None, "length", "field"))
    result += [_case(f"text/{name}", "decimal", str(value), str(value), "") for name, value in good.items()]
    result += [_case(f"text/{name}", "decimal", str(value), None, "canonical", "field") for name, value in bad.items()]
    for text in ("", " 1", "1 ", "1\n", "+1", "-1", "-0", "00", "01", "1_0", "1.0", "1e3", "0x10", "1,2", "\u0661", "1\u0000"):
        result.append(_case(f"text/{text!a}", "decimal", text, None, "format", "field"))
    return result


def points() -> list[Case]:
    """Points of both groups in both lengths."""
    result = []
    for kind, rows in {"g1": g1(), "g1_uncompressed": g1_uncompressed(), "g2": g2(), "g2_uncompressed": g2_uncompressed()}.items():
        result += [_case(f"{kind}/{name}", kind, data.hex(), value, why, "point") for name, data, value, why in rows]
    result.append(_case("g1_hiding/generator", "g1_hiding", encoding.write_g1(GENERATOR).hex(), _text(GENERATOR), ""))
    result.append(_case("g1_hiding/infinity", "g1_hiding", encoding.write_g1(None).hex(), None, "infinity", "point"))
    return result


GENERATOR: Affine = group.GENERATOR[:2]
ORDER_THREE: Affine = (0, 2)  # y^2 = 4: of the curve, of order 3


def g1() -> Iterator[Row]:
    """48 bytes."""
    good = encoding.write_g1(GENERATOR)
    for name, point in _good_points().items():
        yield name, encoding.write_g1(point), _text(point), ""
    yield from _bad_forms(good, encoding.write_g1(None))
    yield "uncompressed-flag", _flags(good, clear=COMPRESSED), None, "flag"
    for name, x in _above_q().items():
        yield name, _flags(x.to_bytes(COORDINATE, "big"), put=COMPRESSED), None, "canonical"
    yield "off-curve", _flags(_no_root().to_bytes(COORDINATE, "big"), put=COMPRESSED), None, "curve"
    for name, point in _outside().items():
        yield name, encoding.write_g1(point), None, "subgroup"


def g1_uncompressed() -> Iterator[Row]:
    """96 bytes."""
    x, y = GENERATOR
    good = encoding.write_g1_uncompressed(GENERATOR)
    for name, point in _good_points().items():
        yield name, encoding.write_g1_uncompressed(point), _text(point), ""
    yield from _bad_forms(good, encoding.write_g1_uncompressed(None))
    yield "compressed-flag", _flags(good, put=COMPRESSED), None, "flag"
    yield "sign-flag", _flags(good, put=LARGER), None, "flag"
    yield "compressed-padded", encoding.write_g1(GENERATOR) + bytes(COORDINATE), None, "flag"
    for name, above in _above_q().items():
        yield f"x-{name}", above.to_bytes(COORDINATE, "big") + good[COORDINATE:], None, "canonical"
        yield f"y-{name}", good[:COORDINATE] + above.to_bytes(COORDINATE, "big"), None, "canonical"
    yield "y-off-by-one", encoding.write_g1_uncompressed((x, y + 1)), None, "curve"
    yield "coordinates-swapped", encoding.write_g1_uncompressed((y, x)), None, "curve"
    yield "origin", bytes(2 * COORDINATE), None, "curve"
    for name, point in _outside().items():
        yield name, encoding.write_g1_uncompressed(point), None, "subgroup"


def g2() -> Iterator[Row]:
    """96 bytes."""
    yield "tau", CEREMONY_S_G2, _text2(encoding.parse_g2(CEREMONY_S_G2, "tau")), ""
    infinity = bytes([COMPRESSED | INFINITY]) + bytes(2 * COORDINATE - 1)
    yield "infinity", infinity, "infinity", ""
    yield from _bad_forms(CEREMONY_S_G2, infinity)
    yield "uncompressed-flag", _flags(CEREMONY_S_G2, clear=COMPRESSED), None, "flag"
    for name, above in _above_q().items():
        number = above.to_bytes(COORDINATE, "big")
        yield f"x1-{name}", _flags(number + bytes(COORDINATE), put=COMPRESSED), None, "canonical"
        yield f"x0-{name}", _flags(bytes(COORDINATE) + number, put=COMPRESSED), None, "canonical"
    for name, why, wanted in (("off-curve", "curve", None), ("off-subgroup", "subgroup", tuple)):
        x = next(x for x in range(1, 50) if isinstance(twist.y_of_g2((x, 0), larger=False), wanted or type(None)))
        yield name, _flags(bytes(COORDINATE) + x.to_bytes(COORDINATE, "big"), put=COMPRESSED), None, why


def g2_uncompressed() -> Iterator[Row]:
    """192 bytes."""
    x, y = twist.G2_GENERATOR
    good = encoding.write_g2_uncompressed((x, y))
    yield "generator", good, _text2((x, y)), ""
    infinity = bytes([INFINITY]) + bytes(4 * COORDINATE - 1)
    yield "infinity", infinity, "infinity", ""
    yield from _bad_forms(good, infinity)
    yield "compressed-flag", _flags(good, put=COMPRESSED), None, "flag"
    yield "y1-q", good[: 2 * COORDINATE] + Q.to_bytes(COORDINATE, "big") + good[3 * COORDINATE :], None, "canonical"
    yield "y0-off-by-one", encoding.write_g2_uncompressed((x, (y[0] + 1, y[1]))), None, "curve"
    yield "coefficients-swapped", encoding.write_g2_uncompressed((x[::-1], y[::-1])), None, "curve"
    outside = next((x, 0) for x in range(1, 50) if twist.y_of_g2((x, 0), larger=False))
    yield "off-subgroup", encoding.write_g2_uncompressed((outside, twist.y_of_g2(outside, larger=False))), None, "subgroup"


def _bad_forms(good: bytes, infinity: bytes) -> Iterator[Row]:
    """What is wrong in every form: lengths, and infinity with anything but its own flags."""
    yield "empty", b"", None, "length"
    yield "short", good[:-1], None, "length"
    yield "long", good + b"\0", None, "length"
    yield "infinity-with-sign", _flags(infinity, put=LARGER), None, "flag"
    yield "infinity-with-last-bit", infinity[:-1] + b"\1", None, "canonical"
    yield "infinity-with-first-bit", _flags(infinity, put=1), None, "canonical"
    yield "point-with-infinity-flag", _flags(good, put=INFINITY, clear=LARGER), None, "canonical"
    yield "all-ones", b"\xff" * len(good), None, "flag"


def _good_points() -> dict[str, Affine | None]:
    multiple = group.affine(group.multiply(group.GENERATOR, 12345))
    x, y = GENERATOR
    return {"generator": GENERATOR, "minus-generator": (x, Q - y), "multiple": multiple, "infinity": None}


def _above_q() -> dict[str, int]:
    """Integers of 381 bits that are not below q; the second would be the coordinate of a point if it were reduced."""
    return {"q": Q, "q+4": Q + 4, "largest": (1 << 381) - 1}


def _no_root() -> int:
    return next(x for x in range(1, 100) if pow(x**3 + group.B, (Q - 1) // 2, Q) == Q - 1)


def _outside() -> dict[str, Affine]:
    """Points of the curve outside the subgroup: of order 3, of order 3p, and of a large order."""
    mixed = group.affine(group.add(group.GENERATOR, (*ORDER_THREE, 1)))
    x = next(x for x in range(1, 100) if pow(x**3 + group.B, (Q - 1) // 2, Q) == 1)
    points = {"order-three": ORDER_THREE, "order-three-p": mixed, "off-subgroup": (x, pow(x**3 + group.B, (Q + 1) // 4, Q))}
    return {name: point for name, point in points.items() if point is not None}


def _flags(data: bytes, put: int = 0, clear: int = 0) -> bytes:
    return bytes([(data[0] | put) & ~clear]) + data[1:]


def _little(value: int) -> bytes:
    return value.to_bytes(BYTES, "little")


def _text(point: Affine | None) -> str:
    return "infinity" if point is None else f"{point[0]} {point[1]}"


def _text2(point: twist.Affine2 | None) -> str:
    return "infinity" if point is None else " ".join(str(number) for pair in point for number in pair)


def _case(name: str, kind: str, data: str, value: str | None, why: str, error: str = "") -> Case:
    case: Case = {"name": name, "kind": kind, "bytes": data}
    return case | ({"value": value} if value is not None else {"error": error, "why": why})

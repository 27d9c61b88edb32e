"""Vectors of encodings, whole files: reference strings of 2^2 powers."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Callable

import numpy as np

from .. import safetensors, srs
from ..curve import PY_ECC, curve, encoding, twist
from ..curve.group import Q
from ..curve.fourier import lagrange_points
from ..field import MODULUS

Case = dict[str, Any]
Arrays = dict[str, np.ndarray]
Header = dict[str, Any]

K = 2
PLAIN = curve(PY_ECC)
OUTSIDE = (0, 2)  # of the curve, of order 3


def reference_strings() -> list[Case]:
    """Two sound files, then one fault at a time."""
    arrays = ceremony_arrays()
    local = local_arrays(987654321)
    own_source = dict(source="insecure-local", insecure=True)
    result = [_sound("ceremony", arrays), _sound("insecure-local", local, **own_source), _sound("marked", arrays, "elsewhere", True)]
    result += [_bad(f"points/{name}", whole(change(local), **own_source), error, why) for name, (change, error, why) in POINT_FAULTS.items()]
    result.append(_bad("points/other-tau", whole(local | {"g2": arrays["g2"]}, **own_source), "srs", "points"))
    result += [_bad(f"ceremony/{name}", whole(change(arrays)), "srs", "source") for name, change in SPOOFS.items()]
    result += [
        _bad("source/ceremony-of-another-tau", whole(local), "srs", "source"),
        _bad("source/ceremony-of-another-tau-marked", whole(local, insecure=True), "srs", "source"),
        _bad("source/ceremony-marked-insecure", whole(arrays, insecure=True), "srs", "source"),
    ]
    result += [_bad(f"source/{name}-without-the-mark", whole(arrays, name), "srs", "mark") for name in UNMARKED]
    result += [_bad(f"header/{name}", whole(arrays, edit=edit), "srs", why) for name, (edit, why) in HEADER_FAULTS.items()]
    result += [_bad(f"file/{name}", change(whole(arrays)), "srs", why) for name, (change, why) in FILE_FAULTS.items()]
    return result


def ceremony_arrays() -> Arrays:
    """The tensors of the ceremony's first 2^K powers."""
    ceremony = srs.from_ceremony(K, PLAIN)
    s_g2 = encoding.parse_g2(srs.CEREMONY_S_G2, "tau")
    return srs.arrays_of(PLAIN, ceremony.g1_monomial, ceremony.g1_lagrange, [encoding.write_g2_uncompressed(p) for p in (twist.G2_GENERATOR, s_g2) if p])


def local_arrays(tau: int) -> Arrays:
    """The tensors of a tau that everybody knows."""
    monomial = [PLAIN.multiply(PLAIN.generator(), pow(tau, j, MODULUS)) for j in range(1 << K)]
    g2 = [encoding.write_g2_uncompressed(point) for point in (twist.G2_GENERATOR, twist.multiple(tau))]
    return srs.arrays_of(PLAIN, monomial, lagrange_points(PLAIN, monomial), g2)


def whole(arrays: Arrays, source: str = srs.CEREMONY, insecure: bool = False, edit: Callable[[Header], str] | None = None) -> bytes:
    """A file with these tensors; `edit` makes the header's text."""
    header = srs.header_of(K, source, insecure, arrays)
    return framed({"zkapex": (edit or srs.header_text)(header)}, arrays)


def framed(metadata: dict[str, str], arrays: Arrays) -> bytes:
    """A safetensors file: tensors by name, the table padded to a multiple of 8."""
    table, end = {"__metadata__": metadata}, 0
    for name, array in sorted(arrays.items()):
        table[name] = {"dtype": "U8" if array.dtype == np.uint8 else "I8", "shape": list(array.shape), "data_offsets": [end, end + array.nbytes]}
        end += array.nbytes
    text = json.dumps(table, separators=(",", ":"), sort_keys=True).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + b"".join(array.tobytes() for _, array in sorted(arrays.items()))


def _sound(name: str, arrays: Arrays, source: str = srs.CEREMONY, insecure: bool = False) -> Case:
    digest = hashlib.sha256(srs.header_text(srs.header_of(K, source, insecure, arrays)).encode()).hexdigest()
    value = {"k": str(K), "source": source, "insecure": insecure, "digest": digest}
    return {"name": f"sound/{name}", "kind": "srs", "bytes": whole(arrays, source, insecure).hex(), "value": value}


def _bad(name: str, data: bytes, error: str, why: str) -> Case:
    return {"name": name, "kind": "srs", "bytes": data.hex(), "error": error, "why": why}


def _with(tensor: str, row: int, data: bytes) -> Callable[[Arrays], Arrays]:
    """The same tensors but for one row."""

    def change(arrays: Arrays) -> Arrays:
        altered = arrays[tensor].copy()
        altered[row] = np.frombuffer(data, np.uint8)
        return arrays | {tensor: altered}

    return change


def _copied(tensor: str, row: int, source: int) -> Callable[[Arrays], Arrays]:
    return lambda arrays: _with(tensor, row, arrays[tensor][source].tobytes())(arrays)


def _swapped(tensor: str, one: int = 0, two: int = 1) -> Callable[[Arrays], Arrays]:
    return lambda arrays: _with(tensor, two, arrays[tensor][one].tobytes())(_copied(tensor, one, two)(arrays))


INFINITY = encoding.write_g1_uncompressed(None)
GENERATOR = encoding.write_g1_uncompressed(PLAIN_GENERATOR := PLAIN.generator()[:2])

POINT_FAULTS: dict[str, tuple[Callable[[Arrays], Arrays], str, str]] = {
    "infinity": (_with("g1_monomial", 3, INFINITY), "point", "infinity"),
    "lagrange-infinity": (_with("g1_lagrange", 0, INFINITY), "point", "infinity"),
    "off-curve": (_with("g1_monomial", 2, GENERATOR[:-1] + bytes([GENERATOR[-1] ^ 1])), "point", "curve"),
    "lagrange-not-canonical": (_with("g1_lagrange", 1, Q.to_bytes(48, "big") + GENERATOR[48:]), "point", "canonical"),
    "compressed-in-96": (_with("g1_lagrange", 1, encoding.write_g1(PLAIN_GENERATOR) + bytes(48)), "point", "flag"),
    "first-is-not-the-generator": (_swapped("g1_monomial"), "srs", "points"),
    "second-is-not-tau": (_copied("g1_monomial", 1, 2), "srs", "points"),
    "powers-swapped": (_swapped("g1_monomial", 2, 3), "srs", "points"),
    "last-power-changed": (lambda arrays: _with("g1_monomial", 3, arrays["g1_lagrange"][3].tobytes())(arrays), "srs", "points"),
    "off-subgroup": (_with("g1_monomial", 3, encoding.write_g1_uncompressed(OUTSIDE)), "point", "subgroup"),
    "lagrange-repeated": (_copied("g1_lagrange", 1, 2), "srs", "points"),
    "lagrange-swapped": (_swapped("g1_lagrange"), "srs", "points"),
    "lagrange-off-subgroup": (_with("g1_lagrange", 2, encoding.write_g1_uncompressed(OUTSIDE)), "point", "subgroup"),
    "g2-swapped": (_swapped("g2"), "srs", "points"),
    "g2-infinity": (_with("g2", 1, bytes([0x40]) + bytes(191)), "point", "infinity"),
    "g2-off-curve": (_with("g2", 1, encoding.write_g2_uncompressed(((1, 0), (1, 0)))), "point", "curve"),
}

#: Faults in the ceremony's own points: its name goes with its digest alone.
SPOOFS: dict[str, Callable[[Arrays], Arrays]] = {
    "lagrange-swapped": _swapped("g1_lagrange", 1, 3),
    "powers-swapped": _swapped("g1_monomial", 2, 3),
    "power-changed": _copied("g1_monomial", 3, 2),
}
#: Sources that need the mark: neither the shipped ceremony nor, at this size, an import.
UNMARKED = ("insecure-local", "ceremony-4", "ceremony-4096", "Ethereum-kzg-4096", "")


def _set(**changes: Any) -> Callable[[Header], str]:
    return lambda header: srs.header_text({name: value for name, value in (header | changes).items() if value is not None})


def _tensor_entry(tensor: str, **changes: Any) -> Callable[[Header], str]:
    return lambda header: srs.header_text(header | {"tensors": header["tensors"] | {tensor: header["tensors"][tensor] | changes}})


HEADER_FAULTS: dict[str, tuple[Callable[[Header], str], str]] = {
    "k-of-another-size": (_set(k="3"), "format"),
    "k-with-zero": (_set(k="02"), "format"),
    "k-zero": (_set(k="0"), "format"),
    "k-too-large": (_set(k="21"), "format"),
    "k-a-number": (_set(k=2), "format"),
    "k-missing": (_set(k=None), "format"),
    "insecure-missing": (_set(insecure=None), "format"),
    "insecure-a-word": (_set(insecure="false"), "format"),
    "source-a-list": (_set(source=["ethereum-kzg-4096"]), "format"),
    "unknown-field": (_set(tau="1"), "format"),
    "other-format": (_set(format="zkapex.points"), "format"),
    "other-version": (_set(version="2"), "format"),
    "digest-of-a-tensor": (_tensor_entry("g2", sha256="00" * 32), "digest"),
    "digest-in-capitals": (lambda header: _tensor_entry("g2", sha256=header["tensors"]["g2"]["sha256"].upper())(header), "format"),
    "shape-of-a-tensor": (_tensor_entry("g2", shape=["1", "384"]), "format"),
    "dtype-of-a-tensor": (_tensor_entry("g2", dtype="I8"), "format"),
    "blank": (lambda header: srs.header_text(header).replace(":", ": ", 1), "canonical"),
    "keys-not-sorted": (lambda header: json.dumps(dict(reversed(header.items())), separators=(",", ":")), "canonical"),
    "key-twice": (lambda header: '{"format":"zkapex.srs",' + srs.header_text(header)[1:], "canonical"),
    "escape-that-is-not-needed": (lambda header: srs.header_text(header).replace("ethereum", "\\u0065thereum"), "canonical"),
    "no-json": (lambda header: srs.header_text(header)[:-1], "format"),
    "a-list": (lambda header: "[]", "format"),
}


def _with_metadata(data: bytes, change: Callable[[dict[str, str], Arrays], tuple[dict[str, str], Arrays]]) -> bytes:
    tensors, metadata = safetensors.parse(data)
    return framed(*change(metadata, tensors))


FILE_FAULTS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda data: b"", "format"),
    "header-alone": (lambda data: data[: 8 + int.from_bytes(data[:8], "little")], "format"),
    "truncated": (lambda data: data[:-1], "format"),
    "trailing-byte": (lambda data: data + b"\0", "format"),
    "header-past-the-end": (lambda data: (1 << 40).to_bytes(8, "little") + data[8:], "format"),
    "point-altered": (lambda data: data[:-200] + bytes([data[-200] ^ 1]) + data[-199:], "digest"),
    "no-zkapex-header": (lambda data: _with_metadata(data, lambda metadata, tensors: ({}, tensors)), "format"),
    "second-metadata": (lambda data: _with_metadata(data, lambda metadata, tensors: (metadata | {"signature": "00" * 64}, tensors)), "format"),
    "tensor-missing": (lambda data: _with_metadata(data, lambda metadata, tensors: (metadata, _without(tensors, "g2"))), "format"),
    "tensor-unknown": (lambda data: _with_metadata(data, lambda metadata, tensors: (metadata, tensors | {"g3": tensors["g2"]})), "format"),
    "tensor-signed": (lambda data: _with_metadata(data, lambda metadata, tensors: (metadata, tensors | {"g2": tensors["g2"].view(np.int8)})), "format"),
}


def _without(tensors: Arrays, name: str) -> Arrays:
    return {other: array for other, array in tensors.items() if other != name}

"""The structured reference string: powers tau^i·G of a secret nobody knows, their Lagrange form, and tau·H.

`read` takes the file that the Rust program writes, `from_ceremony` the Ethereum ceremony's powers that ship with it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import safetensors
from .commitment import Srs as Srs
from .curve import Curve, Point, Point2
from .curve.encoding import COORDINATE, parse_g1, parse_g2, write_g2_uncompressed
from .curve.fourier import lagrange_points
from .curve.twist import G2_GENERATOR
from .errors import PointError, SpecError, SrsError, TablesError, WitnessError
from .srs_checks import CEREMONY as CEREMONY
from .srs_checks import CEREMONY_DIGESTS, check_points, check_source, is_shipped
from .strict_json import fields, flag, integer, load

_BESIDE = Path(__file__).resolve().parent / "data" / CEREMONY
#: A wheel carries the points beside this file; a checkout has them once, in the prover's folder.
CEREMONY_DATA = _BESIDE if _BESIDE.is_dir() else Path(__file__).resolve().parents[1] / "prover" / "data" / CEREMONY
CEREMONY_MAX_K = len(CEREMONY_DIGESTS)
MAX_K = 20
G1_BYTES, G2_BYTES = 2 * COORDINATE, 4 * COORDINATE
#: tau·H of the ceremony.
CEREMONY_S_G2 = bytes.fromhex(
    "b5bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d2914e5870cb452d2afaaab24f3499f72"
    "185cbfee53492714734429b7b38608e23926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2"
)


def read(path: Path, curve: Curve) -> Srs:
    """The reference string in a file of kind `srs` (docs/formats.md). Raises SrsError or PointError naming the file.

    Checked: the form of the file, the digest of each tensor, and whether its source may go without the mark of insecurity;
    then, unless the digest is that of the shipped ceremony, every point: encoded canonically, of the curve, in the subgroup,
    and all of them together as `check_points` says. That takes 1 to 3 ms for each of the 2^k rows.
    """
    try:
        return parse(path.read_bytes(), curve)
    except OSError as error:
        raise SrsError("cannot be read", file=str(path), value=error.strerror) from error
    except SpecError as error:
        raise error.in_file(str(path))


def parse(data: bytes, curve: Curve) -> Srs:
    """As `read`, from the bytes of a file."""
    try:
        header, arrays = _parts(data)
    except (WitnessError, TablesError) as error:
        raise SrsError(error.message, field=error.field, value=error.value) from error
    except UnicodeEncodeError as error:
        raise SrsError("not text", field="header", value=str(error)) from error
    k, source, insecure = int(header["k"]), header["source"], header["insecure"]
    digest = hashlib.sha256(header_text(header).encode()).digest()
    check_source(k, digest, source, insecure)
    shipped = is_shipped(k, digest)
    monomial, lagrange = (_points(arrays[name], name, curve, subgroup=not shipped) for name in ("g1_monomial", "g1_lagrange"))
    g2 = [row.tobytes() for row in arrays["g2"]]
    srs = Srs(k, digest, source, insecure, monomial, lagrange, *(_point_g2(row, f"g2[{i}]", curve) for i, row in enumerate(g2)), curve)
    if not shipped:
        _check(srs, g2)
    return srs


def _parts(data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """(header, tensors) of a file, the one checked against the other."""
    tensors, metadata = safetensors.parse(data)
    if set(metadata) != {"zkapex"}:
        raise SrsError("metadata holds the header alone", field="__metadata__", value=sorted(metadata))
    header = fields(load(metadata["zkapex"].encode()), {"format", "insecure", "k", "source", "tensors", "version"}, "")
    k, insecure = integer(header["k"], "k", 1, MAX_K + 1), flag(header["insecure"], "insecure")
    if not isinstance(header["source"], str):
        raise SrsError("a string is needed", field="source", value=header["source"])
    arrays = _arrays(k, tensors)
    _compare(header, header_of(k, header["source"], insecure, arrays))
    return header, arrays


def _compare(found: Mapping[str, Any], wanted: Mapping[str, Any], where: str = "") -> None:
    """Refuses a header that is not the one that the tensors have, and names where."""
    for name, value in wanted.items():
        if isinstance(value, dict):
            _compare(fields(found[name], set(value), f"{where}{name}"), value, f"{where}{name}.")
        elif found[name] != value:
            raise SrsError(f"must be {value}", field=f"{where}{name}", value=found[name])


def header_of(k: int, source: str, insecure: bool, arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The header of a file with these tensors (docs/formats.md)."""
    entries = {
        name: {"dtype": "U8", "sha256": hashlib.sha256(array.tobytes()).hexdigest(), "shape": [str(size) for size in array.shape]}
        for name, array in arrays.items()
    }
    return {"format": "zkapex.srs", "insecure": insecure, "k": str(k), "source": source, "tensors": entries, "version": "1"}


def header_text(header: Mapping[str, Any]) -> str:
    """Canonical JSON; its SHA-256 is the digest of the reference string."""
    return json.dumps(header, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _arrays(k: int, tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    shapes = {"g1_monomial": (1 << k, G1_BYTES), "g1_lagrange": (1 << k, G1_BYTES), "g2": (2, G2_BYTES)}
    if set(tensors) != set(shapes):
        raise SrsError(f"must be {', '.join(sorted(shapes))}", field="tensors", value=sorted(tensors))
    for name, shape in shapes.items():
        if tensors[name].dtype != np.uint8 or tensors[name].shape != shape:
            raise SrsError(f"must be U8 {list(shape)}", field=name, value=(str(tensors[name].dtype), tensors[name].shape))
    return tensors


def _points(array: np.ndarray, name: str, curve: Curve, *, subgroup: bool) -> list[Point]:
    """Points on the curve, none at infinity, which no power of a sound tau is."""
    points = []
    for index, row in enumerate(array):
        point = parse_g1(row.tobytes(), f"{name}[{index}]", subgroup=subgroup)
        if point is None:
            raise PointError("a point of a reference string cannot be at infinity", field=f"{name}[{index}]")
        points.append(curve.from_affine(*point))
    return points


def _point_g2(data: bytes, what: str, curve: Curve) -> Point2:
    if parse_g2(data, what) is None:
        raise PointError("a point of a reference string cannot be at infinity", field=what)
    return curve.decode_g2(data, what)


def _check(srs: Srs, g2: Sequence[bytes]) -> None:
    """All points together. An encoding is unique, so the generator of G2 is compared as bytes."""
    if g2[0] != write_g2_uncompressed(G2_GENERATOR):
        raise SrsError("the first point is not the generator", field="g2")
    check_points(srs)


def _uncompressed_g2(data: bytes, what: str) -> bytes:
    point = parse_g2(data, what)
    if point is None:
        raise PointError("a point of a reference string cannot be at infinity", field=what)
    return write_g2_uncompressed(point)


def from_ceremony(k: int, curve: Curve) -> Srs:
    """The first 2^k powers of the ceremony, 1 <= k <= 12, with the digest of their file. Raises SrsError, PointError.

    Fully checked, as `read` does, and its digest too. The Lagrange form is computed with k·2^(k-1) multiplications: seconds at
    k = 8 in plain Python.
    """
    if not 1 <= k <= CEREMONY_MAX_K:
        raise SrsError(f"the ceremony serves k from 1 to {CEREMONY_MAX_K}", field="k", value=k)
    monomial = [curve.decode(data, f"g1_monomial[{i}]") for i, data in enumerate(_ceremony_points("g1_monomial.bin", COORDINATE, 1 << k))]
    g2 = [_uncompressed_g2(data, f"g2[{i}]") for i, data in enumerate(_ceremony_points("g2_monomial.bin", 2 * COORDINATE, 2))]
    lagrange = lagrange_points(curve, monomial)
    arrays = arrays_of(curve, monomial, lagrange, g2)
    digest = hashlib.sha256(header_text(header_of(k, CEREMONY, False, arrays)).encode()).digest()
    srs = Srs(k, digest, CEREMONY, False, monomial, lagrange, *(curve.decode_g2(data, "g2") for data in g2), curve)
    _check(srs, g2)
    if not is_shipped(k, digest):
        raise SrsError("the data are not those of the ceremony", field="digest", value=digest.hex())
    return srs


def _ceremony_points(file: str, size: int, count: int) -> list[bytes]:
    path = CEREMONY_DATA / file
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SrsError("cannot be read", file=str(path), value=error.strerror) from error
    if len(data) < count * size:
        raise SrsError(f"{count} points take {count * size} bytes", file=str(path), value=len(data))
    return [data[i * size : (i + 1) * size] for i in range(count)]


def arrays_of(curve: Curve, monomial: Sequence[Point], lagrange: Sequence[Point], g2: Sequence[bytes]) -> dict[str, np.ndarray]:
    """The tensors of a file with these points; those of G2 as 192 bytes each."""
    return {
        "g1_monomial": _rows([curve.encode_uncompressed(point) for point in monomial]),
        "g1_lagrange": _rows([curve.encode_uncompressed(point) for point in lagrange]),
        "g2": _rows(g2),
    }


def _rows(points: Sequence[bytes]) -> np.ndarray:
    return np.frombuffer(b"".join(points), np.uint8).reshape(len(points), -1)

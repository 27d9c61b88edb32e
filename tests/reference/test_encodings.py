"""The vectors of encodings, each judged by the readers of the reference prover."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from reference_prover import field, srs
from reference_prover.curve import ARKWORKS, PY_ECC, Curve, curve, decode_hiding, encoding
from reference_prover.errors import SpecError

VECTORS = Path(__file__).parents[2] / "vectors" / "encodings"
Case = dict[str, Any]
WHY = {
    ("field", "canonical"): r"must lie in \[0, p\)",
    ("field", "length"): "takes 32 bytes",
    ("field", "format"): "decimal string",
    ("srs", "points"): "generator|powers of one tau|belong to the powers",
    ("srs", "source"): "its digest is another",
    ("srs", "mark"): "must be marked insecure",
    ("srs", "canonical"): "canonical JSON",
    ("srs", "digest"): "tensors.g2.sha256",
}


def load(name: str) -> list[Case]:
    cases = json.loads((VECTORS / name).read_text())
    assert max(Counter(case["name"] for case in cases).values()) == 1
    return cases


def named(name: str) -> Any:
    return pytest.mark.parametrize("case", load(name), ids=lambda case: case["name"])


@pytest.fixture(scope="module", params=[PY_ECC, ARKWORKS])
def backend(request: pytest.FixtureRequest) -> Curve:
    if request.param == ARKWORKS:
        pytest.importorskip("py_arkworks_bls12381")
    return curve(request.param)


def judge(case: Case, read: Any) -> None:
    """`read` gives the value of the case, or raises an error of its class that names the reason."""
    if "value" in case:
        assert read() == case["value"]
        return
    with pytest.raises(SpecError) as refusal:
        read()
    error = refusal.value
    assert error.code == case["error"], error
    pattern = WHY.get((case["error"], case["why"]), case["why"] if case["error"] == "point" else "")
    assert re.search(pattern, str(error)), error


@named("scalars.json")
def test_scalars(case: Case) -> None:
    if case["kind"] == "scalar":
        judge(case, lambda: str(field.from_bytes(bytes.fromhex(case["bytes"]))))
    else:
        judge(case, lambda: str(field.parse(case["bytes"])))


def numbers(case: Case, data: bytes) -> str:
    """What the bytes say, whatever the backend."""
    if case["kind"].startswith("g2"):
        point = encoding.parse_g2(data, "case")
        return "infinity" if point is None else " ".join(str(number) for pair in point for number in pair)
    point = encoding.parse_g1(data, "case")
    return "infinity" if point is None else f"{point[0]} {point[1]}"


@named("points.json")
def test_points(case: Case, backend: Curve) -> None:
    """The backend decodes what the reader of bytes reads, and writes the same bytes again."""
    data = bytes.fromhex(case["bytes"])

    def read() -> str:
        if case["kind"].startswith("g2"):
            backend.decode_g2(data, "case")
        else:
            point = decode_hiding(backend, data, "case") if case["kind"] == "g1_hiding" else backend.decode(data, "case")
            assert (backend.encode_uncompressed(point) if case["kind"] == "g1_uncompressed" else backend.encode(point)) == data
        return numbers(case, data)

    judge(case, read)


@named("srs.json")
def test_reference_strings(case: Case) -> None:
    """By the default backend: `test_srs.py` reads the sound files by both."""

    def read() -> Case:
        found = srs.parse(bytes.fromhex(case["bytes"]), curve())
        return {"k": str(found.k), "source": found.source, "insecure": found.insecure, "digest": found.digest.hex()}

    judge(case, read)


def test_every_reason_occurs() -> None:
    reasons = Counter((case.get("error"), case.get("why")) for name in ("scalars.json", "points.json", "srs.json") for case in load(name))
    point = {("point", why) for why in ("length", "flag", "canonical", "curve", "subgroup", "infinity")}
    assert point | set(WHY) | {(None, None), ("srs", "format")} == set(reasons)

"""Readers of artefacts meet hostile headers: whatever stands in a field, what comes out is a typed value or one SpecError."""

from __future__ import annotations

import hashlib
import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_prover import containers
from reference_prover import tables as table_format
from reference_prover.artefacts import Bundle, Enrolment, EnrolmentProof, State
from reference_prover.artefacts_provider import Base, Request
from reference_prover.errors import ArtefactError
from reference_prover.layout import of_enrolment_tables, of_tables
from zkapex_jax.formats.container_writer import write_container

TABLES = Path(__file__).parents[2] / "vectors" / "tables"
ONLINE, ENROL = of_tables(table_format.read(TABLES / "toy.tables.json")), of_enrolment_tables(table_format.read(TABLES / "enrol-toy.tables.json"))
P, N, K, D = ONLINE.lanes, ONLINE.client_rows, ONLINE.forget_rows, 20
THETA = np.arange(D, dtype=np.int32)
MADE = {"preset": "toy", "tables_digest": "11" * 32, "srs_digest": "22" * 32}
LAYOUT = {"pattern": "*", "tensors": [{"path": "a/b", "shape": ["4", "5"]}], "weights": str(D), "chunks": [str(D)]}
MODEL = {"name": "digits", "architecture": "vit", "base_digest": hashlib.sha256(b"zkapex.base/1\0" + THETA.tobytes()).hexdigest()}
SHARED = MADE | {"layout": LAYOUT, "model": MODEL, "srs_insecure": False, "created": "2026-01-31T12:00:00Z"}
DIGESTS = {name: "33" * 32 for name in ("enrolment_digest", "request_digest", "state_digest")}
POINTS = lambda *shape: np.zeros((*shape, 48), np.uint8)
MASK = np.array([1, 0, 0], np.uint8)
MESSAGE = {"proof.00000": np.zeros(9, np.uint8)}

#: kind -> (reader, layout, header fields, tensors)
KINDS: dict[str, tuple[Any, Any, dict[str, Any], dict[str, np.ndarray]]] = {
    "enrolment": (
        Enrolment, ONLINE, SHARED | {"client_id": "c", "gamma": ["12"], "fixed_point_bits": "16", "nonce": "44" * 32},
        {"c_theta": POINTS(1, P), "c_gradients": POINTS(1, N, P)},
    ),
    "state": (
        State, ONLINE, {"client_id": "c", "enrolment_digest": "33" * 32, "position": "0", "head": "44" * 32, "layout": LAYOUT},
        {"c_theta": POINTS(1, P), "cumulative": MASK},
    ),
    "bundle": (Bundle, ONLINE, MADE | DIGESTS | {"client_id": "c", "insecure": True, "chunks": ["0"]}, MESSAGE),
    "enrolment-proof": (
        EnrolmentProof, ENROL,
        {"client_id": "c", "preset": "toy", "srs_digest": "22" * 32, "enrolment_digest": "33" * 32, "base_digest": "33" * 32, "state_digest": "",
         "enrol_tables_digest": "33" * 32, "insecure": True, "chunks": ["0"]}, MESSAGE,
    ),
    "request": (
        Request, ONLINE,
        SHARED | {"request_id": "r", "nonce": "44" * 32, "forget": "", "rules": {"t1": "gamma^2*d/8", "t2": "32*rows*gamma"}, "touched": ["0"], "budget": ["5"],
                  "signer": "00" * 32},
        {"mask": MASK, "h.00000": np.zeros((K, D), np.int8), "c_free": POINTS(1, P), "c_forget": POINTS(1, K, P)},
    ),
    "base": (
        Base, ENROL, SHARED | {"enrol_tables_digest": "33" * 32, "distance": ["5"], "signer": "00" * 32}, {"theta0": THETA, "c_base": POINTS(1, P)},
    ),
}  # fmt: skip
SIGNED = ("request", "base")
STRANGE = st.sampled_from([True, False, "", "0", "-0", "-1", "01", "1" * 70, "9" * 90, "é", "\n", "a/../b", "ff" * 32, "FF" * 32, [], ["0"], ["1", "1"], [[]], {}, {"a": "b"}])


@pytest.fixture(autouse=True)
def any_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in signature holds, so that the fields behind it are read."""
    monkeypatch.setattr("reference_prover.artefacts_provider.signed", lambda *_: True)


def write(path: Path, kind: str, fields: dict[str, Any], tensors: dict[str, np.ndarray]) -> Path:
    write_container(path, kind, fields, tensors, sign=(lambda _: bytes(64)) if kind in SIGNED else None, force=True)
    return path


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """Every place in nested data, as a path of keys."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [place for key, item in inner for place in places(item, (*path, key))]


@pytest.mark.parametrize("kind", KINDS)
def test_a_plain_file_is_read(tmp_path: Path, kind: str) -> None:
    reader, layout, fields, tensors = KINDS[kind]
    assert reader.read(write(tmp_path / "file", kind, fields, tensors), layout).file.digest


@pytest.mark.parametrize("kind", KINDS)
def test_strange_values_are_errors_or_other_values(tmp_path_factory: pytest.TempPathFactory, kind: str) -> None:
    reader, layout, fields, tensors = KINDS[kind]
    path, refused = tmp_path_factory.mktemp("files") / "file", []

    @settings(max_examples=60)
    @given(st.sampled_from(places(fields)), STRANGE)
    def each(place: tuple, value: Any) -> None:
        changed = deepcopy(fields)
        inner = changed
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = value
        try:
            assert reader.read(write(path, kind, changed, tensors), layout).file.fields.values == changed
        except ArtefactError as error:
            assert error.file == str(path) and error.field
            refused.append(place)

    each()
    assert len(refused) > 20


@pytest.mark.parametrize("kind", KINDS)
def test_each_field_and_each_tensor_is_needed(tmp_path: Path, kind: str) -> None:
    reader, layout, fields, tensors = KINDS[kind]
    for name in fields:
        rest = {one: value for one, value in fields.items() if one != name}
        with pytest.raises(ArtefactError, match="missing"):
            reader.read(write(tmp_path / "file", kind, rest, tensors), layout)
    for name, array in tensors.items():
        others = {one: value for one, value in tensors.items() if one != name}
        for changed in (others, tensors | {name: array[:0]}, tensors | {name: array.astype(np.int64)}, tensors | {f"{name}x": array}):
            with pytest.raises(ArtefactError):
                reader.read(write(tmp_path / "file", kind, fields, changed), layout)


@pytest.mark.parametrize("kind", KINDS)
def test_another_kind_or_version_is_an_error(tmp_path: Path, kind: str) -> None:
    reader, layout, fields, tensors = KINDS[kind]
    with pytest.raises(ArtefactError, match=f"must be zkapex.{kind}"):
        reader.read(write(tmp_path / "file", "update", fields, tensors), layout)
    data = write(tmp_path / "file", kind, fields, tensors).read_bytes()
    (tmp_path / "file").write_bytes(data.replace(rb"\"version\":\"1\"", rb"\"version\":\"2\""))
    with pytest.raises(ArtefactError, match="must be 1"):
        reader.read(tmp_path / "file", layout)


def framed(header: str, metadata: dict[str, str] | None = None) -> bytes:
    """A safetensors file without tensors whose metadata holds this header."""
    text = json.dumps({"__metadata__": {"zkapex": header} | (metadata or {})}).encode()
    return len(text).to_bytes(8, "little") + text


HEADERS = {
    "not JSON": "{",
    "no object": "[]",
    "a number": '{"a":1}',
    "null": '{"format":null,"tensors":{},"version":"1"}',
    "a key twice": '{"format":"zkapex.state","format":"zkapex.state","tensors":{},"version":"1"}',
    "keys out of order": '{"version":"1","format":"zkapex.state","tensors":{}}',
    "an escape that is not needed": '{"\\u0061":"b"}',
    "nested too deep": '{"a":' + "[" * 80 + "]" * 80 + ',"format":"zkapex.state","tensors":{},"version":"1"}',
    "nested far too deep": "[" * 100_000,
    "half a surrogate": '{"a":"\ud800"}',
    "a tensor that is not there": '{"format":"zkapex.state","tensors":{"x":{"dtype":"U8","sha256":"' + "00" * 32 + '","shape":["0"]}},"version":"1"}',
    "no tensors": '{"format":"zkapex.state","version":"1"}',
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers_that_are_not_of_the_form_are_errors(name: str) -> None:
    with pytest.raises(ArtefactError) as caught:
        containers.parse(framed(HEADERS[name]), "state", "file")
    assert caught.value.file == "file"


@pytest.mark.parametrize("metadata", [{"signature": "00" * 63}, {"signature": "AB" * 64}, {"more": ""}])
def test_metadata_holds_nothing_else(metadata: dict[str, str]) -> None:
    with pytest.raises(ArtefactError):
        containers.parse(framed('{"format":"zkapex.state","tensors":{},"version":"1"}', metadata), "state", "file")
    assert containers.parse(framed('{"format":"zkapex.state","tensors":{},"version":"1"}', {"signature": "ab" * 64}), "state", "file").signature

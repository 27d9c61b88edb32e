"""The artefact container: what is written reads back; whatever is altered is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors import safe_open
from safetensors.numpy import save_file

from zkapex_jax.errors import InputError, StorageError
from zkapex_jax.formats import canonical
from zkapex_jax.formats.container import SIGNATURE_CONTEXT, open_container
from zkapex_jax.formats.container_writer import write_container
from zkapex_jax.formats.tensors import LazyTensor, TensorSpec

ARRAYS = st.sampled_from(["u1", "i1", "<i4", "<i8"]).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5))
)
NAMES = st.text("abcxyz.0_", min_size=1, max_size=8)
TENSORS = {"a": np.arange(6, dtype=np.int32).reshape(2, 3), "b": np.arange(5, dtype=np.uint8), "c": np.array([-1, 1 << 40])}


@pytest.fixture
def artefact(tmp_path: Path) -> Path:
    write_container(tmp_path / "x", "state", {"position": 3, "names": ["p", "q"]}, TENSORS)
    return tmp_path / "x"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(tensors=st.dictionaries(NAMES, ARRAYS, max_size=4))
def test_round_trip(tmp_path: Path, tensors: dict[str, np.ndarray]) -> None:
    digest = write_container(tmp_path / "x", "state", {"n": len(tensors)}, tensors, force=True)
    container = open_container(tmp_path / "x", "state")
    container.verify_all()
    assert container.digest == digest and container.fields["n"] == str(len(tensors))
    for name, array in tensors.items():
        assert container.tensor(name).dtype == array.dtype
        np.testing.assert_array_equal(container.tensor(name), array)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(tensors=st.dictionaries(NAMES, ARRAYS, min_size=1, max_size=4))
def test_the_safetensors_library_reads_the_same(tmp_path: Path, tensors: dict[str, np.ndarray]) -> None:
    write_container(tmp_path / "x", "state", {}, tensors, force=True)
    with safe_open(tmp_path / "x", "numpy") as file:
        assert set(file.keys()) == set(tensors)
        assert hashlib.sha256(file.metadata()["zkapex"].encode()).hexdigest() == open_container(tmp_path / "x").digest
        for name, array in tensors.items():
            np.testing.assert_array_equal(file.get_tensor(name), array)


def test_we_read_what_the_library_writes(tmp_path: Path, artefact: Path) -> None:
    with safe_open(artefact, "numpy") as file:
        save_file({name: file.get_tensor(name) for name in file.keys()}, tmp_path / "y", file.metadata())  # noqa: SIM118
    again = open_container(tmp_path / "y", "state")
    again.verify_all()
    assert again.digest == open_container(artefact).digest


def test_lazy_tensors_equal_whole_ones(tmp_path: Path) -> None:
    rows = np.arange(12, dtype=np.int8).reshape(4, 3)
    lazy = LazyTensor(TensorSpec("I8", (4, 3)), lambda: iter([rows[:1], rows[1:]]))
    assert write_container(tmp_path / "a", "state", {}, {"r": rows}) == write_container(tmp_path / "b", "state", {}, {"r": lazy})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("piece", [np.zeros((3, 3), np.int8), np.zeros((4, 3), np.int32), np.zeros((5, 3), np.int8)])
def test_lazy_tensors_of_another_size_or_type(tmp_path: Path, piece: np.ndarray) -> None:
    lazy = LazyTensor(TensorSpec("I8", (4, 3)), lambda: iter([piece]))
    with pytest.raises(InputError):
        write_container(tmp_path / "a", "state", {}, {"r": lazy})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "array", [np.zeros(2, np.float32), np.zeros(2, bool), np.zeros(2, np.uint64), np.array("x"), np.zeros((1,) * 5, np.int8)]
)
def test_other_types_are_not_written(tmp_path: Path, array: np.ndarray) -> None:
    with pytest.raises(InputError):
        write_container(tmp_path / "a", "state", {}, {"r": array})
    assert list(tmp_path.iterdir()) == []


def test_signature_covers_the_final_header(tmp_path: Path) -> None:
    signed = []

    def sign(header: bytes) -> bytes:
        signed.append(header)
        return hashlib.sha512(SIGNATURE_CONTEXT + header).digest()

    write_container(tmp_path / "x", "request", {}, TENSORS, sign=sign)
    container = open_container(tmp_path / "x")
    assert container.header == signed[-1]
    assert container.signature == hashlib.sha512(SIGNATURE_CONTEXT + container.header).digest()


def test_nothing_is_overwritten(artefact: Path) -> None:
    before = artefact.read_bytes()
    with pytest.raises(StorageError, match="already exists"):
        write_container(artefact, "state", {}, {})
    assert artefact.read_bytes() == before


@pytest.mark.parametrize("kind", ["enrolment", "request"])
def test_wrong_kind(artefact: Path, kind: str) -> None:
    with pytest.raises(InputError, match=f"must be a zkapex.{kind}") as caught:
        open_container(artefact, kind)
    assert caught.value.file == str(artefact) and caught.value.field == "format"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(where=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_any_altered_byte_is_refused_or_changes_the_digest(tmp_path: Path, where: float, flip: int) -> None:
    """A flipped byte is refused, or makes another artefact by digest, or sits in spelling that carries nothing."""
    target = tmp_path / "x"
    digest = write_container(target, "state", {"position": 3}, TENSORS, force=True)
    data = bytearray(target.read_bytes())
    data[int(where * len(data))] ^= flip
    target.write_bytes(data)
    try:
        container = open_container(target, "state")
        container.verify_all()
    except InputError as error:
        assert error.file == str(target)
        return
    for name, array in TENSORS.items() if container.digest == digest else ():
        np.testing.assert_array_equal(container.tensor(name), array)


@pytest.mark.parametrize("keep", [0, 1, 7, 8, 9, 50, 200, -1, -8])
def test_truncated(artefact: Path, keep: int) -> None:
    artefact.write_bytes(artefact.read_bytes()[:keep])
    with pytest.raises(InputError) as caught:
        open_container(artefact, "state").verify_all()
    assert caught.value.file == str(artefact)


def rewrite(path: Path, change: Callable[[dict[str, Any], dict[str, Any]], None]) -> None:
    """Rewrite an artefact's two headers as an attacker would, consistently in length."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    outer = json.loads(data[8 : 8 + length])
    inner = json.loads(outer["__metadata__"]["zkapex"])
    change(outer, inner)
    if isinstance(outer.get("__metadata__"), dict):
        outer["__metadata__"]["zkapex"] = canonical.dumps(inner).decode() if inner.get("spelling") is None else json.dumps(inner)
    text = json.dumps(outer).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])


HEADER_LIES: dict[str, tuple[Callable[[dict[str, Any], dict[str, Any]], Any], str]] = {
    "kind of nobody": (lambda o, i: i.update(format="other"), "names no artefact kind"),
    "kind is missing": (lambda o, i: i.pop("format"), "names no artefact kind"),
    "newer version": (lambda o, i: i.update(version="2"), "only version 1"),
    "no header": (lambda o, i: o.pop("__metadata__"), "no zkapex artefact"),
    "extra metadata": (lambda o, i: o["__metadata__"].update(more="x"), "no zkapex artefact"),
    "metadata is no object": (lambda o, i: o.update(__metadata__=["zkapex"]), "map names to text"),
    "short signature": (lambda o, i: o["__metadata__"].update(signature="00"), "128 hex digits"),
    "no tensor list": (lambda o, i: i.pop("tensors"), "declare its tensors"),
    "declared but absent": (lambda o, i: i["tensors"].update(z=i["tensors"]["a"]), "differs from what the header declares"),
    "present but undeclared": (lambda o, i: i["tensors"].pop("a"), "differs from what the header declares"),
    "other dtype declared": (lambda o, i: i["tensors"]["a"].update(dtype="I8"), "differs from what the header declares"),
    "other shape declared": (lambda o, i: i["tensors"]["a"].update(shape=["3", "2"]), "differs from what the header declares"),
    "huge shape declared": (lambda o, i: i["tensors"]["a"].update(shape=["1099511627777"]), "between 0 and"),
    "overflowing shape": (lambda o, i: i["tensors"]["a"].update(shape=["1099511627776"] * 2), "out of range"),
    "number for a shape": (lambda o, i: i["tensors"]["a"].update(shape="6"), "dtype, shape and sha256"),
    "dtype outside the format": (lambda o, i: i["tensors"]["a"].update(dtype="F32"), "dtype must be one of"),
    "no hash": (lambda o, i: i["tensors"]["a"].pop("sha256"), "dtype, shape and sha256"),
    "hash is no hex": (lambda o, i: i["tensors"]["a"].update(sha256="g" * 64), "64 hex digits"),
    "other hash": (lambda o, i: i["tensors"]["a"].update(sha256="0" * 64), "do not match their SHA-256"),
    "overlapping tensors": (lambda o, i: o["a"].update(data_offsets=[0, 24]), "do not fit its shape"),
    "offset beyond the file": (lambda o, i: o["b"].update(data_offsets=[40, 1 << 50]), "no natural number"),
    "negative offset": (lambda o, i: o["b"].update(data_offsets=[-5, 0]), "no natural number"),
    "shape is not whole": (lambda o, i: o["b"].update(shape=[2.5]), "no natural number"),
    "shape and bytes disagree": (lambda o, i: o["b"].update(shape=[4]), "do not fit its shape"),
    "not canonical": (lambda o, i: i.update(spelling="loose"), "canonical form"),
}


@pytest.mark.parametrize("lie", HEADER_LIES)
def test_headers_that_lie(artefact: Path, lie: str) -> None:
    change, words = HEADER_LIES[lie]
    rewrite(artefact, lambda outer, inner: change(outer, inner) and None)
    with pytest.raises(InputError, match=words) as caught:
        open_container(artefact, "state").verify_all()
    assert caught.value.file == str(artefact)


def test_bytes_after_the_last_tensor(artefact: Path) -> None:
    artefact.write_bytes(artefact.read_bytes() + b"\0")
    with pytest.raises(InputError, match="another length"):
        open_container(artefact)


def test_a_huge_header_is_not_read(tmp_path: Path) -> None:
    with open(tmp_path / "x", "wb") as file:
        file.write((1 << 40).to_bytes(8, "little"))
        file.truncate(1 << 30)
    with pytest.raises(InputError, match="longer than the file or than 64 MiB"):
        open_container(tmp_path / "x")


def test_doubled_tensor_names(artefact: Path) -> None:
    data = artefact.read_bytes()
    length = int.from_bytes(data[:8], "little")
    text = data[8 : 8 + length].rstrip()
    text = text[:-1] + b',"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'
    artefact.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])
    with pytest.raises(InputError, match="twice"):
        open_container(artefact)


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to("/dev/zero")], ids=["folder", "device"])
def test_what_is_no_file(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "x")
    with pytest.raises(InputError, match="not a regular file"):
        open_container(tmp_path / "x")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file") as caught:
        open_container(tmp_path / "x")
    assert caught.value.exit_code == 2


def test_bytes_altered_after_opening(artefact: Path) -> None:
    container = open_container(artefact)
    data = bytearray(artefact.read_bytes())
    data[-1] ^= 1
    artefact.write_bytes(data)
    with pytest.raises(InputError, match="do not match"):
        container.tensor("b")
    artefact.write_bytes(data[:-3])
    with pytest.raises(InputError, match="do not match"):
        container.tensor("b")
    with pytest.raises(InputError, match="do not match"):
        container.verify("b")


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ({"a": TensorSpec("I32", (2, 3))}, "does not belong"),
        ({"a": TensorSpec("I32", (3, 2)), "b": TensorSpec("U8", (5,)), "c": TensorSpec("I64", (2,))}, r"must be I32\[3, 2\]"),
        (
            {
                "a": TensorSpec("I32", (2, 3)),
                "b": TensorSpec("U8", (5,)),
                "c": TensorSpec("I64", (2,)),
                "d": TensorSpec("U8", (1,)),
            },
            "missing",
        ),
    ],
)
def test_required_tensors(artefact: Path, expected: dict[str, TensorSpec], words: str) -> None:
    with pytest.raises(InputError, match=words):
        open_container(artefact).require(expected)

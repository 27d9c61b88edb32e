"""Statements and witness files: every bound from both sides, and files that must not be read."""

import json
from dataclasses import replace

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from ref_chunks import layout, make_statement, make_witness
from reference_prover import safetensors as reader
from reference_prover import statement, witness
from reference_prover.errors import StatementError, WitnessError
from reference_prover.field import MODULUS

HONEST = make_statement(make_witness(40, 3))
BOUNDS = {
    "gamma": ([1, 1 << 39], [0, -1, (1 << 39) + 1, MODULUS - 1, True, 1.0]),
    "t1": ([0, (1 << 250) - 1], [-1, 1 << 250, MODULUS, MODULUS + 1]),
    "t2": ([0, (1 << 250) - 1], [-1, 1 << 250, MODULUS]),
    "d": ([0, (1 << 250) - 1], [-1, 1 << 250, MODULUS]),
    "chunk": ([0, (1 << 32) - 1], [-1, 1 << 32]),
    "weights": ([1], [0, -1, 1 << 32]),
    "tables": ([bytes(32)], [bytes(31), bytes(33), "00" * 32, None]),
    "request": ([b"\xff" * 32], [b""]),
    "client": (["a", "A.b_c-9", "x" * 64], ["", "x" * 65, "a b", "a\n", "é", None]),
    "preset": (["toy"], ["", "to/y"]),
    "relation": (["fold_kkt"], ["enrol", ""]),
}


@pytest.mark.parametrize("field, value", [(field, value) for field, (good, _) in BOUNDS.items() for value in good])
def test_values_within_bounds(field, value):
    changed = replace(HONEST, **{field: value})
    assert statement.from_mapping(statement.to_mapping(changed)) == changed


@pytest.mark.parametrize("field, value", [(field, value) for field, (_, bad) in BOUNDS.items() for value in bad], ids=repr)
def test_values_out_of_bounds(field, value):
    with pytest.raises(StatementError) as caught:
        replace(HONEST, **{field: value})
    assert caught.value.field == field


MAPPING = statement.to_mapping(HONEST)
BAD_JSON = [
    b"", b"[]", b"{}", b"null", b"\xff", b'{"chunk":"0","chunk":"0"}', b"[" * 100_000,
    *(json.dumps(MAPPING | {name: value}).encode() for name, value in
      [("chunk", 0), ("chunk", "00"), ("chunk", "+1"), ("gamma", "1e3"), ("t1", "9" * 5000), ("tables", "0" * 63), ("tables", "G" * 64), ("srs", "A" * 64), ("more", "1")]),
    json.dumps({name: value for name, value in MAPPING.items() if name != "d"}).encode(),
]  # fmt: skip


@pytest.mark.parametrize("text", BAD_JSON, ids=lambda text: text[:30].decode("latin-1") + text[-30:].decode("latin-1"))
def test_bad_statement_json(text):
    with pytest.raises(StatementError):
        statement.parse(text)


def test_statement_json_round_trip():
    assert statement.parse(json.dumps(MAPPING)) == HONEST


def test_rules_bind_t1_and_t2():
    rows = layout().rows
    statement.require_rules(HONEST, rows)
    for name in ("t1", "t2"):
        for step in (-1, 1):
            with pytest.raises(StatementError) as caught:
                statement.require_rules(replace(HONEST, **{name: getattr(HONEST, name) + step}), rows)
            assert caught.value.field == name


def arrays(weights=5, rows=10):
    zeros = {"theta_p": (weights,), "theta_u": (weights,), "free": (weights,), "sigma": (rows,), "gradients": (rows, weights)}
    return {name: np.zeros(shape, dtype=witness.ARRAYS[name]) for name, shape in zeros.items()}


BAD_ARRAYS = {
    "missing": lambda a: a.pop("sigma"),
    "extra": lambda a: a.update(more=np.zeros(1)),
    "dtype": lambda a: a.update(theta_p=a["theta_p"].astype(np.int64)),
    "unsigned gradients": lambda a: a.update(gradients=a["gradients"].astype(np.uint8)),
    "short": lambda a: a.update(theta_u=a["theta_u"][1:]),
    "rows": lambda a: a.update(sigma=a["sigma"][1:]),
    "flat": lambda a: a.update(gradients=a["gradients"].ravel()),
    "free of 2": lambda a: a["free"].__setitem__(0, 2),
}


@pytest.mark.parametrize("edit", BAD_ARRAYS.values(), ids=BAD_ARRAYS)
def test_bad_witness_arrays(edit):
    bad = arrays()
    edit(bad)
    with pytest.raises(WitnessError) as caught:
        witness.from_arrays(bad)
    assert caught.value.field


def test_witness_must_fit_statement_and_tables():
    size = layout()
    public = replace(HONEST, weights=5)
    witness.require_fit(witness.from_arrays(arrays()), public, size)
    for bad, of in ((arrays(rows=9), public), (arrays(weights=6), public), (arrays(weights=897), replace(HONEST, weights=897))):
        with pytest.raises(WitnessError):
            witness.require_fit(witness.from_arrays(bad), of, size)


@given(st.integers(0, 4), st.integers(0, 4), st.sampled_from(["uint8", "int8", "int32", "int64", "float32"]))
def test_reader_agrees_with_the_safetensors_package(rows, columns, kind):
    tensors = {"a": np.arange(rows * columns).reshape(rows, columns).astype(kind), "b": np.ones(3, dtype=np.int8)}
    got, metadata = reader.parse(safetensors.numpy.save(tensors, {"statement": "x"}))
    assert metadata == {"statement": "x"}
    assert set(got) == {"a", "b"} and all(np.array_equal(got[name], tensors[name]) and got[name].dtype == tensors[name].dtype for name in got)


def header(entries, body=b""):
    text = json.dumps(entries).encode() if not isinstance(entries, bytes) else entries
    return len(text).to_bytes(8, "little") + text + body


def entry(dtype="U8", shape=(2,), offsets=(0, 2)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


BAD_FILES = {
    "empty": b"",
    "short length": bytes(7),
    "length past end": (100).to_bytes(8, "little") + b"{}",
    "huge length": b"\xff" * 8 + b"{}",
    "not json": header(b"{"),
    "deep json": header(b"[" * 50_000),
    "list": header([]),
    "double name": header(b'{"a":{},"a":{}}'),
    "gap": header({"a": entry(offsets=(1, 3))}, bytes(3)),
    "overlap": header({"a": entry(), "b": entry(offsets=(1, 3))}, bytes(3)),
    "past the end": header({"a": entry()}, bytes(1)),
    "left over": header({"a": entry()}, bytes(3)),
    "wrong size": header({"a": entry(shape=(3,))}, bytes(2)),
    "negative extent": header({"a": entry(shape=(-1, -2))}, bytes(2)),
    "overflowing shape": header({"a": entry(shape=(1 << 47, 1 << 47))}, bytes(2)),
    "bool extent": header({"a": entry(shape=(True, 2))}, bytes(2)),
    "backward": header({"a": entry(offsets=(2, 0))}, bytes(2)),
    "dtype": header({"a": entry(dtype="BF16")}, bytes(2)),
    "dtype list": header({"a": entry(dtype=["U8"])}, bytes(2)),
    "extra field": header({"a": entry() | {"x": 1}}, bytes(2)),
    "metadata": header({"__metadata__": {"a": 1}}),
}


@pytest.mark.parametrize("data", BAD_FILES.values(), ids=BAD_FILES)
def test_bad_safetensors(data):
    with pytest.raises(WitnessError):
        reader.parse(data)


@settings(max_examples=200)
@given(st.data())
def test_damaged_safetensors_never_crash(data):
    good = safetensors.numpy.save({"a": np.arange(6, dtype=np.int8), "b": np.zeros((2, 2), dtype=np.int32)})
    cut = data.draw(st.integers(0, len(good)))
    damaged = good[:cut] + data.draw(st.binary(max_size=4)) + good[cut + data.draw(st.integers(0, 4)) :]
    try:
        reader.parse(damaged)
    except WitnessError:
        pass

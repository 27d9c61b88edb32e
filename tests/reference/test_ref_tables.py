"""Constraint tables: the emitted files, the tiny one, malformed twins, and the layout's rules."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ref_chunks import emitted, layout, parsed
from reference_prover import layout as layouts
from reference_prover import safetensors, statement, tables
from reference_prover.errors import StatementError, TablesError, WitnessError
from reference_prover.strict_json import nesting
from reference_prover.vectors.tables import canonical, facts, tiny
from zkapex_jax.circuit.emit import digest
from zkapex_jax.presets import PRESETS

VECTORS = Path(__file__).parents[2] / "vectors" / "tables"
FILES = sorted(VECTORS.glob("*.tables.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_stored_tables_are_what_the_emitter_writes(file):
    preset = file.name.removesuffix(".tables.json")
    data = emitted(preset.removeprefix("enrol-"), "enrol" if preset.startswith("enrol-") else "fold_kkt")
    assert file.read_bytes() == data, "run tests/reference/refresh_tables.py, then `make vectors`"
    assert tables.read(file).digest == digest(data)
    assert facts(tables.read(file)) == json.loads((VECTORS / "digests.json").read_text())[file.name]


@pytest.mark.parametrize("name", PRESETS)
def test_layout_of_every_preset(name):
    preset, got = PRESETS[name], layout(name)
    for field in ("k", "lanes", "client_rows", "forget_rows", "rows", "projections", "window_bits", "slack_bits", "insecure", "srs"):
        assert getattr(got, field) == getattr(preset, field)
    for field in ("active_start", "active_rows", "blinding_start", "blinding_rows", "bit_columns", "bits_per_column", "capacity", "unusable"):
        assert getattr(got, field) == getattr(preset, field)


@pytest.mark.parametrize("case", json.loads((VECTORS / "invalid.json").read_text()), ids=lambda case: case["name"])
def test_malformed_twins_are_refused(case):
    with pytest.raises(TablesError) as caught:
        tables.parse(case["tables"].encode())
    assert caught.value.field == case["field"]


@given(st.integers(0, 2000), st.binary(min_size=1, max_size=3))
def test_any_damage_is_refused_or_changes_the_digest(position, junk):
    data = canonical(tiny()).encode()
    damaged = data[: position % len(data)] + junk + data[position % len(data) + len(junk) :]
    try:
        assert damaged == data or tables.parse(damaged).digest != tables.parse(data).digest
    except TablesError:
        pass


def test_hostile_nesting_is_an_error_not_a_crash():
    """Also where py_ecc, once imported, has raised the interpreter's recursion limit."""
    deep, before = b'{"a":' * 100_000 + b'"x"' + b"}" * 100_000, sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)
    try:
        for parse, error in ((tables.parse, TablesError), (statement.parse, StatementError), (safetensors.parse, WitnessError)):
            with pytest.raises(error):
                parse(len(deep).to_bytes(8, "little") + deep if parse is safetensors.parse else deep)
    finally:
        sys.setrecursionlimit(before)


@pytest.mark.parametrize("text, depth", [(b"", 0), (b"[[]]", 2), (b'{"a":[{}],"b":[]}', 3), (b'"[[["', 0), (rb'["\"[[",[]]', 2), (rb'["\\",[[]]]', 3)])
def test_nesting_counts_brackets_outside_strings(text, depth):
    assert nesting(text) == depth


def test_missing_file_names_the_file(tmp_path):
    with pytest.raises(TablesError) as caught:
        tables.read(tmp_path / "none.json")
    assert caught.value.file.endswith("none.json")


LAYOUT_EDITS = {
    "lanes": ["1", "65", "3"],
    "rows": ["9", "11"],
    "active_rows": ["240", "208", "-16"],
    "blinding_start": ["233", "235"],
    "capacity": ["895"],
    "window_bits": ["1", "65", "28"],
    "projections": ["0", "129"],
    "bit_columns": ["0", "2"],
    "slack_bits": [["64", "48"], ["64", "48", "251"], ["64", "48", "0"], "64"],
    "insecure": ["true"],
    "unusable": ["5"],
    "client_rows": ["300"],
    "blinding_rows": ["240"],
}


@pytest.mark.parametrize("field, value", [(field, value) for field, values in LAYOUT_EDITS.items() for value in values])
def test_layout_that_breaks_a_rule(field, value):
    with pytest.raises(TablesError):
        layouts.of_tables(replace(parsed(), layout=dict(parsed().layout) | {field: value}))


def test_layout_is_complete_and_of_this_relation():
    for changed in (dict(layout={}), dict(layout=dict(parsed().layout) | {"more": "1"}), dict(relation="other")):
        with pytest.raises(TablesError):
            layouts.of_tables(replace(parsed(), **changed))

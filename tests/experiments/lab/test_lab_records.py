"""Records of units, and the rows in them."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.lab import records
from experiments.lab.records import Record, Row, rows_of
from zkapex_jax.errors import InputError

ROW = Row("digits", "digits", 3, "methods", "zkapex", "second-order", "", "", "accuracy/forget", 0.25)
RECORD = Record("ab" * 32, "methods-digits-3", 3, 1.5, (ROW,))
TEXTS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=8).filter(str.isprintable)
ROWS = st.builds(Row, TEXTS, TEXTS, st.integers(0, 2**31), TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS,
                 st.floats(allow_infinity=False))  # fmt: skip


def same(one: Row, other: Row) -> bool:
    first, second = asdict(one), asdict(other)
    values = first.pop("value"), second.pop("value")
    return first == second and (values[0] == values[1] or all(map(math.isnan, values)))


@given(st.lists(ROWS, max_size=4))
def test_a_record_reads_back_as_it_was(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("records")
    records.save(folder, replace(RECORD, rows=tuple(rows)))
    found = records.load(folder, RECORD.unit)
    assert (found.digest, found.unit, found.seed, found.seconds) == (RECORD.digest, RECORD.unit, 3, 1.5)
    assert len(found.rows) == len(rows) and all(map(same, found.rows, rows))


@pytest.mark.parametrize("program", ["", "cd" * 32])
def test_the_program_is_kept_where_it_is_known(tmp_path, program):
    records.save(tmp_path, replace(RECORD, program=program))
    assert records.load(tmp_path, RECORD.unit) == replace(RECORD, program=program)
    assert ('"program"' in records.path_of(tmp_path, RECORD.unit).read_text()) == bool(program)


def test_no_record_is_none(tmp_path):
    assert records.load(tmp_path, "nothing") is None


@pytest.mark.parametrize("change", [
    {"experiment": ""}, {"task": ""}, {"measure": ""}, {"method": 3}, {"mask": "a\nb"}, {"seed": -1}, {"seed": 1.0}, {"seed": True},
    {"value": math.inf}, {"value": -math.inf}, {"value": "1"}, {"value": True},
])  # fmt: skip
def test_rows_that_say_nothing_are_refused(change):
    with pytest.raises(InputError) as caught:
        replace(ROW, **change)
    assert caught.value.field == next(iter(change))


GOOD = {"digest": "ab" * 32, "unit": "methods-digits-3", "seed": 3, "seconds": 1.0, "rows": [asdict(ROW)]}


@pytest.mark.parametrize(("text", "field"), [
    ("{", None),
    ("[" * 100_000, None),
    ("[]", None),
    (json.dumps(GOOD | {"more": 1}), None),
    (json.dumps({name: value for name, value in GOOD.items() if name != "digest"}), None),
    (json.dumps(GOOD | {"unit": "another"}), "unit"),
    (json.dumps(GOOD | {"seed": True}), "seed"),
    (json.dumps(GOOD | {"seconds": "1"}), "seconds"),
    (json.dumps(GOOD | {"digest": 5}), "digest"),
    (json.dumps(GOOD | {"program": 5}), "program"),
    (json.dumps(GOOD | {"rows": {}}), "rows"),
    (json.dumps(GOOD | {"rows": [asdict(ROW), 5]}), "rows[1]"),
    (json.dumps(GOOD | {"rows": [asdict(ROW) | {"value": "high"}]}), "rows[0].value"),
    (json.dumps(GOOD | {"rows": [asdict(ROW) | {"value": math.inf}]}), "rows[0].value"),
    (json.dumps(GOOD | {"rows": [asdict(ROW) | {"task": None}]}), "rows[0].task"),
])  # fmt: skip
def test_malformed_records_are_refused_by_file_and_field(tmp_path, text, field):
    path = records.path_of(tmp_path, RECORD.unit)
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        records.load(tmp_path, RECORD.unit)
    assert caught.value.file == str(path) and caught.value.field == field


def test_columns_that_do_not_apply_are_empty():
    rows = rows_of({"experiment": "e", "task": "t", "seed": 0, "mask": "m"}, {"a": 1, "b": math.nan})
    assert [(row.measure, row.mask, row.method, row.setting) for row in rows] == [("a", "m", "", ""), ("b", "m", "", "")]

"""The page on fuzzing says what the record says, of the targets that there are."""

from __future__ import annotations

import json

from fuzz_long import rust_targets
from fuzz_record import PAGE, RECORD, page
from fuzz_targets import targets


def test_the_page_is_drawn_from_the_record() -> None:
    text = PAGE.read_text()
    assert page(text, json.loads(RECORD.read_text())) == text


def test_every_target_has_run_and_none_failed() -> None:
    record = json.loads(RECORD.read_text())
    assert record["rust"].keys() == rust_targets().keys() and record["python"].keys() == targets().keys()
    assert all(one["executions"] and not one["faults"] for side in record.values() for one in side.values())


def test_formats_of_both_sides_have_one_name() -> None:
    assert set(rust_targets()) - set(targets()) == {"ceremony", "public"}

"""Inputs that were faults once: found by fuzzing, or by asking what a mutation would have to be to get further."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fuzz_mutate import Parts
from fuzz_seeds import Seeds
from fuzz_targets import targets
from reference_prover.errors import SpecError, TablesError
from zkapex_jax.errors import InputError

CONTAINERS = [name for name, target in targets().items() if target.shape == "container"]
TINY = json.loads((Path(__file__).parents[2] / "vectors" / "tables" / "tiny.json").read_text())["tables"]


def refuse(name: str, data: bytes) -> None:
    assert "accepted" not in targets()[name].run(data).values()


def framed(header: str) -> bytes:
    return len(header).to_bytes(8, "little") + header.encode()


@pytest.mark.parametrize("name", CONTAINERS)
def test_integers_of_thousands_of_digits(name: str) -> None:
    """Python refuses to parse them with an error of its own."""
    refuse(name, framed('{"a":{"dtype":"U8","shape":[%s],"data_offsets":[0,0]}}' % ("9" * 5000)))


@pytest.mark.parametrize("name", CONTAINERS)
def test_long_names_and_terminal_codes_are_not_repeated(name: str) -> None:
    """`run` itself refuses errors that are long."""
    refuse(name, framed(json.dumps({"\x1b[31m" + "n" * 4000: {"dtype": "U8"}})))


@pytest.mark.parametrize("name", ["tables", "circuit"])
def test_copies_of_columns_that_are_lists(name: str) -> None:
    refuse(name, TINY.replace('"left":{"column":"a"', '"left":{"column":["a"]', 1).encode())


@pytest.mark.parametrize("name", ["base", "enrolment", "request", "state"])
def test_patterns_are_printable(name: str, tmp_path: Path) -> None:
    """The product took what the verifiers refused."""
    Seeds(tmp_path).write_artefacts()
    parts = Parts((tmp_path / name / "one").read_bytes())
    parts.header["layout"]["pattern"] = "**/kernel\x1b[31m"
    parts.seal()
    refuse(name, parts.close())


def test_errors_are_short_and_printable() -> None:
    for error in (InputError("\x1b" + "m" * 9999, field="\x07" + "f" * 9999), TablesError("\x1b" + "m" * 9999, field="\x07" + "f" * 9999)):
        assert len(error.message) <= 500 and len(error.field) <= 200 and str(error).isprintable()
    assert InputError("first\nsecond").message == "first\nsecond"
    assert isinstance(TablesError("x"), SpecError)

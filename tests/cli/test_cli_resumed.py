"""Commands that were killed: the next one finishes what was begun, or says which command does."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_walk import Run, base_arguments, enrol_arguments

from zkapex_jax.ledger import Ledger
from zkapex_jax.protocol import SigningKey


def lose_ledger(folder: Path) -> None:
    (folder / "ledger.sqlite").unlink()


def lose_public(folder: Path) -> None:
    lose_ledger(folder)
    (folder / "provider.key.pub").unlink()


def lose_trust(folder: Path) -> None:
    lose_ledger(folder)
    Ledger.create(folder / "ledger.sqlite")


@pytest.mark.parametrize("lose", [lose_ledger, lose_public, lose_trust])
def test_keygen_goes_on_with_the_key_that_it_made(run: Run, tmp_path: Path, lose: Callable[[Path], None]) -> None:
    folder = tmp_path / "provider"
    run("keygen", folder)
    key = (folder / "provider.key").read_bytes()
    lose(folder)
    run("keygen", folder)
    public = SigningKey.load(folder / "provider.key").public
    assert (folder / "provider.key").read_bytes() == key and (folder / "provider.key.pub").read_text() == public + "\n"
    assert Ledger.open(folder / "ledger.sqlite").keys() == (public,)
    run("keygen", folder, code=4)


def test_keygen_puts_no_empty_ledger_in_place_of_a_lost_one(run: Run, place: Path) -> None:
    (place / "provider" / "ledger.sqlite").unlink()
    assert "already exists" in run("keygen", place / "provider", code=4).err
    assert not (place / "provider" / "ledger.sqlite").exists()


@pytest.mark.parametrize("name", ["base", "request"])
def test_a_signed_file_that_was_not_recorded_is_published(run: Run, inputs: Path, place: Path, cache: Path, name: str) -> None:
    shutil.rmtree(place / "provider" / "artefacts")
    (place / "provider" / "ledger.sqlite").unlink()
    run("keygen", place / "provider")
    assert "zkapex publish" in run(*base_arguments(inputs, place / "provider", place / "base"), "--cache", cache, code=4).err
    ran = run("publish", place / name, "--provider", place / "provider", "--cache", cache, "--json").document
    again = run("publish", place / name, "--provider", place / "provider", "--cache", cache, "--json").document
    assert ran["result"]["position"] == again["result"]["position"] == 2


def test_enrol_goes_on_where_it_was_killed(run: Run, inputs: Path, place: Path, cache: Path) -> None:
    """The same gradient rows are computed again, and the same commitments are proven."""
    arguments = (*enrol_arguments(inputs, place / "base", place / "eve", "eve"), "--cache", cache, "--json")
    first = run(*arguments).document["result"]
    (place / "eve" / "enrolment-proof.safetensors").unlink()
    leftover = place / "eve" / ".zkapex-dead.part"
    leftover.mkdir()
    (leftover / "rows").write_bytes(b"private")
    again = run(*arguments).document["result"]
    assert again["digest"] == first["digest"] and not leftover.exists()

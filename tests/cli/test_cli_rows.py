"""Enrolling with a sketch of many gradients: accepted like any rows, deterministic, gone on with after a kill, nothing left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cli_walk import Run, admit_arguments, enrol_arguments, images, renew_arguments

from zkapex_jax.cli.options import RowKind
from zkapex_jax.cli.client.personal import SKETCH_FOLDER
from zkapex_jax.curvature import kept
from zkapex_jax.curvature.choice import DEFAULT_DRAWS, KINDS
from zkapex_jax.formats.arrays import save_arrays
from zkapex_jax.protocol import ClientSecret, chunk_name

#: Three blocks of the toy preset's 8 rows, the last one not full.
SKETCHED = ("--rows", "sketch", "--draws", 20)


def rows(folder: Path) -> np.ndarray:
    return ClientSecret.from_file(folder / "secret.safetensors").tensor(chunk_name("gradients", 0))


@pytest.fixture
def killed_in_block(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    def arrange(block: int) -> None:
        added, seen = kept.KeptSketch.add, []

        def add(self: kept.KeptSketch, gradients: np.ndarray) -> None:
            seen.append(len(gradients))
            if len(seen) == block:
                raise KeyboardInterrupt
            added(self, gradients)

        monkeypatch.setattr(kept.KeptSketch, "add", add)

    return arrange


def test_a_sketch_is_enrolled_admitted_and_renewed(run: Run, inputs: Path, place: Path, cache: Path, tmp_path: Path) -> None:
    """Of three images for eight rows: a sketch needs no example a row."""
    save_arrays(tmp_path / "few.safetensors", images(5, 3))
    tools = ("--cache", cache, "--no-progress")
    enrol = [str(part) for part in enrol_arguments(inputs, place / "base", place / "eve", "eve")]
    enrol[enrol.index("--data") + 1] = str(tmp_path / "few.safetensors")
    assert "at least 8 examples" in run(*enrol, *tools, code=2).err
    run(*enrol, *SKETCHED, *tools)
    assert np.count_nonzero(rows(place / "eve").any(axis=1)) == 8
    assert not (place / "eve" / SKETCH_FOLDER).exists()
    run(*admit_arguments(place / "eve", place / "provider"), "--out", place / "eve.state", *tools)
    run(*renew_arguments(inputs, place / "eve", place / "eve.state"), *SKETCHED, *tools)
    assert not (place / "eve" / SKETCH_FOLDER).exists()
    run(*admit_arguments(place / "eve" / "renewal", place / "provider"), "--out", place / "eve.renewed", *tools)
    run("adopt", place / "eve", "--state", place / "eve.renewed")


def test_a_killed_sketch_is_gone_on_with(
    run: Run, inputs: Path, place: Path, cache: Path, killed_in_block: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = ("--cache", cache, "--progress", "--no-check")
    run(*enrol_arguments(inputs, place / "base", place / "straight", "eve"), *SKETCHED, *tools)
    again = (*enrol_arguments(inputs, place / "base", place / "eve", "eve"), *SKETCHED, *tools)
    killed_in_block(3)
    run(*again, code=130)
    assert kept._read(place / "eve" / SKETCH_FOLDER / kept.NOTE, "other") is None
    monkeypatch.undo()
    killed_in_block(2)  # one block is left: a run from the start would come to a second one
    run(*again)
    np.testing.assert_array_equal(rows(place / "eve"), rows(place / "straight"))
    assert not (place / "eve" / SKETCH_FOLDER).exists()


def test_what_can_never_be_enrolled_keeps_nothing(run: Run, inputs: Path, place: Path, cache: Path) -> None:
    arguments = [str(part) for part in enrol_arguments(inputs, place / "base", place / "eve", "not a client id")]
    run(*arguments, *SKETCHED, "--no-progress", "--cache", cache, code=2)
    assert not (place / "eve" / SKETCH_FOLDER).exists()


@pytest.mark.parametrize("more", [("--draws", 5), ("--rows", "sketch", "--draws", 0), ("--rows", "drawn")], ids=str)
def test_options_that_do_not_fit(run: Run, inputs: Path, place: Path, cache: Path, more: tuple[object, ...]) -> None:
    assert run(*enrol_arguments(inputs, place / "base", place / "eve", "eve"), *more, "--cache", cache, code=2).err
    assert not (place / "eve").exists()


def test_names_and_default_are_those_of_the_choice(run: Run) -> None:
    assert {kind.value for kind in RowKind} < set(KINDS)
    assert f"Default: {DEFAULT_DRAWS}" in run("enrol", "--help").out

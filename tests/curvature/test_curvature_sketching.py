"""Rows that sum up drawn gradients: from a model, deterministic, and gone on with after a kill."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zkapex_jax.curvature import create_rows, kept, per_example_gradients, sketching
from zkapex_jax.curvature.kept import NOTE, KeptSketch
from zkapex_jax.curvature.sketching import sketch_bytes, sketched_rows
from zkapex_jax.errors import InputError, StorageError
from zkapex_jax.models import Model, select_targets
from zkapex_jax.models.chunks import chunk_bounds
from zkapex_jax.models.drawing import draws

Tiny = tuple[Model, dict[str, Any], dict[str, np.ndarray]]
ROWS, COUNT = 4, 22


class Killed(Exception):
    """As if the process had ended."""


def sketched(tiny: Tiny, **changed: Any) -> np.ndarray:
    model, params, examples = tiny
    layout = select_targets(params, "**/kernel")
    arguments = {"count": COUNT, "seed": 3, "micro_batch": 4} | changed
    bounds = chunk_bounds(layout.weights, arguments.pop("capacity", 300))
    return sketched_rows(model, params, layout, arguments.pop("examples", examples), bounds, ROWS, **arguments)


def killed_after(blocks: int) -> Callable[[int, int, int], None]:
    def told(done: int, total: int, before: int) -> None:
        if done > blocks * ROWS:
            raise Killed

    return told


def test_rows_sum_up_the_drawn_gradients_whatever_the_micro_batch(tiny: Tiny) -> None:
    model, params, examples = tiny
    layout = select_targets(params, "**/kernel")
    parts = list(draws(model, params, examples, COUNT, 3, 1))
    drawn = {field: np.concatenate([part[field] for part in parts]) for field in parts[0]}
    gradients = per_example_gradients(model.loss, params, layout, drawn, 4)
    made = [sketched(tiny, micro_batch=size, capacity=10) for size in (1, 4)]
    for start, stop in chunk_bounds(layout.weights, 10):
        grams = [part.T @ part for part in (rows[:, start:stop].astype(np.float64) for rows in made)]
        whole = gradients[:, start:stop].astype(np.float64).T @ gradients[:, start:stop] * ROWS / COUNT
        values = np.linalg.eigvalsh(whole)
        missed = max(values[-ROWS - 1], 0.0) if len(values) > ROWS else 0.0
        for gram in grams:
            assert np.linalg.norm(whole - gram, 2) <= missed + 1e-3 * values[-1]


def test_a_killed_run_is_gone_on_with(tiny: Tiny, tmp_path: Path) -> None:
    expected = sketched(tiny)
    told: list[tuple[int, int, int]] = []
    with pytest.raises(Killed):
        sketched(tiny, kept=tmp_path / "sketch", on_draws=killed_after(3))
    out = create_rows(tmp_path / "rows", *expected.shape)
    rows = sketched(tiny, kept=tmp_path / "sketch", out=out, on_draws=lambda *step: told.append(step))
    assert rows is out
    np.testing.assert_array_equal(rows, expected)
    assert told[0] == (12, COUNT, 12) and told[-1] == (COUNT, COUNT, 12)
    told.clear()
    np.testing.assert_array_equal(sketched(tiny, kept=tmp_path / "sketch", on_draws=lambda *step: told.append(step)), expected)
    assert told == [(COUNT, COUNT, COUNT)]


@pytest.mark.parametrize("changed", [{"seed": 4}, {"count": 21}, {"capacity": 200}, {"examples": None}], ids=str)
def test_what_is_kept_of_another_run_is_not_used(tiny: Tiny, tmp_path: Path, changed: dict[str, Any]) -> None:
    sketched(tiny, kept=tmp_path / "sketch")
    if "examples" in changed:
        changed = {"examples": {field: array[:4] for field, array in tiny[2].items()}}
    made = sketched(tiny, kept=tmp_path / "sketch", **changed)
    np.testing.assert_array_equal(made, sketched(tiny, **changed))
    assert (made != sketched(tiny)).any()


@pytest.mark.parametrize("damage", ["note", "length", "gone", "turn"])
def test_a_damaged_folder_is_begun_anew(tiny: Tiny, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "sketch"
    expected = sketched(tiny, kept=folder)
    if damage == "note":
        (folder / NOTE).write_bytes(b"{")
    elif damage == "turn":
        (folder / NOTE).write_bytes((folder / NOTE).read_bytes().replace(b'"turn":"', b'"turn":"7'))
    elif damage == "length":
        (folder / "state-0").write_bytes(b"x")
    else:
        (folder / "state-1").unlink()
    np.testing.assert_array_equal(sketched(tiny, kept=folder), expected)


def test_a_block_is_taken_in_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gradients = np.random.default_rng(0).normal(size=(8, 20)).astype(np.float32)
    made = KeptSketch.open(tmp_path / "sketch", "d", ((0, 20),), 4, exact=1)
    made.add(gradients[:4])
    monkeypatch.setattr(kept, "write_bytes", _refuse)
    with pytest.raises(Killed):
        made.add(gradients[4:])
    monkeypatch.undo()
    again = KeptSketch.open(tmp_path / "sketch", "d", ((0, 20),), 4, exact=1)
    assert again.count == 4
    again.add(gradients[4:])
    straight = KeptSketch.open(tmp_path / "other", "d", ((0, 20),), 4, exact=1)
    straight.add(gradients)
    np.testing.assert_array_equal(again.finish(0), straight.finish(0))


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []

    def create(path: Path, *sizes: int) -> np.memmap:
        made.append(path)
        if len(made) == 2:
            raise StorageError("no space left on device", code="disk_full", file=path)
        return create_rows(path, *sizes)

    monkeypatch.setattr(kept, "create_rows", create)
    with pytest.raises(StorageError):
        KeptSketch.open(tmp_path / "sketch", "d", ((0, 20),), 4, exact=1)
    assert len(made) == 2 and not (tmp_path / "sketch").exists()


def _refuse(*_: object, **__: object) -> None:
    raise Killed


def test_files_are_private_of_the_announced_size_and_removed(tiny: Tiny, tmp_path: Path) -> None:
    folder = tmp_path / "sketch"
    sketched(tiny, kept=folder)
    layout = select_targets(tiny[1], "**/kernel")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    assert modes.pop("sketch") == 0o700 and set(modes.values()) == {0o600}
    size = sum(path.stat().st_size for path in folder.glob("state-*"))
    assert size == sketch_bytes(chunk_bounds(layout.weights, 300), ROWS)
    kept.remove(folder)
    kept.remove(folder)
    assert not folder.exists()


@pytest.mark.parametrize(("field", "changed"), [("count", {"count": 0}), ("batch", {"micro_batch": 0}), ("out", {"out": np.zeros((3, 3), np.float32)})])
def test_arguments_are_checked(tiny: Tiny, field: str, changed: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        sketched(tiny, **changed)
    assert caught.value.field == field


def test_the_whole_matrix_is_kept_where_it_is_small() -> None:
    assert sketching.kept_whole(8) == 32 and sketching.kept_whole(1024) == 4096

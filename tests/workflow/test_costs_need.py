"""Room for single steps: what is counted, what is refused before work begins, and by which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from zkapex_jax.errors import StorageError
from zkapex_jax.models.layout import TargetLayout
from zkapex_jax.presets import TOY, get_preset
from zkapex_jax.protocol import Base, ChunkedLayout
from zkapex_jax.workflow.costs import need as costs_need
from zkapex_jax.workflow.costs.disk import answer_bytes, disk, planning_bytes, request_bytes, whole_run_bytes
from zkapex_jax.workflow.costs.room import Room
from zkapex_jax.workflow.costs.walk import walk
from zkapex_jax.workflow.toolchain import open_toolchain

SERVING = get_preset("ceremony-4096")
CHUNKS, TOUCHED, BLOCK = 4, 3, 4096


def layout_of(weights: int, preset=TOY) -> ChunkedLayout:
    return ChunkedLayout.cut(TargetLayout("w", (("w", (weights,)),)), preset)


@pytest.fixture
def give(monkeypatch: pytest.MonkeyPatch):
    """Say how much room there is."""
    return lambda memory, space: monkeypatch.setattr(costs_need, "room_at", lambda folder: Room(memory, space, folder))


def test_bytes_of_real_answers_and_requests(cache: Path, tmp_path: Path) -> None:
    tool = open_toolchain("toy", folder=cache)
    done = walk(tool, tmp_path, chunks=CHUNKS, size=TOY.capacity, touched=TOUCHED)
    layout, touched = layout_of(CHUNKS * TOY.capacity), range(TOUCHED)
    base = Base.from_file(tmp_path / "base.safetensors").digest
    made = [path for path in (done.client / "points").iterdir() if path.stem != base]
    made += [path for part in ("chunks-*/*", "bundle.safetensors") for path in done.client.glob(f"requests/*/{part}")]
    written = sum(-(-path.stat().st_size // BLOCK) * BLOCK for path in [*made, done.client / "openings.json"])
    assert written <= answer_bytes(TOY, layout, touched) <= 1.4 * written
    assert request_bytes(TOY, layout, touched) == pytest.approx(2 * (tmp_path / "request.safetensors").stat().st_size, rel=0.15)


@pytest.mark.parametrize(("memory", "space", "short"), [(1 << 20, 1 << 40, "memory"), (1 << 40, 1 << 10, "disk")])
def test_an_answer_without_room(give, tmp_path: Path, memory: int, space: int, short: str) -> None:
    give(memory, space)
    with pytest.raises(StorageError, match=f"{short} is too small: proving 3 chunks") as caught:
        costs_need.check_answer_room(SERVING, layout_of(10**6, SERVING), range(3), tmp_path)
    assert (caught.value.code, caught.value.field, caught.value.exit_code) == (f"no_{short}", short, 4)


def test_what_is_there_needs_no_room(give, tmp_path: Path) -> None:
    """An answer that is almost made, by a prover on another machine."""
    layout = layout_of(10**6, SERVING)
    give(1, 1000)
    costs_need.check_answer_room(SERVING, layout, range(3), tmp_path, kept=answer_bytes(SERVING, layout, range(3)) - 1000, here=False)


def test_a_request_s_two_folders_share_a_disk(give, tmp_path: Path) -> None:
    layout = layout_of(10**6, SERVING)
    needed = planning_bytes(SERVING, layout, range(2)) + request_bytes(SERVING, layout, range(2))
    give(1 << 34, needed)
    costs_need.check_request_room(SERVING, layout, 2, 8, tmp_path / "provider", tmp_path / "out" / "request")
    for space, memory, chunks in ((needed - 1, 1 << 34, 2), (needed, 1 << 34, None), (1 << 40, 30 * 10**6, 2)):
        give(memory, space)
        with pytest.raises(StorageError, match="a request needs"):
            costs_need.check_request_room(SERVING, layout, chunks, 8, tmp_path / "provider", tmp_path / "out" / "request")


def test_a_benchmark_without_room_names_a_preset(give, tmp_path: Path) -> None:
    give(2 * 10**9, 1 << 40)
    costs_need.check_benchmark_room(SERVING, 40, tmp_path)
    with pytest.raises(StorageError, match="memory is too small.*preset ceremony-4096-wide would fit"):
        costs_need.check_benchmark_room(get_preset("ceremony-16384"), 20, tmp_path)
    with pytest.raises(StorageError, match="take fewer chunks"):
        costs_need.check_benchmark_room(SERVING, 10_000, tmp_path)


def test_a_whole_run(give, tmp_path: Path) -> None:
    """ViT-B/16: its gradient rows in float32 are the most that lies there; what an interrupted run left counts as there."""
    weights = 28_311_552
    layout = layout_of(weights, SERVING)
    needed = whole_run_bytes(SERVING, layout)
    assert 4 * weights * SERVING.client_rows < needed < disk(SERVING, layout, range(445)).client_peak + 10**9 < 13 * 10**9
    give(1 << 34, 10**9)
    costs_need.check_whole_room(SERVING, weights, tmp_path, needed - 10**9)
    with pytest.raises(StorageError, match="28,311,552 weights of preset ceremony-4096"):
        costs_need.check_whole_room(SERVING, weights, tmp_path, needed - 10**9 - 1)

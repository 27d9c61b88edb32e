from __future__ import annotations

import json
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkapex_jax.demo.clock import Clock
from zkapex_jax.demo.display import Quiet
from zkapex_jax.demo.measure import coarse
from zkapex_jax.demo.options import MANIFEST, DemoOptions, prepare
from zkapex_jax.errors import StorageError


@given(st.lists(st.integers(1, 70), min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_coarse_grid_keeps_the_mean_of_the_mask(shape: list[int], random) -> None:
    mask = np.array([random.random() < 0.3 for _ in range(int(np.prod(shape)))]).reshape(shape)
    grid = np.array(coarse(mask))
    assert grid.shape[0] <= 16
    assert grid.shape[1] <= 32
    assert ((grid >= 0) & (grid <= 1)).all()
    assert grid.shape[0] * grid.shape[1] <= mask.size
    if all(size % parts == 0 for size, parts in zip(_flat(shape), grid.shape, strict=True)):
        assert grid.mean() == pytest.approx(mask.mean())


def test_coarse_grid_against_a_loop() -> None:
    mask = np.arange(40 * 100).reshape(40, 100) % 7 == 0
    grid = coarse(mask)
    for row in range(16):
        for column in range(32):
            block = mask[40 * row // 16 : 40 * (row + 1) // 16, 100 * column // 32 : 100 * (column + 1) // 32]
            assert grid[row][column] == pytest.approx(block.mean())


def _flat(shape: list[int]) -> tuple[int, int]:
    return (1, shape[0]) if len(shape) == 1 else (shape[0], int(np.prod(shape[1:])))


def test_a_folder_of_someone_else_is_left_alone(tmp_path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(StorageError, match="no demo run wrote"):
        prepare(DemoOptions(out=tmp_path, force=True))
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_a_finished_run_needs_force(tmp_path) -> None:
    folders = prepare(DemoOptions(out=tmp_path))
    folders.summary.write_text("{}")
    with pytest.raises(StorageError, match="--force"):
        prepare(DemoOptions(out=tmp_path))
    prepare(DemoOptions(out=tmp_path, force=True))
    assert not folders.summary.exists()


@pytest.mark.parametrize(("change", "kept"), [({}, True), ({"seed": 1}, False), ({"task": "hard"}, False), ({"force": True}, False)])
def test_trained_models_survive_an_interrupted_run(tmp_path, change: dict, kept: bool) -> None:
    folders = prepare(DemoOptions(out=tmp_path))
    (folders.provider / "model").mkdir()
    (folders.provider / "ledger.sqlite").write_text("stale")
    prepare(DemoOptions(**({"out": tmp_path} | change)))
    assert (folders.provider / "model").exists() is kept
    assert not (folders.provider / "ledger.sqlite").exists()
    assert json.loads((tmp_path / MANIFEST).read_text())["seed"] == change.get("seed", 0)


def test_clock_adds_up_and_splits() -> None:
    clock = Clock(Quiet())
    for _ in range(2):
        with clock.stage("a", "first", "client") as running:
            time.sleep(0.02)
            running.child(7)
    with clock.stage("b", "second", "provider") as running:
        time.sleep(0.03)
        running.part("c", "inner", "check", 0.02)
    costs = {cost.name: cost for cost in clock.costs()}
    assert list(costs) == ["a", "b", "c"]
    assert costs["a"].seconds >= 0.04
    assert costs["a"].peak_rss_bytes == 7
    assert costs["b"].seconds < costs["b"].seconds + costs["c"].seconds
    assert costs["c"].seconds == 0.02


def test_a_stage_that_raises_is_not_recorded() -> None:
    clock = Clock(Quiet())
    with pytest.raises(ZeroDivisionError), clock.stage("a", "first", "client"):
        raise ZeroDivisionError
    assert clock.costs() == []


PEAKS = """
import mmap
from zkapex_jax.demo.clock import own_peak, reset_peak
if not reset_peak():
    raise SystemExit(77)
before = own_peak()
block = mmap.mmap(-1, 40_000_000)
block.write(bytes(40_000_000))
assert own_peak() >= before + 30_000_000
block.close()
reset_peak()
assert own_peak() < before + 30_000_000
"""


def test_peak_memory_starts_anew() -> None:
    # A process of its own: other tests' threads may free memory at any moment.
    code = subprocess.run([sys.executable, "-c", PEAKS], check=False).returncode
    if code == 77:
        pytest.skip("this system does not count peaks")
    assert code == 0

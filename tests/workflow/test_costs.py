"""Estimates: straight lines, bytes of real files, room that is short, and the planner's choices."""

from __future__ import annotations

import dataclasses
import itertools
import os
from pathlib import Path

import numpy as np
import pytest

from zkapex_jax.curvature.kept import KeptSketch
from zkapex_jax.curvature.sketching import kept_whole
from zkapex_jax.errors import InputError, StorageError
from zkapex_jax.models.chunks import chunk_bounds
from zkapex_jax.models.layout import TargetLayout
from zkapex_jax.presets import PRESETS, TOY, get_preset
from zkapex_jax.protocol import ChunkedLayout
from zkapex_jax.prover.progress import Progress
from zkapex_jax.workflow.costs import busy
from zkapex_jax.workflow.costs import room as costs_room
from zkapex_jax.workflow.costs.estimating import estimate, scaled
from zkapex_jax.workflow.costs.disk import disk, sketch_disk
from zkapex_jax.workflow.costs.room import Room, fitting, require_room, room_at
from zkapex_jax.workflow.costs.calibration import (
    Calibration,
    Rate,
    calibrate,
    fit,
    walk_sizes,
)
from zkapex_jax.workflow.costs.walk import (
    PAYERS,
    Step,
    Walked,
    kept_bytes,
    pace_of,
    told_seconds,
    walk,
)
from zkapex_jax.workflow.costs.planner import choices, default_counts
from zkapex_jax.workflow.toolchain import open_toolchain

SERVING = get_preset("ceremony-4096")


def layout_of(weights: int, preset=TOY) -> ChunkedLayout:
    return ChunkedLayout.cut(TargetLayout("w", (("w", (weights,)),)), preset)


def walked(chunks: int, seconds: float, told: tuple[float, ...] = ()) -> Walked:
    return Walked(chunks, 900, chunks, Path("."), steps={"prove": Step(seconds, told, 100 * chunks)})


def test_a_line_through_two_walks() -> None:
    """0.5 s and 0.25 s a chunk."""
    assert fit([walked(2, 1.0), walked(4, 1.5)], "prove") == Rate(0.5, 0.25, 400)


def test_told_seconds_count_more_than_walls() -> None:
    """The median of the longer walk; what the first walk took beyond it is fixed; a scan is paid for every chunk."""
    rate = fit([walked(2, 3.0, (2.0, 0.25)), walked(4, 9.0, (0.25, 0.25, 7.0, 0.25))], "prove", 0.125)
    assert rate == Rate(3.0 - 2 * 0.375, 0.375, 400, 0.125)
    assert rate.seconds(10, 8) == rate.fixed + 3.75 + 1.0


def test_the_pace_of_progress() -> None:
    """Two stages of one chunk after the other, at 1 and 2 s a chunk after the first; verifying goes many at once."""
    heard = [("enrol", done, moment) for done, moment in ((0, 0.0), (1, 5.0), (2, 6.0), (3, 7.0))]
    heard += [("admit", done, moment) for done, moment in ((0, 10.0), (1, 11.0), (3, 15.0))]
    assert pace_of([(Progress(stage, done, 3), moment) for stage, done, moment in heard]) == 3.0
    heard = [("verify", done, moment) for done, moment in ((0, 0.0), (1, 2.0), (2, 2.0), (3, 4.0), (4, 4.0))]
    assert pace_of([(Progress(stage, done, 4), moment) for stage, done, moment in heard]) == 1.0
    assert pace_of([(Progress("enrol", 0, 1), 0.0), (Progress("enrol", 1, 1), 2.0)]) == pace_of([]) == 0.0


def test_points_that_are_checked_first_count_by_the_chunk() -> None:
    """0.5 s a chunk for its points, whatever the step itself told of; its own stage is not counted twice."""
    heard = [("admit-request", done, moment) for done, moment in ((0, 0.0), (1, 5.0), (2, 5.5), (3, 6.0))]
    heard += [("prove", done, 7.0 + done) for done in range(4)]
    steps = [(Progress(stage, done, 3), moment) for stage, done, moment in heard]
    assert told_seconds((1.0, 2.0), steps) == (1.5, 2.5)
    assert told_seconds((), steps) == (1.5,) and told_seconds((), []) == ()


def test_a_line_that_would_fall() -> None:
    assert fit([walked(2, 8.0), walked(4, 2.0)], "prove").per_chunk == 0.5


def test_a_small_layout_is_walked_as_it_is() -> None:
    assert [walk_sizes(2, chunks) for chunks in (1, 4, 5, 445)] == [(1,), (4,), (2, 4), (2, 4)]
    assert walk_sizes(1, 100) == (1, 3) and walk_sizes(64, 100) == (4, 8)
    assert fit([walked(3, 6.0)], "prove") == Rate(0.0, 2.0, 300)


def calibration(preset=TOY, **rates: Rate) -> Calibration:
    return Calibration(preset.name, 900, 2, {step: rates.get(step, Rate(1.0, 1.0, 5 << 20)) for step in PAYERS}, False, 1.0)


def test_totals_by_who_pays() -> None:
    """Ten chunks, four touched: enrolment goes by ten, the answer by four, and what the mask leaves alone is scanned."""
    cost = estimate(TOY, layout=layout_of(8960), touched=range(4), measured=calibration(prove=Rate(1.0, 2.0, 7 << 20, 0.5)))
    assert (cost.chunks, cost.all_chunks, cost.weights) == (4, 10, 3584)
    assert cost.prove_seconds == 1 + 4 * 2 + 6 * 0.5
    assert cost.fleet_seconds == 2 * (1 + 10) + 2 * (1 + 4)
    assert cost.enrol_seconds == 2 * (1 + 10)
    assert cost.answer_seconds == cost.prove_seconds + 1 + 4
    assert cost.memory_bytes == 7 << 20


@pytest.mark.parametrize(("others", "said"), [(None, ""), (0.04, ""), (0.375, ", of which others used 38% meanwhile")])
def test_a_busy_machine_is_named(others: float | None, said: str) -> None:
    measured = dataclasses.replace(calibration(), others_share=others)
    assert estimate(TOY, layout=layout_of(900), touched=[0], measured=measured).source == "measured on this machine" + said


def test_the_share_of_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the machine's ticks our own are not others'; guests are counted in user already; idle and waiting are nobody's."""
    stat, ticks = tmp_path / "stat", os.sysconf("SC_CLK_TCK")
    monkeypatch.setattr(busy, "_STAT", stat)
    stat.write_text("cpu 0 0 0 5 5 0 0 0 0 0\ncpu0 1\n")
    begin = busy.Moment.now()
    assert begin.machine == 0.0
    stat.write_text(f"cpu {ticks} {ticks} {ticks} 9 9 {ticks} {ticks} {ticks} 7 7\n")
    assert busy.Moment.now().machine == 6.0 and begin.others_since() == 1.0
    stat.write_text("cpu 0 0 0 9 9 0 0 0 7 7\n")
    assert begin.others_since() == 0.0
    stat.unlink()
    assert begin.others_since() is None and busy.Moment.now().others_since() is None


def test_refused_estimates() -> None:
    with pytest.raises(InputError, match="below 10"):
        estimate(TOY, layout=layout_of(8960), touched=[10])
    with pytest.raises(InputError, match="another preset"):
        estimate(TOY, layout=layout_of(8960), touched=[0], measured=calibration(SERVING))


@pytest.mark.parametrize(("chunks", "touched"), [(3, 3), (6, 2)])
def test_disk_of_real_files(cache: Path, tmp_path: Path, chunks: int, touched: int) -> None:
    tool = open_toolchain("toy", folder=cache)
    done = walk(tool, tmp_path, chunks=chunks, size=TOY.capacity, touched=touched)
    sizes = disk(TOY, layout_of(chunks * TOY.capacity), range(touched))
    assert sizes.messages == done.messages_bytes
    assert sizes.bundle == pytest.approx(done.bundle_bytes, rel=0.15)
    assert sizes.client == pytest.approx(kept_bytes(done.client), rel=0.15)
    assert sizes.provider == pytest.approx(kept_bytes(done.provider), rel=0.15)
    assert all(step.seconds > 0 for step in done.steps.values()) and set(done.steps) == set(PAYERS)


@pytest.mark.parametrize("weights", [100, 800, 896, 2000, 8960])
def test_disk_of_a_real_sketch(tmp_path: Path, weights: int) -> None:
    """What the two files take up, on the disk and not only by their sizes, is what is counted for them; at the peak, with the rows."""
    layout = layout_of(weights)
    bounds = chunk_bounds(weights, TOY.capacity)
    kept = KeptSketch.open(tmp_path / "sketch", "digest", bounds, TOY.client_rows, exact=kept_whole(TOY.client_rows))
    kept.add(np.random.default_rng(0).normal(size=(20, weights)).astype(np.float32))
    kept.add(np.random.default_rng(1).normal(size=(20, weights)).astype(np.float32))
    written = [path.stat() for path in (tmp_path / "sketch").glob("state-*")]
    counted = sketch_disk(TOY, layout)
    assert len(written) == 2 and sum(file.st_size for file in written) == counted
    assert sum(512 * file.st_blocks for file in written) == pytest.approx(counted, abs=2 * 4096)
    plain, sketched = (disk(TOY, layout, range(1), sketch=one) for one in (False, True))
    assert (plain.sketch, sketched.sketch) == (0, counted)
    assert sketched.client_peak == max(plain.client, plain.client_draft + 4 * weights * TOY.client_rows + counted)
    assert estimate(TOY, layout=layout, touched=[0], sketch=True).disk_bytes == sketched.client_peak


def test_a_calibration_walks_this_machine(cache: Path) -> None:
    layout = layout_of(20 * 800)
    tool = open_toolchain("toy", folder=cache, threads=1)
    measured = calibrate(tool, layout, check=True)
    assert (measured.preset, measured.size, measured.threads) == ("toy", layout.chunks[0], 1)
    assert all(rate.per_chunk > 0 for rate in measured.rates.values())
    assert measured.rates["prove"].untouched > 0 and measured.rates["prove"].memory_bytes > 1 << 20


def room(memory: int | None, space: int) -> Room:
    return Room(memory, space, Path("/there"))


def test_too_little_memory_names_the_preset_that_fits() -> None:
    """A larger domain than fits: the default preset would do."""
    large = get_preset("ceremony-32768")
    layout = layout_of(10**7, large)
    cost = estimate(large, layout=layout, touched=range(len(layout.chunks)))
    here = room(cost.memory_bytes - 1, 10**12)
    with pytest.raises(StorageError, match="memory is too small.*preset ceremony-[0-9a-z-]+ would fit") as caught:
        require_room(large, cost, layout, range(3), here)
    assert (caught.value.code, caught.value.exit_code, caught.value.field) == ("no_memory", 4, "memory")
    fits = fitting(large, cost, layout, range(3), here)
    assert fits and all(each.memory_bytes < cost.memory_bytes for each in fits)
    assert not {each.preset for each in fits} & {name for name, preset in PRESETS.items() if preset.insecure}
    require_room(large, cost, layout, range(3), room(None, 10**12))


def test_too_little_disk() -> None:
    layout = layout_of(10**8, SERVING)
    cost = estimate(SERVING, layout=layout, touched=range(9))
    require_room(SERVING, cost, layout, range(9), room(1 << 34, cost.disk_bytes))
    with pytest.raises(StorageError, match="disk is too small.*no preset would fit") as caught:
        require_room(SERVING, cost, layout, range(9), room(1 << 34, 10**9))
    assert caught.value.code == "no_disk" and "1.0 GB free" in str(caught.value)
    require_room(SERVING, cost, layout, range(9), room(1 << 34, 10**9), resource="memory")


def test_room_of_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    found = room_at(tmp_path / "not" / "yet")
    assert found.disk > 0 and (found.memory is None or found.memory > 0)


def test_an_enrolment_without_room_does_not_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costs_room, "free_memory", lambda: 1 << 20)
    with pytest.raises(StorageError, match="memory is too small"):
        costs_room.check_room(SERVING, layout_of(10**6, SERVING), tmp_path)


def test_other_presets_are_scaled_by_what_was_measured() -> None:
    layout = layout_of(10**7, SERVING)
    sheet = estimate(SERVING, layout=layout, touched=range(len(layout.chunks)))
    slow = dataclasses.replace(sheet, prove_seconds=3 * sheet.prove_seconds)
    other = get_preset("ceremony-16384")
    plain, slower = (scaled(SERVING, known, layout, range(len(layout.chunks)), other) for known in (sheet, slow))
    assert slower.prove_seconds == pytest.approx(3 * plain.prove_seconds)


def test_clustered_masks_forget_less_and_cost_less() -> None:
    numbers = np.random.default_rng(0)
    layout = layout_of(16 * TOY.capacity)
    level = np.repeat(numbers.random(16), TOY.capacity)
    made = choices(TOY, layout, level * numbers.exponential(1.0, layout.weights), 0.05)
    assert [choice.chunks for choice in made] == sorted((choice.chunks for choice in made), reverse=True)
    assert made[0].share == 1.0 and made[-1].chunks == 1
    for scattered, clustered in itertools.pairwise(made):
        assert clustered.masked == scattered.masked
        assert clustered.share <= scattered.share and clustered.share <= clustered.bound <= 1
        assert clustered.cost.prove_seconds < scattered.cost.prove_seconds
        assert clustered.cost.bundle_bytes < scattered.cost.bundle_bytes
    assert made[1].share > 0.97 * made[1].bound  # near the best that so few chunks can do


def test_the_planner_s_counts_and_judge() -> None:
    assert default_counts(np.full(16, 100), 250, 16) == [12, 8, 4, 3]
    assert default_counts(np.full(16, 100), 250, 4) == [3]
    layout, seen = layout_of(4 * TOY.capacity), []
    scores = np.random.default_rng(1).random(layout.weights)
    made = choices(TOY, layout, scores, 0.1, counts=[2], judge=lambda mask: (seen.append(int(mask.sum())) or 0.25, 0.75))
    assert [(choice.forget_accuracy, choice.retain_accuracy) for choice in made] == [(0.25, 0.75)] * 2
    assert seen == [made[0].masked] * 2
    with pytest.raises(InputError, match="scores"):
        choices(TOY, layout, scores[1:], 0.1)

"""The study's points, its units, and what rows come of a small task."""

from __future__ import annotations

import importlib.util
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments.ablations.__main__ import units_of
from experiments.ablations.axes import MAIN_MASK, Point, points
from experiments.ablations.config import DIGITS_TASK, FULL, GLYPHS_TASK, NEAR, QUICK, SECOND, AblationsConfig
from experiments.ablations.proofs import AXES, proofs, size_of
from experiments.ablations.second import second_request, second_task
from experiments.ablations.sweep import sweep
from experiments.lab.compensation import PRODUCT, Compensation
from experiments.lab.masks import touched
from experiments.lab.unlearning.stage import Stage
from zkapex_jax.demo.scene import chain_task, pick
from zkapex_jax.errors import InputError
from zkapex_jax.models.targets import chunk_bounds
from zkapex_jax.presets import DEFAULT_PRESET
from zkapex_jax.tasks.catalog import EASY

LAB = Path(__file__).parents[1] / "lab" / "conftest.py"


@pytest.fixture(scope="module")
def small():
    """The lab's small task."""
    spec = importlib.util.spec_from_file_location("lab_conftest", LAB)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.build()


def test_each_axis_holds_the_centre_and_each_setting_once():
    for task, config in ((DIGITS_TASK, FULL.digits), (NEAR, FULL.near), (GLYPHS_TASK, FULL.glyphs)):
        found = points(FULL, task)
        keys = [(point.axis, point.setting) for point in found]
        assert len(set(keys)) == len(keys)
        elsewhere = {"block", "cluster", "mask-plain"} | (set() if config.sparsity in FULL.sparsity else {"sparsity"})
        for axis in {point.axis for point in found} - elsewhere:
            centre = [p for p in found if p.axis == axis and _is_centre(p, config.sparsity)]
            assert len(centre) == 1, axis


def _is_centre(point: Point, sparsity: float) -> bool:
    """Whether a point is the centre, its rows and damping spelled out or not."""
    own = point.choice
    rows = None if own.client_rows == FULL.centre_rows else own.client_rows
    plain = replace(own, client_rows=rows, damping_factor=float(own.damping_factor))
    same = plain == replace(PRODUCT, damping_factor=1 / 32) and point.mask == MAIN_MASK
    return same and point.sparsity in (None, sparsity)


def test_tasks_vary_only_their_axes():
    assert {point.axis for point in points(FULL, NEAR)} == set(FULL.near_axes)
    assert {point.axis for point in points(FULL, GLYPHS_TASK)} == set(FULL.glyphs_axes)
    assert {point.axis for point in points(FULL, DIGITS_TASK)} > set(FULL.near_axes) | set(FULL.glyphs_axes)


def test_proofs_hold_the_block_and_the_rows_of_their_point():
    for point in points(FULL, DIGITS_TASK):
        if point.axis in AXES:
            size = size_of(FULL, point)
            assert size.client_rows == (point.choice.client_rows or FULL.centre_rows) and size.forget_rows == point.choice.count
            assert size.preset.capacity >= (point.choice.block or 0)


def test_micro_batches_use_the_examples_of_the_centre():
    for point in points(FULL, DIGITS_TASK):
        if point.axis == "micro-batch":
            assert point.choice.client_rows * point.choice.micro_batch == FULL.centre_rows


def test_clustered_points_touch_no_more_than_they_say(small):
    stage = Stage(small)
    point = Point("cluster", "0.5", MAIN_MASK, Compensation(block=128), chunks=0.5)
    bounds = chunk_bounds(stage.layout.weights, 128)
    mask = point.mask_of(stage)
    assert touched(mask, bounds) <= len(bounds) // 2 and mask.sum() == stage.mask(MAIN_MASK).sum()


def test_rows_say_what_masking_cost_and_what_came_back(small):
    chosen = [Point("damping", "1.0", MAIN_MASK, Compensation(count=2, damping_factor=1.0)),
              Point("sparsity", "0.1", MAIN_MASK, Compensation(count=2), sparsity=0.1)]  # fmt: skip
    rows = sweep(small, chosen)
    value = {(row.group, row.method, row.measure): row.value for row in rows}
    assert {row.experiment for row in rows} == {"ablations"} and all(not math.isinf(row.value) for row in rows)
    for axis in ("damping", "sparsity"):
        masked, after = (
            lambda measure, axis=axis, method=method: value[f"ablation/{axis}", method, measure] for method in ("masked", "compensated")
        )
        before = value["reference", "personalised", "accuracy/personal"]
        assert math.isclose(masked("masking_cost"), before - masked("accuracy/personal"))
        assert math.isclose(after("leak/forget"), after("accuracy/forget") - masked("accuracy/forget"))
        if masked("masking_cost") > 0:
            share = (after("accuracy/personal") - masked("accuracy/personal")) / masked("masking_cost")
            assert math.isclose(after("recovered"), share)
    assert np.isclose(value["ablation/sparsity", "masked", "masked/share"], 0.1, atol=1e-3)


@pytest.mark.parametrize("tasks", [(), ("digits", "letters")])
def test_unknown_tasks_are_refused(tasks):
    with pytest.raises(InputError, match="must be among"):
        AblationsConfig(tasks=tasks)


def test_units_are_named_once_and_the_digest_does_not_depend_on_which_are_run():
    names = [unit.name for unit in units_of(FULL)]
    assert len(set(names)) == len(names) == 4 * 5 + 1
    assert [unit.name for unit in units_of(replace(QUICK, tasks=(SECOND,)))] == [f"{SECOND}-0", f"{SECOND}-1"]
    assert replace(QUICK, tasks=(SECOND,), seeds=(5, 6)).digest() == QUICK.digest() != FULL.digest()


def test_the_second_request_keeps_both_digits_out_of_the_client_s_data():
    task, base_train = second_task(QUICK, 0, "easy")
    gone = set(EASY.forgotten) | set(QUICK.second_classes)
    assert gone < set(base_train["labels"].tolist())
    assert not gone & set(task.personal_train["labels"].tolist()) and not gone & set(task.tests["personal"]["labels"].tolist())
    assert set(task.tests["forget"]["labels"].tolist()) == set(EASY.forgotten)
    assert set(task.tests["forget_second"]["labels"].tolist()) == set(QUICK.second_classes)


def test_the_second_request_is_the_demonstration_s_in_data_and_order():
    (task, base_train), (data, groups) = second_task(FULL, 3, "hard"), chain_task("hard", 3)
    assert all(np.array_equal(base_train[field], data.base_train[field]) for field in base_train)
    for field in ("pixel_values", "labels"):
        assert np.array_equal(task.personal_train[field], data.personal_train[field])
        assert np.array_equal(task.tests["forget_second"][field], pick(data.forget, groups[1])[field])
    assert (task.base, task.personal, task.sparsity, task.preset) == (data.config.base, data.config.personal, data.config.sparsity, DEFAULT_PRESET)


def _hasty() -> AblationsConfig:
    digits = replace(QUICK.digits, base=replace(QUICK.digits.base, epochs=3), personal=replace(QUICK.digits.personal, epochs=2))
    return replace(QUICK, digits=digits, centre_rows=16, second_tasks=("easy",), blocks=(), client_rows=(), micro_batch=(),
                   forget_counts=(), sparsity=(), clusters=(1.0,))  # fmt: skip


@pytest.mark.slow
def test_every_variant_of_a_second_request_forgets_both_masks():
    rows = second_request(_hasty(), 0)
    methods = {row.method for row in rows}
    assert methods == {"personalised", "first", "masked", "as-served", "no-rows", "renewed", "both-rows", "both-twice", "heavier", "at-once"}
    assert {row.group for row in rows} == {"second-request/easy"}
    assert all(row.value == 0 for row in rows if row.method == "masked" and row.measure.startswith("leak/"))


@pytest.mark.slow
def test_proofs_of_a_small_study_are_real(tmp_path):
    from experiments.ablations.tasks import task_of

    config = _hasty()
    rows = proofs(config, task_of(config, DIGITS_TASK, 0), tmp_path)
    assert {row.group for row in rows} == {"ablation/centre", "ablation/cluster"}
    assert all(row.value > 0 for row in rows)

"""What a large model's gradients and plan hold at their peak: the model and one layer's gradient rows, whatever the rows and layers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zkapex_jax.curvature import clip_rows, create_rows, gradient_moments, per_example_gradients
from zkapex_jax.forget import forget_rows
from zkapex_jax.models import select_targets
from zkapex_jax.presets import get_preset
from zkapex_jax.workflow.memory import give_back, map_large_arrays, own_peak, reset_peak
from zkapex_jax.workflow.plan import Passes, plan_request

LAYERS, SIDE = 8, 1024
TENSOR = 4 * SIDE * SIDE
#: Half of the model is targeted.
MODEL = 2 * LAYERS * TENSOR
ROWS = get_preset("ceremony-4096").client_rows // 2
ONE_LAYERS_ROWS = ROWS * TENSOR
#: Compiled code, and blocks of vectors while norms are taken and scores are made.
SLACK = 24 << 20
BOUND = MODEL + ONE_LAYERS_ROWS + SLACK


def loss(params: Any, batch: Any) -> jax.Array:
    value = batch["x"]
    for layer in range(LAYERS):
        value = jnp.tanh(value @ params["layers"][f"{layer}"]["kernel"]) + value @ params["rest"][f"{layer}"]["kernel"] / SIDE
    return jnp.mean((value - batch["y"]) ** 2)


def params() -> dict[str, Any]:
    numbers = np.random.default_rng(0)
    deviation = np.float32(SIDE**-0.5)
    return {part: {f"{layer}": {"kernel": jax.device_put(deviation * numbers.standard_normal((SIDE, SIDE), np.float32))} for layer in range(LAYERS)}
            for part in ("layers", "rest")}  # fmt: skip


def examples(count: int, seed: int) -> dict[str, np.ndarray]:
    numbers = np.random.default_rng(seed)
    return {name: numbers.standard_normal((count, SIDE), np.float32) for name in ("x", "y")}


def growth(work: Callable[[dict[str, Any]], object]) -> int:
    """Bytes that the process grew by at the peak of `work`, the model included."""
    map_large_arrays()
    give_back()
    if not reset_peak():
        pytest.skip("this system does not count the peak of a process anew")
    before = resident()
    work(params())
    return own_peak() - before


def resident() -> int:
    found = re.search(r"^VmRSS:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(found[1]) * 1024


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """Libraries and compiled code are of every run, and counted apart."""
    tree = params()
    layout = select_targets(tree, "layers/*/kernel")
    per_example_gradients(loss, tree, layout, examples(1, 0), 1)


def test_gradient_rows_on_disk(tmp_path: Path) -> None:
    def rows(tree: dict[str, Any]) -> None:
        layout = select_targets(tree, "layers/*/kernel")
        file = create_rows(tmp_path / "rows", ROWS, layout.weights)
        per_example_gradients(loss, tree, layout, examples(ROWS, 1), 1, out=file)
        clip_rows(file, out=file)

    assert growth(rows) < BOUND  # all rows would be eight times a layer's


def test_moments_and_forget_rows_on_disk(tmp_path: Path) -> None:
    """Two vectors of float64 and eight rows lie in files: neither is ever resident whole."""

    def moments(tree: dict[str, Any]) -> None:
        gradient_moments(loss, tree, select_targets(tree, "layers/*/kernel"), examples(4, 2), 1, tmp_path)

    def rows(tree: dict[str, Any]) -> None:
        layout = select_targets(tree, "layers/*/kernel")
        forget_rows(loss, tree, examples(4, 3), 4, layout, np.arange(layout.weights) % 25 == 0, 1, tmp_path)

    assert growth(moments) < BOUND  # with both vectors of float64 resident it would be above
    assert growth(rows) < BOUND


def test_the_plan_of_a_request(tmp_path: Path) -> None:
    def plan(tree: dict[str, Any]) -> None:
        made = plan_request(
            get_preset("ceremony-4096"), Passes(loss, select_targets(tree, "layers/*/kernel"), 1, tmp_path), tree, examples(8, 4), examples(8, 5),
            sparsity=0.04,
        )  # fmt: skip
        assert made.mask.sum() == round(0.04 * LAYERS * SIDE * SIDE)

    assert growth(plan) < BOUND

"""Streamed per-example gradients against gradients of the whole model, one example at a time."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from zkapex_jax.curvature import create_rows, gradient_moments, per_example_gradients, reference, stream_gradients
from zkapex_jax.errors import InputError, StorageError
from zkapex_jax.models import Model, select_targets

Tiny = tuple[Model, dict[str, Any], dict[str, np.ndarray]]
PATTERNS = {"vit": "**/intermediate/dense/*", "opt": "**/fc?/kernel"}


@pytest.fixture(scope="module")
def expected(tiny: Tiny) -> np.ndarray:
    model, params, examples = tiny
    return reference.per_example_gradients(model.loss, params, select_targets(params, PATTERNS[model.architecture]), examples)


@pytest.mark.parametrize("micro_batch", [1, 2, 5, 9])
def test_same_as_one_at_a_time(tiny: Tiny, expected: np.ndarray, micro_batch: int) -> None:
    model, params, examples = tiny
    layout = select_targets(params, PATTERNS[model.architecture])
    rows = per_example_gradients(model.loss, params, layout, examples, micro_batch)
    assert rows.dtype == np.float32 and rows.shape == (5, layout.weights)
    np.testing.assert_allclose(rows, expected, atol=1e-6 * np.abs(expected).max())


def test_stream_and_file(tiny: Tiny, expected: np.ndarray, tmp_path: Path) -> None:
    model, params, examples = tiny
    layout = select_targets(params, PATTERNS[model.architecture])
    file = create_rows(tmp_path / "rows", 5, layout.weights)
    assert stat.S_IMODE((tmp_path / "rows").stat().st_mode) == 0o600
    assert per_example_gradients(model.loss, params, layout, examples, 2, out=file) is file
    streamed = list(stream_gradients(model.loss, params, layout, examples, 2))
    assert [len(block) for block in streamed] == [2, 2, 1]
    np.testing.assert_array_equal(np.concatenate(streamed), file)
    np.testing.assert_allclose(file, expected, atol=1e-6 * np.abs(expected).max())


def test_moments(tiny: Tiny, expected: np.ndarray) -> None:
    model, params, examples = tiny
    layout = select_targets(params, PATTERNS[model.architecture])
    moments = gradient_moments(model.loss, params, layout, examples, micro_batch=2)
    mean, fisher = reference.gradient_moments(expected)
    assert moments.examples == 5
    np.testing.assert_allclose(moments.mean, mean, atol=1e-6 * np.abs(mean).max())
    np.testing.assert_allclose(moments.fisher, fisher, atol=2e-6 * fisher.max())


def quadratic(params: Any, batch: Any) -> Any:
    return jnp.mean((batch["x"] @ params["a"]["w"] + params["b"] - batch["y"]) ** 2)


def test_formula() -> None:
    """∂(x·w + b − y)² / ∂w = 2 (x·w + b − y) x, by hand."""
    rng = np.random.default_rng(0)
    params = {"a": {"w": rng.normal(size=3).astype(np.float32)}, "b": np.float32(0.5)}
    x, y = rng.normal(size=(4, 3)).astype(np.float32), rng.normal(size=4).astype(np.float32)
    rows = per_example_gradients(quadratic, params, select_targets(params, "a/w"), {"x": x, "y": y}, 3)
    np.testing.assert_allclose(rows, 2 * (x @ params["a"]["w"] + params["b"] - y)[:, None] * x, rtol=1e-5)


PARAMS = {"a": {"w": np.ones(3, np.float32)}, "b": np.float32(0)}
X, Y = np.ones((4, 3), np.float32), np.zeros(4, np.float32)
POISONED = np.where(np.arange(4) == 2, np.nan, Y)


@pytest.mark.parametrize(
    ("examples", "micro_batch", "field", "value"),
    [
        ({"x": X, "y": POISONED}, 4, "a/w", "example 2"),
        ({"x": X, "y": POISONED}, 1, "a/w", "example 2"),
        ({"x": X * 3e38, "y": Y}, 2, "a/w", "example 0"),
        ({"x": X, "y": Y[:3]}, 2, "examples", [3, 4]),
        ({"x": X[:0], "y": Y[:0]}, 2, "examples", [0]),
        ({}, 2, "examples", []),
        ({"x": X, "y": Y}, 0, "micro_batch", 0),
        ({"x": X, "y": Y}, 2.0, "micro_batch", 2.0),
    ],
)
def test_bad_inputs(examples: Any, micro_batch: Any, field: str, value: object) -> None:
    with pytest.raises(InputError) as error:
        per_example_gradients(quadratic, PARAMS, select_targets(PARAMS, "a/w"), examples, micro_batch)
    assert (error.value.field, error.value.value) == (field, value)


@pytest.mark.parametrize("out", [np.empty((4, 2), np.float32), np.empty((3, 3), np.float32), np.empty((4, 3))])
def test_bad_out(out: np.ndarray) -> None:
    with pytest.raises(InputError, match="must be float32"):
        per_example_gradients(quadratic, PARAMS, select_targets(PARAMS, "a/w"), {"x": X, "y": Y}, out=out)


def test_rows_file_errors(tmp_path: Path) -> None:
    create_rows(tmp_path / "rows", 1, 1)
    with pytest.raises(StorageError):
        create_rows(tmp_path / "rows", 1, 1)
    with pytest.raises(StorageError):
        create_rows(tmp_path / "nowhere" / "rows", 1, 1)
    with pytest.raises(InputError):
        create_rows(tmp_path / "none", 0, 1)
    with pytest.raises(StorageError):
        create_rows(tmp_path / "vast", 2**30, 2**30)
    assert not (tmp_path / "vast").exists()

"""Gradients and masks against their host twins; bad trees; what importing the package costs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import zkapex_jax
from zkapex_jax import curvature, forget
from zkapex_jax.errors import InputError
from zkapex_jax.models import flatten, select_targets

PARAMS = {"w": np.array([1.0, -2.0, 3.0], np.float32), "b": np.float32(0.5), "steps": np.int32(3)}
EXAMPLES = {"x": np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32), "y": np.arange(7, dtype=np.float32)}


def loss(params, batch):
    return jnp.mean((jnp.tanh(batch["x"] @ params["w"]) + params["b"] - batch["y"]) ** 2)


@pytest.mark.parametrize("micro_batch", [None, 1, 3, 7, 20])
def test_gradients_are_the_streamed_ones(micro_batch: int | None) -> None:
    rows = zkapex_jax.per_example_gradients(loss, PARAMS, EXAMPLES, micro_batch=micro_batch)
    assert rows["steps"] is None and rows["b"].shape == (7,)
    floats = {"w": PARAMS["w"], "b": np.atleast_1d(PARAMS["b"])}
    wanted = curvature.per_example_gradients(
        lambda p, batch: loss(p | {"b": p["b"][0]}, batch), floats, select_targets(floats, "w"), EXAMPLES, micro_batch=2
    )
    np.testing.assert_allclose(rows["w"], wanted, rtol=1e-4, atol=1e-5)
    traced = jax.jit(lambda params, data: zkapex_jax.per_example_gradients(loss, params, data, targets="w")["w"])
    np.testing.assert_allclose(traced(PARAMS, EXAMPLES), wanted, rtol=1e-4, atol=1e-5)


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 0.99))
def test_masks_are_those_of_the_vectors(seed: int, sparsity: float) -> None:
    rng = np.random.default_rng(seed)
    params = {"a": rng.normal(size=4).astype(np.float32), "b": rng.normal(size=(2, 3)).astype(np.float32), "c": np.ones(2)}
    rows = [{name: rng.normal(size=(5, *params[name].shape)).astype(np.float32) for name in "ab"} for _ in range(2)]
    scores = zkapex_jax.mask_scores(params, *rows)
    layout = select_targets({name: params[name] for name in "ab"}, "*")

    def flat(given):
        return flatten(given, layout)

    def moment(given, power):
        return np.mean([flat({name: rows[k] for name, rows in given.items()}) ** power for k in range(5)], axis=0)

    moments = [moment(given, power) for given in rows for power in (1, 2)]
    assert scores["c"] is None
    vector = flat(scores).astype(np.float64)
    np.testing.assert_allclose(vector, forget.mask_scores(*moments, flat(params)), atol=1e-4)
    mask = zkapex_jax.top_mask(scores, sparsity)
    np.testing.assert_array_equal(flat(mask).astype(bool), forget.select_mask(vector, sparsity))


def test_ties_go_to_the_first() -> None:
    np.testing.assert_array_equal(zkapex_jax.top_mask({"a": jnp.zeros(2), "b": jnp.zeros(2)}, 0.5)["a"], [True, True])


@pytest.mark.parametrize("blocks", ["all", "tensor", 4])
def test_a_sketch_sums_up_batches_block_by_block(blocks: str | int) -> None:
    random = np.random.default_rng(0)
    params = {"b": np.zeros(3, np.float32), "w": np.zeros((2, 4), np.float32)}
    whole = {path: random.normal(size=(30, *leaf.shape)).astype(np.float32) for path, leaf in params.items()}
    batches = ({path: leaf[start : start + 7] for path, leaf in whole.items()} | {"rest": None} for start in range(0, 30, 7))
    made = zkapex_jax.sketch_gradients(batches, 12, blocks=blocks)
    assert made["rest"] is None and {path: leaf.shape for path, leaf in made.items() if leaf is not None} == {"b": (12, 3), "w": (12, 2, 4)}
    # more rows than weights: nothing of a block is lost, and as many gradients of the same kind give the same answer
    scaled = {path: leaf * np.float32(np.sqrt(12 / 30)) for path, leaf in whole.items()}
    mask = {"b": np.array([True, False, False]), "w": np.eye(2, 4, dtype=bool)}
    one, other = (zkapex_jax.unlearn({path: leaf + 1 for path, leaf in params.items()}, mask, {path: rows[path] for path in params}, blocks=blocks,
                                     clip=False, damping=0.5) for rows in (made, scaled))  # fmt: skip
    for path in params:
        np.testing.assert_allclose(one[path], other[path], atol=1e-4)


ROWS, MASK, W = {"w": np.ones((2, 3), np.float32)}, {"w": np.array([True, False, False])}, {"w": np.ones(3, np.float32)}
NAN = {"w": np.full(3, np.nan, np.float32)}


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: zkapex_jax.unlearn(W, {}, ROWS), "mask"),
        (lambda: zkapex_jax.unlearn({"w": np.ones(3, int)}, MASK, ROWS), "params w"),
        (lambda: zkapex_jax.unlearn({"w": np.ones(3, complex)}, MASK, ROWS), "params w"),
        (lambda: zkapex_jax.unlearn(W, MASK, ROWS, damping="little"), "damping"),
        (lambda: jax.jit(zkapex_jax.unlearn)(W, MASK, ROWS, blocks=2), "blocks"),
        (lambda: jax.jit(zkapex_jax.unlearn)(W, MASK, ROWS, clip=False), "clip"),
        (lambda: zkapex_jax.per_example_gradients(lambda p, b: b["x"] @ p["w"], PARAMS, EXAMPLES), "loss_fn"),
        (lambda: zkapex_jax.per_example_gradients(lambda p, b: (loss(p, b), 1), PARAMS, EXAMPLES), "loss_fn"),
        (lambda: zkapex_jax.sketch_gradients([ROWS], 2, seed=-1), "seed"),
        (lambda: zkapex_jax.unlearn(W, {"v": MASK["w"]}, ROWS), "mask v"),
        (lambda: zkapex_jax.unlearn(W, {"w": np.ones(3)}, ROWS), "mask w"),
        (lambda: zkapex_jax.unlearn(W, {"w": np.ones(2, bool)}, ROWS), "mask w"),
        (lambda: zkapex_jax.unlearn(W, MASK, {}), "gradients w"),
        (lambda: zkapex_jax.unlearn(W, MASK, {"w": np.ones((2, 4))}), "gradients w"),
        (lambda: zkapex_jax.unlearn(W, MASK, {"w": np.ones((0, 3))}), "gradients w"),
        (lambda: zkapex_jax.unlearn(W, MASK, {"w": np.ones((2, 3), int)}), "gradients w"),
        (lambda: zkapex_jax.unlearn(W | {"v": W["w"]}, MASK | {"v": MASK["w"]}, ROWS | {"v": np.ones((4, 3))}), "gradients"),
        (lambda: zkapex_jax.unlearn(W, MASK, {"w": 0 * ROWS["w"]}), "gradients"),
        (lambda: zkapex_jax.unlearn(W, MASK, {"w": np.full((2, 3), np.inf)}), "gradients w"),
        (lambda: zkapex_jax.unlearn(NAN, MASK, ROWS), "params w"),
        (lambda: zkapex_jax.unlearn(W, MASK, ROWS, damping=0.0), "damping"),
        (lambda: zkapex_jax.unlearn(W, MASK, ROWS, damping=np.nan), "damping"),
        (lambda: zkapex_jax.unlearn(W, MASK, ROWS, damping=np.ones(2)), "damping"),
        (lambda: zkapex_jax.unlearn(W, MASK, ROWS, blocks="some"), "blocks"),
        (lambda: zkapex_jax.unlearn(W, MASK, ROWS, blocks=0), "blocks"),
        (lambda: zkapex_jax.unlearn(W, MASK, ROWS, forget_gradients={}), "forget_gradients w"),
        (lambda: zkapex_jax.per_example_gradients(loss, PARAMS, EXAMPLES, targets="steps"), "targets"),
        (lambda: zkapex_jax.per_example_gradients(loss, PARAMS, EXAMPLES, targets="re:("), "pattern"),
        (lambda: zkapex_jax.per_example_gradients(loss, PARAMS, EXAMPLES | {"y": np.ones(3)}), "examples"),
        (lambda: zkapex_jax.per_example_gradients(loss, PARAMS, {"x": np.ones((0, 3))}), "examples"),
        (lambda: zkapex_jax.per_example_gradients(loss, PARAMS, {"x": np.float32(1)}), "examples"),
        (lambda: zkapex_jax.per_example_gradients(loss, PARAMS, EXAMPLES, micro_batch=0), "micro_batch"),
        (lambda: zkapex_jax.sketch_gradients([], 2), "batches"),
        (lambda: zkapex_jax.sketch_gradients([{}], 2), "batches"),
        (lambda: zkapex_jax.sketch_gradients([{"w": np.ones((2, 3), int)}], 2), "batches"),
        (lambda: zkapex_jax.sketch_gradients([ROWS, {"v": ROWS["w"]}], 2), "batches"),
        (lambda: zkapex_jax.sketch_gradients([ROWS, {"w": np.ones((2, 4), np.float32)}], 2), "batches"),
        (lambda: zkapex_jax.sketch_gradients([{"w": np.full((2, 3), np.nan, np.float32)}], 2), "batches w"),
        (lambda: zkapex_jax.sketch_gradients([ROWS], 0), "rows"),
        (lambda: zkapex_jax.sketch_gradients([ROWS], 2, blocks=0), "blocks"),
        (lambda: zkapex_jax.mask_scores(W, {"v": ROWS["w"]}, ROWS), "forget_gradients v"),
        (lambda: zkapex_jax.mask_scores(W, ROWS, {"v": ROWS["w"]}), "retain_gradients w"),
        (lambda: zkapex_jax.mask_scores(NAN, ROWS, ROWS), "params w"),
        (lambda: zkapex_jax.mask_scores(W, {}, {}), "forget_gradients"),
        (lambda: zkapex_jax.top_mask(NAN, 0.5), "scores w"),
        (lambda: zkapex_jax.top_mask({}, 0.5), "scores"),
        (lambda: zkapex_jax.top_mask(W, 1.0), "sparsity"),
        (lambda: zkapex_jax.top_mask({"w": np.ones(1)}, 0.5), "weights"),
        (lambda: zkapex_jax.freeze_masked(MASK).init({"v": np.ones(3)}), "mask w"),
        (lambda: zkapex_jax.freeze_masked(MASK).update(W, None), "params"),
    ],
)
def test_bad_inputs(call: Callable[[], object], field: str) -> None:
    with pytest.raises(InputError) as error:
        call()
    assert error.value.field == field


def test_errors_say_what_would_do() -> None:
    for call, hint in (
        (lambda: zkapex_jax.unlearn(W, {"v": MASK["w"]}, ROWS), "theirs are w"),
        (lambda: zkapex_jax.unlearn(W, {"w": np.ones(3)}, ROWS), "mask != 0"),
        (lambda: zkapex_jax.per_example_gradients(loss, PARAMS, EXAMPLES, targets="kernel"), "there are b, w"),
        (lambda: jax.jit(zkapex_jax.unlearn)(W, MASK, ROWS, blocks=2), "static_argnames"),
    ):
        with pytest.raises(InputError) as error:
            call()
        assert hint in error.value.hint
    assert zkapex_jax.unlearn(W, MASK, ROWS, blocks=np.int64(2))["w"].shape == (3,)


def test_a_masked_weight_is_zero_after_updates_of_less_precision() -> None:
    weights = {"w": jnp.array([1.2345678, 1.0], jnp.float32)}
    half = {"w": jnp.ones(2, jnp.float16)}
    mask = {"w": jnp.array([True, False])}
    updates, _ = zkapex_jax.freeze_masked(mask).update(half, optax.EmptyState(), weights)
    assert optax.apply_updates(weights, updates)["w"][0] == 0


def test_names_resolve_and_the_package_is_quick_to_import() -> None:
    assert all(getattr(zkapex_jax, name) is not None for name in zkapex_jax.__all__) and set(zkapex_jax.__all__) <= set(dir(zkapex_jax))
    with pytest.raises(AttributeError, match="unlern") as error:
        zkapex_jax.unlern  # noqa: B018
    assert error.value.name == "unlern" and error.value.obj is zkapex_jax, "what Python's own suggestion needs"
    assert not {"Any", "import_module", "TYPE_CHECKING"} & set(dir(zkapex_jax)) and zkapex_jax.obs.compensate
    code = "import sys, zkapex_jax; zkapex_jax.ZkapexError; sys.exit(any(name in sys.modules for name in ('jax', 'numpy', 'flax')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""`unlearn` on pytrees: against the host path step by step, under transformations, on the trees of flax and optax."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import linen, nnx
from flax.core import FrozenDict, freeze
from flax.training.train_state import TrainState
from hypothesis import given, settings
from hypothesis import strategies as st

import zkapex_jax
from zkapex_jax.curvature import clip_rows, damping
from zkapex_jax.models import chunk_bounds, flatten, select_targets
from zkapex_jax.obs import group_obs

SHAPES = {"head": {"kernel": (3, 2)}, "layer": {"10": {"w": (4,)}, "2": {"w": (5,)}}, "kept": (2,)}
N, K = 5, 3


def tree(seed: int, make: Any, node: Any = None) -> Any:
    rng, node = np.random.default_rng(seed), SHAPES if node is None else node
    return {name: tree(int(rng.integers(2**31)), make, part) if isinstance(part, dict) else make(rng, part) for name, part in node.items()}


def scene(seed: int, share: float = 0.3) -> tuple[Any, Any, Any, Any]:
    params = tree(seed, lambda rng, shape: rng.normal(size=shape).astype(np.float32))
    mask = tree(seed + 1, lambda rng, shape: rng.random(shape) < share) | {"kept": None}
    rows = [tree(seed + part, lambda rng, shape, count=count: rng.normal(size=(count, *shape)).astype(np.float32))
            for part, count in ((2, N), (3, K))]  # fmt: skip
    return params, mask, rows[0], rows[1]


def by_hand(params: Any, mask: Any, rows: Any, forget: Any | None, blocks: Any) -> np.ndarray:
    """δ [W] by the host's functions, one block after the other, rows in the order of the protocol's layout."""
    layout = select_targets({name: part for name, part in params.items() if name != "kept"}, "**")
    theta, hit = flatten(params, layout), flatten(mask, layout) > 0
    stack = lambda given, count: np.stack([flatten(jax.tree_util.tree_map(lambda leaf: leaf[k], given), layout) for k in range(count)])  # noqa: E731
    client, delta = clip_rows(stack(rows, N)), np.zeros(layout.weights)
    cuts = {"all": [(0, layout.weights)], "tensor": [(place.start, place.stop) for _, _, place in layout.slices()]}
    for start, stop in cuts.get(blocks) or chunk_bounds(layout.weights, blocks):
        cut, used = slice(start, stop), client[:, start:stop]
        gamma = damping(used)
        if forget is not None:
            public = np.where(hit[cut], 0, stack(forget, K)[:, cut])
            squares = np.square(public).sum(axis=1)
            norm = np.sqrt(squares[squares > 0].mean()) if squares.any() else 1
            used = np.concatenate([used, public * np.sqrt(np.square(used).sum(axis=1).mean()) / norm])
        delta[cut] = group_obs(used.astype(np.float64), gamma, theta[cut], hit[cut]).delta
    return delta


@settings(max_examples=8)
@given(st.integers(0, 2**20), st.sampled_from([0.0, 0.3, 1.0]), st.booleans(), st.sampled_from(["all", "tensor", 6]))
def test_host_twin(seed: int, share: float, with_forget: bool, blocks: Any) -> None:
    params, mask, rows, forget = scene(seed, share)
    chosen = forget if with_forget else None
    moves = zkapex_jax.compensation(params, mask, rows, forget_gradients=chosen, blocks=blocks)
    layout = select_targets({name: part for name, part in params.items() if name != "kept"}, "**")
    np.testing.assert_allclose(flatten(moves, layout), by_hand(params, mask, rows, chosen, blocks), atol=1e-3)
    assert not np.any(moves["kept"])


def test_masked_weights_are_zero_and_others_of_the_tree_are_the_same() -> None:
    params, mask, rows, forget = scene(7)
    new = zkapex_jax.unlearn(params, mask, rows, forget_gradients=forget)
    assert new["kept"] is params["kept"]
    assert not np.asarray(new["head"]["kernel"])[mask["head"]["kernel"]].any()
    assert np.abs(new["head"]["kernel"] - params["head"]["kernel"])[~mask["head"]["kernel"]].max() > 0
    updates = zkapex_jax.compensation(params, mask, rows, forget_gradients=forget)
    applied = optax.apply_updates(params, updates)
    jax.tree_util.tree_map(np.testing.assert_array_equal, applied, new)


def test_jit_vmap_and_static_blocks() -> None:
    scenes = [scene(seed)[:3] for seed in (1, 2)]
    params, mask, rows = scenes[0]
    eager = zkapex_jax.unlearn(params, mask, rows, blocks=6)
    compiled = jax.jit(lambda p, g, gamma: zkapex_jax.unlearn(p, mask, g, blocks=6, damping=gamma))
    by_default = jax.jit(zkapex_jax.unlearn, static_argnames=("blocks", "clip"))(params, mask, rows, blocks=6)
    jax.tree_util.tree_map(lambda left, right: np.testing.assert_allclose(left, right, atol=1e-5), by_default, eager)
    assert not np.asarray(compiled(params, rows, 0.5)["head"]["kernel"])[mask["head"]["kernel"]].any()
    stacked = jax.tree_util.tree_map(lambda *leaves: np.stack(leaves), *scenes)
    together = jax.vmap(zkapex_jax.unlearn)(*stacked)
    for index, one in enumerate(scenes):
        single = zkapex_jax.unlearn(*one)
        jax.tree_util.tree_map(lambda left, right: np.testing.assert_allclose(left[index], right, atol=1e-4), together, single)


def test_partial_masks_whole_leaves_and_frozen_trees() -> None:
    params, mask, rows, _ = scene(3)
    part = {"layer": {"2": {"w": True}, "10": {"w": False}}}
    new = zkapex_jax.unlearn(params, part, rows)
    assert not np.any(new["layer"]["2"]["w"]) and new["head"]["kernel"] is params["head"]["kernel"]
    assert np.any(new["layer"]["10"]["w"] != params["layer"]["10"]["w"])  # free, but of the same block
    frozen = zkapex_jax.unlearn(freeze(params), mask, rows)
    assert isinstance(frozen, FrozenDict)
    jax.tree_util.tree_map(np.testing.assert_array_equal, frozen.unfreeze(), zkapex_jax.unlearn(params, mask, rows))
    listed = zkapex_jax.unlearn([params["kept"], jnp.ones(3)], [None, jnp.array([True, False, False])], [None, jnp.ones((2, 3))])
    assert listed[0] is params["kept"] and listed[1][0] == 0


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16])
def test_types_are_kept(dtype: Any) -> None:
    params, mask, rows, _ = scene(4)
    small = jax.tree_util.tree_map(lambda leaf: jnp.asarray(leaf, dtype), (params, rows))
    new = zkapex_jax.unlearn(small[0], mask, small[1])
    assert {leaf.dtype for leaf in jax.tree_util.tree_leaves(new)} == {jnp.dtype(dtype)}
    assert not np.asarray(new["layer"]["2"]["w"], np.float32)[mask["layer"]["2"]["w"]].any()


class Net(linen.Module):
    @linen.compact
    def __call__(self, x):
        return linen.Dense(2)(jnp.tanh(linen.Dense(8, name="hidden")(x)))


def test_a_flax_network_from_scores_to_training_on() -> None:
    """The whole float path with a TrainState; masked weights stay zero while the rest is trained on with AdamW."""
    rng = np.random.default_rng(0)
    sets = {name: {"x": rng.normal(size=(12, 4)).astype(np.float32), "y": rng.integers(0, 2, 12)} for name in ("forget", "retain", "mine")}
    net = Net()
    params = net.init(jax.random.PRNGKey(0), sets["mine"]["x"])["params"]

    def loss(params: Any, batch: Any) -> jax.Array:
        return optax.softmax_cross_entropy_with_integer_labels(net.apply({"params": params}, batch["x"]), batch["y"]).mean()

    rows = {name: zkapex_jax.per_example_gradients(loss, params, data, targets="hidden/*", micro_batch=5) for name, data in sets.items()}
    mask = zkapex_jax.top_mask(zkapex_jax.mask_scores(params, rows["forget"], rows["retain"]), 0.2)
    assert sum(int(np.sum(leaf)) for leaf in jax.tree_util.tree_leaves(mask)) == 8  # of 40
    chain = optax.chain(optax.adamw(0.05, weight_decay=0.1), zkapex_jax.freeze_masked(mask))
    state = TrainState.create(apply_fn=net.apply, params=zkapex_jax.unlearn(params, mask, rows["mine"]), tx=chain)
    only_masked = zkapex_jax.apply_mask(params, mask)
    assert loss(state.params, sets["mine"]) < loss(only_masked, sets["mine"])
    step = jax.jit(lambda state: state.apply_gradients(grads=jax.grad(loss)(state.params, sets["mine"])))
    before = state.params
    for _ in range(5):
        state = step(state)
    for name in ("kernel", "bias"):
        assert not np.asarray(state.params["hidden"][name])[np.asarray(mask["hidden"][name])].any()
    assert np.any(state.params["Dense_0"]["kernel"] != before["Dense_0"]["kernel"])


def test_states_of_flax_nnx() -> None:
    """A tree whose leaves lie in boxes: paths end in `value`, and the boxes come back."""
    graph, params = nnx.split(nnx.Linear(3, 2, rngs=nnx.Rngs(0)), nnx.Param)
    data = {"x": np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32), "y": np.ones((4, 2), np.float32)}

    def loss(params: Any, batch: Any) -> jax.Array:
        return jnp.mean((nnx.merge(graph, params)(batch["x"]) - batch["y"]) ** 2)

    rows = zkapex_jax.per_example_gradients(loss, params, data, targets="**kernel/*")
    mask = zkapex_jax.top_mask(zkapex_jax.mask_scores(params, rows, rows), 0.3)
    new = nnx.merge(graph, zkapex_jax.unlearn(params, mask, rows))
    hit = np.asarray(jax.tree_util.tree_leaves(mask)[0])
    assert hit.sum() == 2 and not np.asarray(new.kernel[...])[hit].any() and np.asarray(new.kernel[...])[~hit].all()

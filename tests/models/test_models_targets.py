"""Target layouts: selection, flattening, headers and chunks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkapex_jax.errors import InputError
from zkapex_jax.models import TargetLayout, chunk_bounds, chunk_sizes, flatten, select_targets, unflatten
from zkapex_jax.models.targets import paths_of, put_targets, take_targets

NAMES = st.sampled_from(["a", "b", "layer", "10", "2", "kernel", "bias"])
TENSORS = st.builds(
    lambda shape, seed: np.random.default_rng(seed).normal(size=shape).astype(np.float32),
    st.lists(st.integers(1, 4), min_size=1, max_size=3), st.integers(0, 2**32 - 1),
)  # fmt: skip
TREES = st.recursive(TENSORS, lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=3), max_leaves=8).filter(
    lambda tree: isinstance(tree, dict)
)

PARAMS = {
    "vit": {"layer": {"0": {"dense": {"kernel": np.ones((2, 3)), "bias": np.zeros(3)}},
                      "1": {"dense": {"kernel": np.full((2, 3), 2.0), "bias": np.zeros(3)}}}},
    "head": {"kernel": np.full((3, 4), 5.0)},
}  # fmt: skip


@given(TREES, st.integers(0, 2**32 - 1))
def test_vector_and_tree_are_one_another(tree: dict, seed: int) -> None:
    layout = select_targets(tree, "**")
    vector = flatten(tree, layout)
    leaves = paths_of(tree)
    assert [path for path, _ in layout.tensors] == sorted(leaves)
    np.testing.assert_array_equal(vector, np.concatenate([np.moveaxis(leaves[path], -1, 0).ravel() for path in sorted(leaves)]))
    other = np.random.default_rng(seed).normal(size=vector.shape).astype(np.float32)
    np.testing.assert_array_equal(flatten(unflatten(tree, layout, other), layout), other)
    np.testing.assert_array_equal(flatten(tree, layout), vector)  # the old tree is untouched


def test_only_targets_change() -> None:
    layout = select_targets(PARAMS, "vit/**/kernel")
    new = paths_of(unflatten(PARAMS, layout, np.arange(12.0)))
    for path, leaf in paths_of(PARAMS).items():
        assert (new[path] is leaf) == (path not in dict(layout.tensors))
    np.testing.assert_array_equal(new["vit/layer/1/dense/kernel"], [[6, 8, 10], [7, 9, 11]])


def test_put_and_take() -> None:
    layout = select_targets(PARAMS, "**/kernel")
    doubled = {path: 2 * tensor for path, tensor in take_targets(PARAMS, layout).items()}
    np.testing.assert_array_equal(flatten(put_targets(PARAMS, doubled), layout), 2 * flatten(PARAMS, layout))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("head/kernel", ["head/kernel"]),
        ("vit/layer/*/dense/kernel", ["vit/layer/0/dense/kernel", "vit/layer/1/dense/kernel"]),
        ("**/0/**", ["vit/layer/0/dense/bias", "vit/layer/0/dense/kernel"]),
        ("vit/layer/?/dense/bias", ["vit/layer/0/dense/bias", "vit/layer/1/dense/bias"]),
        ("re:.*/[1-9]/dense/(kernel|bias)", ["vit/layer/1/dense/bias", "vit/layer/1/dense/kernel"]),
        ("re:head/kernel", ["head/kernel"]),
    ],
)
def test_patterns(pattern: str, expected: list[str]) -> None:
    assert [path for path, _ in select_targets(PARAMS, pattern).tensors] == expected


@pytest.mark.parametrize("pattern", ["", "re:", "re:(", "nothing", "vit", "vit/*", "*kernel", "re:kernel", "Head/kernel"])
def test_patterns_that_select_nothing(pattern: str) -> None:
    with pytest.raises(InputError) as error:
        select_targets(PARAMS, pattern)
    assert error.value.field == "pattern"


@given(TREES)
def test_header_round_trip(tree: dict) -> None:
    layout = select_targets(tree, "**")
    assert TargetLayout.from_header(layout.to_header()) == layout
    assert TargetLayout.from_header(layout.to_header() | {"chunks": ["1"]}) == layout


def header(**changes: object) -> dict[str, object]:
    tensors = [{"path": "a", "shape": ["2", "3"]}, {"path": "b/c", "shape": ["4"]}]
    return {"pattern": "**", "tensors": tensors, "weights": "10"} | changes


@pytest.mark.parametrize(
    "bad",
    [
        None,
        [],
        {},
        header(weights="11"),
        header(weights=10),
        header(weights="010"),
        header(weights="1" * 17),
        header(pattern=7),
        header(pattern="a" * 1025),
        header(tensors=[]),
        header(tensors="ab"),
        header(tensors=[{"path": "a"}]),
        header(tensors=[{"path": "a", "shape": ["2", "5"], "x": 1}]),
        header(tensors=[{"path": "a", "shape": []}]),
        header(tensors=[{"path": "a", "shape": ["0"]}], weights="0"),
        header(tensors=[{"path": "a", "shape": ["-2", "-5"]}]),
        header(tensors=[{"path": "a", "shape": ["10"] + ["1"] * 8}]),
        header(tensors=[{"path": "../a", "shape": ["10"]}, {"path": "a//b", "shape": ["1"]}], weights="11"),
        header(tensors=[{"path": "a\n", "shape": ["10"]}]),
        header(tensors=[{"path": 3, "shape": ["10"]}]),
        header(tensors=[{"path": "b", "shape": ["5"]}, {"path": "a", "shape": ["5"]}]),
        header(tensors=[{"path": "a", "shape": ["5"]}, {"path": "a", "shape": ["5"]}]),
        header(tensors=[{"path": "a", "shape": [str(2**40 + 1)]}], weights=str(2**40 + 1)),
    ],
)
def test_bad_headers(bad: object) -> None:
    assert TargetLayout.from_header(header()).weights == 10
    with pytest.raises(InputError) as error:
        TargetLayout.from_header(bad)
    assert error.value.field.startswith("layout")


def test_other_model_is_refused() -> None:
    layout = select_targets(PARAMS, "**/kernel")
    with pytest.raises(InputError, match="no such tensor"):
        flatten({"head": PARAMS["head"]}, layout)
    with pytest.raises(InputError, match="must have shape"):
        flatten(PARAMS | {"head": {"kernel": np.ones((4, 3))}}, layout)
    with pytest.raises(InputError, match="must have shape"):
        unflatten(PARAMS, layout, np.zeros(layout.weights + 1))


def test_flatten_keeps_the_wider_type() -> None:
    mixed = {"a": np.ones(2, np.float32), "b": np.full(1, 1 / 3)}
    assert flatten(mixed, select_targets(mixed, "a")).dtype == np.float32
    assert flatten(mixed, select_targets(mixed, "*"))[-1] == 1 / 3


@given(st.integers(1, 10**6), st.integers(1, 10**5))
def test_chunks_are_even(weights: int, capacity: int) -> None:
    if weights // capacity > 10_000:
        capacity = weights // 100
    sizes, bounds = chunk_sizes(weights, capacity), chunk_bounds(weights, capacity)
    assert sum(sizes) == weights and len(sizes) == math.ceil(weights / capacity)
    assert max(sizes) <= capacity and max(sizes) - min(sizes) <= 1
    assert sizes == tuple(sorted(sizes, reverse=True))
    assert sizes.count(max(sizes)) == weights % len(sizes) or max(sizes) == min(sizes)
    assert tuple(stop - start for start, stop in bounds) == sizes
    assert bounds[0][0] == 0 and bounds[-1][1] == weights
    assert all(left[1] == right[0] for left, right in zip(bounds, bounds[1:]))


@pytest.mark.parametrize(("weights", "capacity"), [(0, 1), (-1, 1), (1, 0), (1.0, 1), (True, 1), (1, "2")])
def test_bad_chunks(weights: object, capacity: object) -> None:
    with pytest.raises(InputError):
        chunk_sizes(weights, capacity)  # type: ignore[arg-type]

"""Samples against the whole model; fresh weights; examples."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from zkapex_jax.curvature import per_example_gradients
from zkapex_jax.models import flatten, fresh_model, select_targets
from zkapex_jax.presets import TOY
from zkapex_jax.workflow.scale import models as scale_models
from zkapex_jax.workflow.scale import sample as scale_sample

pytestmark = pytest.mark.usefixtures("small_models")


@pytest.mark.parametrize(("name", "count"), [("vit-b16", 1), ("vit-b16", 3), ("opt-125m", 1), ("opt-125m", 2)])
def test_a_sample_has_the_weights_and_gradients_of_its_chunks(name: str, count: int) -> None:
    size = scale_models.scale_model(name)
    model, params = scale_models.base_params(size, None, 3)
    layout, data = scale_models.target_layout(size, params), scale_models.examples(model, "x", 4, 3)
    taken = scale_sample.sample(model.loss, params, layout, TOY, count)
    start = taken.whole.bounds(taken.chunks[0])[0]
    assert taken.layout.weights == layout.weights - start and len(taken.layout.tensors) == count
    np.testing.assert_array_equal(flatten(taken.params, taken.layout), flatten(params, layout)[start:])
    whole = per_example_gradients(model.loss, params, layout, data, 2)
    rows = per_example_gradients(taken.loss, taken.params, taken.layout, data, 2)
    np.testing.assert_allclose(rows, whole[:, start:], rtol=1e-4, atol=1e-6 * np.abs(whole).max())


@pytest.mark.parametrize("name", ["vit-b16", "opt-125m"])
def test_a_sample_cuts_into_the_chunks_of_the_whole(name: str) -> None:
    size = scale_models.scale_model(name)
    model, params = scale_models.base_params(size, None, 0)
    layout = scale_models.target_layout(size, params)
    whole = scale_sample.whole_model(model.loss, params, layout, TOY)
    for count in range(1, len(whole.chunks) + 1):
        taken = scale_sample.sample(model.loss, params, layout, TOY, count)
        assert scale_sample.ChunkedLayout.cut(taken.layout, TOY).chunks == whole.whole.chunks[-count:]


def test_fresh_weights_depend_on_seed_and_path_alone() -> None:
    config = dict(scale_models.scale_model("vit-b16").config)
    (_, one), (_, again), (_, other) = (fresh_model(config, seed) for seed in (1, 1, 2))
    deeper = fresh_model({**config, "num_hidden_layers": 5}, 1)[1]
    layout = select_targets(one, "vit/encoder/layer/*/*/dense/kernel")
    np.testing.assert_array_equal(flatten(one, layout), flatten(again, layout))
    np.testing.assert_array_equal(flatten(one, layout), flatten(deeper, layout))
    assert not np.array_equal(flatten(one, layout), flatten(other, layout))
    assert flatten(one, layout).std() == pytest.approx(config["initializer_range"], rel=0.05)
    norms = one["vit"]["layernorm"]
    assert (np.asarray(norms["scale"]) == 1).all() and (np.asarray(norms["bias"]) == 0).all()


def test_the_personal_model_lies_a_tenth_of_the_norm_away() -> None:
    size = scale_models.scale_model("opt-125m")
    _, params = scale_models.base_params(size, None, 0)
    layout = scale_models.target_layout(size, params)
    moved = scale_models.personal_params(params, layout, 0)
    before, after = flatten(params, layout), flatten(moved, layout)
    assert np.linalg.norm(after - before) / np.linalg.norm(before) == pytest.approx(0.1, rel=0.1)
    untouched = select_targets(params, "model/decoder/embed_tokens/*")
    np.testing.assert_array_equal(flatten(moved, untouched), flatten(params, untouched))


@pytest.mark.parametrize("name", ["vit-b16", "opt-125m"])
def test_examples_fit_the_model_and_differ_by_name(name: str) -> None:
    model, params = scale_models.base_params(scale_models.scale_model(name), None, 0)
    one, again, other = (scale_models.examples(model, text, 12, 0) for text in ("a", "a", "b"))
    field = next(iter(one))
    np.testing.assert_array_equal(one[field], again[field])
    assert not np.array_equal(one[field], other[field])
    losses = jax.jit(model.losses)(params, one)
    assert losses.shape == (12,) and np.isfinite(losses).all()

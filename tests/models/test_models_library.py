"""transformers' own files: saved by it, in its own shards, written back by us, read by it again with equal tensors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from checkpoint_folders import write_folder
from transformers import (
    AutoConfig,
    FlaxAutoModel,
    FlaxAutoModelForCausalLM,
    FlaxAutoModelForImageClassification,
)

from zkapex_jax.models import Model, load_checkpoint, rewrite_checkpoint, select_targets, take_targets
from zkapex_jax.models.targets import paths_of, put_targets

Tiny = tuple[Model, dict[str, Any], dict[str, np.ndarray]]
PATTERN = {"vit": "vit/encoder/layer/*/**/dense/kernel", "opt": "model/decoder/layers/*/fc1/*"}
FLAX = {"vit": FlaxAutoModelForImageClassification, "opt": FlaxAutoModelForCausalLM}
#: How each kind is asked of `save_pretrained`; six shards and more of these models.
SAVED: dict[str, dict[str, Any]] = {"whole": {}, "shards": {"max_shard_size": 1000}, "safetensors": {"safe_serialization": True}}


def new_targets(architecture: str, params: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Target tensors anew, a third of each zeroed; values that every type holds."""
    rng = np.random.default_rng(7)
    old = take_targets(params, select_targets(params, PATTERN[architecture]))
    return {path: np.where(rng.random(leaf.shape) < 0.3, 0, rng.integers(-64, 64, leaf.shape) / 128).astype(np.float32) for path, leaf in old.items()}


def read_by(library: Any, folder: Path, **more: Any) -> Any:
    """The library's parameters; `_do_init=False` spares a random start, which takes seconds to compile."""
    return library.from_pretrained(folder, _do_init=False, **more)[1]


def same(left: Any, right: Any) -> bool:
    left, right = paths_of(left), paths_of(right)
    return left.keys() == right.keys() and all(np.array_equal(left[path], right[path]) for path in left)


@pytest.mark.parametrize("kind", SAVED)
def test_flax_files_of_the_library(tiny: Tiny, tmp_path: Path, kind: str) -> None:
    model, params, _ = tiny
    library, new = FLAX[model.architecture], new_targets(model.architecture, params)
    model.network.save_pretrained(tmp_path / "a", params=params, **SAVED[kind])
    assert len(list((tmp_path / "a").glob("*-of-*"))) > 5 or kind != "shards"
    assert same(load_checkpoint(tmp_path / "a")[1], params)
    assert rewrite_checkpoint(tmp_path / "a", tmp_path / "b", new).exact
    read = read_by(library, tmp_path / "b")
    assert same(read, put_targets(params, new))
    model.network.save_pretrained(tmp_path / "c", params=read, **SAVED[kind])
    assert {path.name for path in (tmp_path / "c").iterdir()} == {path.name for path in (tmp_path / "b").iterdir()}
    assert same(load_checkpoint(tmp_path / "c")[1], put_targets(params, new))


@pytest.mark.parametrize("kind", ["flax safetensors", pytest.param("pt without prefix", marks=pytest.mark.slow)])
def test_safetensors_are_read_by_the_flax_classes(tiny: Tiny, tmp_path: Path, kind: str) -> None:
    """What is in PyTorch's layout needs a random start first: the library turns it by the shapes of that."""
    model, params, _ = tiny
    library, new = FLAX[model.architecture], new_targets(model.architecture, params)
    rewrite_checkpoint(write_folder(tmp_path / "a", model, params, kind), tmp_path / "b", new)
    read = read_by(library, tmp_path / "b") if "flax" in kind else library.from_pretrained(tmp_path / "b").params
    assert same(read, put_targets(params, new))


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16])
def test_halves_of_the_library(tiny: Tiny, tmp_path: Path, dtype: Any) -> None:
    model, params, _ = tiny
    narrow = put_targets(params, {path: np.asarray(leaf, dtype) for path, leaf in paths_of(params).items()})
    new = new_targets(model.architecture, params)
    model.network.save_pretrained(tmp_path / "a", params=narrow, max_shard_size=1000)
    assert rewrite_checkpoint(tmp_path / "a", tmp_path / "b", new).exact
    wide = put_targets(load_checkpoint(tmp_path / "a")[1], new)
    read = read_by(FLAX[model.architecture], tmp_path / "b", dtype=dtype)
    assert all(np.array_equal(np.asarray(leaf, np.float32), np.asarray(paths_of(wide)[path])) for path, leaf in paths_of(read).items())


def test_the_body_alone_is_read(tiny: Tiny, tmp_path: Path) -> None:
    """`AutoModel` takes the network without its head from the same files."""
    model, params, _ = tiny
    new = new_targets(model.architecture, params)
    model.network.save_pretrained(tmp_path / "a", params=params)
    rewrite_checkpoint(tmp_path / "a", tmp_path / "b", new)
    body, whole = paths_of(read_by(FlaxAutoModel, tmp_path / "b")), paths_of(put_targets(params, new))
    prefix = "vit/" if model.architecture == "vit" else "model/"
    shared = [path for path in body if f"{prefix}{path}" in whole]
    assert len(shared) >= len(body) - 2  # ViT's body has a pooler, which a classifier has not
    assert all(np.array_equal(body[path], whole[f"{prefix}{path}"]) for path in shared)
    assert {f"{prefix}{path}" for path in shared} >= set(new)


@pytest.mark.slow
@pytest.mark.parametrize("shards", ["whole", "shards"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_pytorch_files_of_the_library(tiny: Tiny, tmp_path: Path, shards: str, dtype: str) -> None:
    """Where PyTorch is installed: the project itself needs none."""
    torch = pytest.importorskip("torch")
    import transformers

    model, params, _ = tiny
    library = {"vit": transformers.AutoModelForImageClassification, "opt": transformers.AutoModelForCausalLM}[model.architecture]
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.json").write_text(model.network.config.to_json_string())
    network = library.from_config(AutoConfig.from_pretrained(tmp_path / "config")).to(getattr(torch, dtype))
    network.save_pretrained(tmp_path / "a", **SAVED[shards])
    new = new_targets(model.architecture, params)
    assert rewrite_checkpoint(tmp_path / "a", tmp_path / "b", new).exact
    if shards == "shards":
        index = json.loads((tmp_path / "b" / "model.safetensors.index.json").read_text())
        assert len(set(index["weight_map"].values())) > 2
    again = library.from_pretrained(tmp_path / "b", dtype=getattr(torch, dtype))
    read, before = again.state_dict(), network.state_dict()
    assert read.keys() == before.keys()
    changed = {name for name in read if not torch.equal(read[name], before[name])}
    assert len(changed) == len(new)
    np_of = {name: read[name].float().numpy() for name in changed}
    for path, leaf in new.items():
        name = path.replace("/", ".").replace(".kernel", ".weight")
        turned = leaf.T if path.endswith("kernel") else leaf
        np.testing.assert_array_equal(np_of[name], turned)
    again.save_pretrained(tmp_path / "c", **SAVED[shards])
    assert {path.name for path in (tmp_path / "c").glob("*.safetensors*")} == {path.name for path in (tmp_path / "b").glob("*.safetensors*")}
    assert same(take_targets(load_checkpoint(tmp_path / "c")[1], select_targets(params, PATTERN[model.architecture])), new)

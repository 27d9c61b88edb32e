"""Checkpoints of every format, read and written back: only the target tensors differ, in the file's own type."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from checkpoint_folders import FORMATS, write_folder
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from transformers import FlaxOPTForCausalLM, FlaxViTForImageClassification

from zkapex_jax.errors import InputError, StorageError, ZkapexError
from zkapex_jax.models import Model, find_weights, load_checkpoint, rewrite_checkpoint, select_targets, take_targets
from zkapex_jax.models.targets import paths_of, put_targets

Tiny = tuple[Model, dict[str, Any], dict[str, np.ndarray]]
PATTERN = {"vit": "vit/encoder/layer/*/intermediate/dense/*", "opt": "model/decoder/layers/*/fc1/*"}


def new_targets(tiny: Tiny) -> dict[str, np.ndarray]:
    """Every target tensor anew, a third of it zeroed."""
    model, params, _ = tiny
    rng = np.random.default_rng(5)
    old = take_targets(params, select_targets(params, PATTERN[model.architecture]))
    return {path: np.where(rng.random(leaf.shape) < 0.3, 0.0, rng.normal(size=leaf.shape)) for path, leaf in old.items()}


def same(left: Any, right: Any) -> bool:
    left, right = paths_of(left), paths_of(right)
    return left.keys() == right.keys() and all(np.array_equal(left[path], right[path]) for path in left)


@pytest.mark.parametrize("kind", FORMATS)
def test_read_and_written_back(tiny: Tiny, tmp_path: Path, kind: str) -> None:
    model, params, _ = tiny
    source, new = write_folder(tmp_path / "a", model, params, kind), new_targets(tiny)
    assert same(load_checkpoint(source)[1], params)
    written = rewrite_checkpoint(source, tmp_path / "b", new, private=True)
    narrow = {path: leaf.astype(np.float32) for path, leaf in new.items()}
    assert same(load_checkpoint(tmp_path / "b")[1], put_targets(params, narrow))
    assert {path.name for path in (tmp_path / "b").iterdir()} == {path.name for path in source.iterdir()}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "b").iterdir()} == {0o600}
    assert not written.exact and written.types in (("F32",), ("float32",))
    for file in find_weights(source).files:  # every other byte is as it was
        before, after = file.read_bytes(), (tmp_path / "b" / file.name).read_bytes()
        changed = sum(left != right for left, right in zip(before, after, strict=True))
        assert changed <= sum(4 * leaf.size for leaf in new.values())
        assert (changed == 0) == file.name.endswith("index.json")
    rewrite_checkpoint(tmp_path / "b", tmp_path / "c", take_targets(params, select_targets(params, PATTERN[model.architecture])))
    assert all((tmp_path / "c" / path.name).read_bytes() == path.read_bytes() for path in source.iterdir())


@pytest.mark.parametrize("kind", ["flax sharded", "pt sharded"])
def test_the_library_itself_reads_what_was_written(tiny: Tiny, tmp_path: Path, kind: str) -> None:
    if kind == "pt sharded":
        kind = "pt"  # the library's Flax loader does not read sharded safetensors
    model, params, _ = tiny
    new = {path: leaf.astype(np.float32) for path, leaf in new_targets(tiny).items()}
    rewrite_checkpoint(write_folder(tmp_path / "a", model, params, kind), tmp_path / "b", new)
    library = FlaxViTForImageClassification if model.architecture == "vit" else FlaxOPTForCausalLM
    assert same(library.from_pretrained(tmp_path / "b").params, put_targets(params, new))


@pytest.mark.parametrize("kind", ["flax", "pt sharded"])
@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16])
def test_half_precision_stays_so(tiny: Tiny, tmp_path: Path, kind: str, dtype: Any) -> None:
    model, params, _ = tiny
    source, new = write_folder(tmp_path / "a", model, params, kind, dtype=dtype), new_targets(tiny)
    written = rewrite_checkpoint(source, tmp_path / "b", new)
    assert not written.exact and {name.lower() for name in written.types} & {"bf16", "bfloat16", "f16", "float16"}
    kept = take_targets(load_checkpoint(tmp_path / "b")[1], select_targets(params, PATTERN[model.architecture]))
    for path, leaf in new.items():
        np.testing.assert_array_equal(kept[path], leaf.astype(dtype).astype(np.float32))
        assert not kept[path][leaf == 0].any()
    halves = {path: leaf.astype(dtype).astype(np.float64) for path, leaf in new.items()}
    assert rewrite_checkpoint(source, tmp_path / "c", halves).exact
    if dtype == jnp.float16:
        with pytest.raises(InputError, match="cannot hold"):
            rewrite_checkpoint(source, tmp_path / "d", {path: leaf + 1e6 for path, leaf in new.items()})


@pytest.mark.parametrize("kind", ["flax", "flax sharded", "pt", "pt sharded"])
def test_copies_of_targets_do_not_keep_old_weights(tiny: Tiny, tmp_path: Path, kind: str) -> None:
    """A tensor that the model does not read but that repeats a target, as tied weights do, is replaced; others are kept."""
    model, params, _ = tiny
    new = new_targets(tiny)
    path = next(path for path in new if path.endswith("kernel"))
    kernel = np.asarray(paths_of(params)[path])
    name = "copy/kernel" if kind.startswith("flax") else "copy.weight"
    stored = kernel if kind.startswith("flax") else kernel.T
    extra = {name: stored, name.replace("copy", "other"): stored + 1, name.replace("copy", "zeros"): 0 * stored}
    rewrite_checkpoint(write_folder(tmp_path / "a", model, params, kind, extra=extra), tmp_path / "b", new)
    if kind == "pt":
        with safe_open(tmp_path / "b" / "model.safetensors", "numpy") as file:
            np.testing.assert_array_equal(file.get_tensor("copy.weight"), new[path].T.astype(np.float32))
            np.testing.assert_array_equal(file.get_tensor("other.weight"), stored + 1)
            assert not file.get_tensor("zeros.weight").any()
    needle = np.ascontiguousarray(stored, np.float32).tobytes()
    assert not any(needle in file.read_bytes() for file in (tmp_path / "b").iterdir())


def test_sidecars_come_along_and_other_weights_do_not(tiny: Tiny, tmp_path: Path) -> None:
    model, params, _ = tiny
    source, new = write_folder(tmp_path / "a", model, params, "pt"), new_targets(tiny)
    for name in ("README.md", "tokenizer.json", "pytorch_model.bin", "notes.txt"):
        (source / name).write_text(name)
    rewrite_checkpoint(source, tmp_path / "b", new)
    assert {path.name for path in (tmp_path / "b").iterdir()} == {"config.json", "model.safetensors", "README.md", "tokenizer.json"}
    with pytest.raises(StorageError, match="exists"):
        rewrite_checkpoint(source, tmp_path / "b", new)
    rewrite_checkpoint(source, tmp_path / "b", new, force=True)
    (tmp_path / "b" / "pytorch_model.bin").write_text("old")
    with pytest.raises(StorageError, match="beside the new"):
        rewrite_checkpoint(source, tmp_path / "b", new, force=True)
    with pytest.raises(InputError, match="comes from"):
        rewrite_checkpoint(source, tmp_path / "a", new, force=True)


def test_targets_that_do_not_fit(tiny: Tiny, tmp_path: Path) -> None:
    model, params, _ = tiny
    source = write_folder(tmp_path / "a", model, params, "pt")
    path, leaf = next(iter(new_targets(tiny).items()))
    for bad in ({"nowhere": leaf}, {path: leaf[:1]}):
        with pytest.raises(InputError) as error:
            rewrite_checkpoint(source, tmp_path / "b", bad)
        assert error.value.field in bad
    assert not list((tmp_path / "b").glob("*"))


def edit(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    path = next(folder.glob("*.index.json"))
    document = json.loads(path.read_text())
    path.write_text(json.dumps(change(document)))


def first_to(shard: object) -> Callable[[dict[str, Any]], Any]:
    def change(document: dict[str, Any]) -> dict[str, Any]:
        weight_map = document["weight_map"]
        return {"weight_map": weight_map | {next(iter(weight_map)): shard}}

    return change


HOSTILE = {
    "escape": first_to("../a/flax_model-00001-of-00003.msgpack"), "absolute": first_to("/etc/passwd"), "hidden": first_to(".ssh.msgpack"),
    "other suffix": first_to("config.json"), "no file": first_to("flax_model-9.msgpack"), "no text": first_to(7), "empty name": first_to(""),
    "nul": first_to("a\0.msgpack"), "newline": first_to("a.msgpack\n"), "long": first_to("a" * 300 + ".msgpack"),
    "wrong shard": first_to("flax_model-00002-of-00003.msgpack"), "list": lambda document: [document], "no map": lambda document: {},
    "empty map": lambda document: {"weight_map": {}}, "map of lists": lambda document: {"weight_map": [1]},
    "tensor gone": lambda document: {"weight_map": dict(list(document["weight_map"].items())[1:])},
}  # fmt: skip


@pytest.mark.parametrize("how", HOSTILE)
def test_hostile_indices(tiny: Tiny, tmp_path: Path, how: str) -> None:
    model, params, _ = tiny
    source = write_folder(tmp_path / "a", model, params, "flax sharded")
    edit(source, HOSTILE[how])
    for call in (lambda: load_checkpoint(source), lambda: rewrite_checkpoint(source, tmp_path / "b", new_targets(tiny))):
        with pytest.raises(InputError) as error:
            call()
        assert error.value.file.startswith(str(source)) and error.value.code in {"shard_index", "missing_shard", "missing_tensor"}
    assert not list((tmp_path / "b").glob("*.json"))


@pytest.mark.parametrize("data", [b"", b"{", b"[" * 100_000, b"\xff", b'{"weight_map": {}, "weight_map": {}}', b" " * (2**24 + 1)])
def test_indices_that_are_none(tiny: Tiny, tmp_path: Path, data: bytes) -> None:
    source = write_folder(tmp_path / "a", tiny[0], tiny[1], "pt sharded")
    (source / "model.safetensors.index.json").write_bytes(data)
    with pytest.raises(InputError) as error:
        load_checkpoint(source)
    assert error.value.file.endswith("index.json")


NAMES = st.sampled_from(["a", "../a", "", "a.safetensors", "b.safetensors", "../a.safetensors", "model.safetensors.index.json"])
JSON = st.recursive(NAMES | st.integers() | st.none(), lambda part: st.lists(part, max_size=2) | st.dictionaries(NAMES, part, max_size=3))


@given(JSON.map(json.dumps).map(str.encode) | JSON.map(lambda part: json.dumps({"weight_map": part}).encode()) | st.binary(max_size=40))
def test_any_index_gives_files_of_its_folder_or_an_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.getbasetemp() / "any"
    folder.mkdir(exist_ok=True)
    (folder / "a.safetensors").touch()
    (folder.parent / "a.safetensors").touch()
    (folder / "model.safetensors.index.json").write_bytes(data)
    try:
        found = find_weights(folder)
    except InputError as error:
        assert error.file == str(folder / "model.safetensors.index.json")
    else:
        assert set(found.paths) == {folder / "a.safetensors"}


@pytest.mark.parametrize("kind", ["flax sharded", "pt sharded"])
def test_damaged_shards(tiny: Tiny, tmp_path: Path, kind: str) -> None:
    source = write_folder(tmp_path / "a", tiny[0], tiny[1], kind)
    shard = sorted(find_weights(source).paths)[1]
    data = shard.read_bytes()
    for damaged in (b"", data[:-1], data[: len(data) // 2], b"\xff" * 20):
        shard.write_bytes(damaged)
        for call in (lambda: load_checkpoint(source), lambda: rewrite_checkpoint(source, tmp_path / "b", new_targets(tiny), force=True)):
            with pytest.raises(ZkapexError) as error:
                call()
            assert error.value.file is not None and error.value.file.endswith(shard.name)
    shard.unlink()
    with pytest.raises(InputError, match="not there"):
        load_checkpoint(source)


def test_a_flax_file_may_not_be_far_larger_than_its_model(tiny: Tiny, tmp_path: Path) -> None:
    source = write_folder(tmp_path / "a", tiny[0], tiny[1], "flax")
    with open(source / "flax_model.msgpack", "ab") as file:
        file.truncate(2**28)  # sparse: refused before it is read whole
    with pytest.raises(InputError, match="longer"):
        load_checkpoint(source)


def test_quantised_targets_are_not_written(tiny: Tiny, tmp_path: Path) -> None:
    source = write_folder(tmp_path / "a", tiny[0], tiny[1], "pt", dtype=np.int8)
    with pytest.raises(InputError, match="not stored as floats"):
        rewrite_checkpoint(source, tmp_path / "b", new_targets(tiny))

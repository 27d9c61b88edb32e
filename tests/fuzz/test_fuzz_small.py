"""What the targets of small files and strangers' messages found, and what their mutations do not reach by themselves."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from fuzz_own import answers, own_files
from fuzz_targets import targets
from zkapex_jax.models.weight_files import WeightFiles

DEEP = (b"[" * 2000, b'{"a":' * 800, b"[" * 2000 + b"]" * 2000)


def refused(name: str, data: bytes) -> str:
    (text,) = targets()[name].run(data).values()
    assert text != "accepted"
    return text


@pytest.mark.parametrize("data", DEEP)
def test_nesting_beyond_what_python_recurses(data: bytes) -> None:
    """A seed's record, limits and a record of a run ended in RecursionError; so may anything that is JSON."""
    for target, readers in {"own-files": own_files(), "answers": answers()}.items():
        for tag in range(len(readers)):
            targets()[target].run(data + bytes([tag]))
    for tag in (2, 6, 7):
        assert "nests deeper" in refused("own-files", data + bytes([tag]))
    for name in ("config", "shards", "receipt", "head", "call"):
        refused(name, data)


def test_many_shards_of_many_tensors() -> None:
    """Every shard looked through the whole index: two billion steps for the largest one that is read."""
    paths = tuple(Path(f"model-{number}.safetensors") for number in range(1000))
    places = {f"{number}": paths[number % 1000] for number in range(100_000)}
    files, begun = WeightFiles("safetensors", paths, Path("index"), places), time.process_time()
    for number, path in enumerate(paths):
        files.check_names(path, {f"{name}" for name in range(number, 100_000, 1000)})
    assert time.process_time() - begun < 2

"""A provider's and a client's files on disk, and the command line run in this process."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from zkapex_jax.cli.main import app
from zkapex_jax.formats.arrays import save_arrays
from zkapex_jax.models import new_model, save_checkpoint

CONFIG = {
    "model_type": "vit", "image_size": 8, "patch_size": 4, "num_channels": 1, "hidden_size": 16, "num_hidden_layers": 2,
    "num_attention_heads": 2, "intermediate_size": 32, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0,
    "initializer_range": 0.2, "id2label": {str(label): str(label) for label in range(4)},
}  # fmt: skip
TARGET = "**/intermediate/dense/kernel"


@dataclass(frozen=True)
class Ran:
    """What one command did."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document of --json."""
        parsed = json.loads(self.out)
        assert isinstance(parsed, dict)
        return parsed


Run = Callable[..., Ran]


@pytest.fixture(scope="session")
def run() -> Run:
    runner = CliRunner()

    def call(*arguments: object, code: int | None = 0) -> Ran:
        result = runner.invoke(app, [str(argument) for argument in arguments])
        ran = Ran(result.exit_code, result.stdout, result.stderr)
        assert code is None or ran.code == code, f"exit {ran.code}: {ran.out}\n{ran.err}\n{result.exception!r}"
        assert "Traceback" not in ran.err
        return ran

    return call


def images(seed: int, count: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {"pixel_values": rng.normal(0, 1, (count, 1, 8, 8)).astype(np.float32), "labels": rng.integers(0, 4, count, np.int32)}


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with two checkpoints (base, personal) and three data sets."""
    folder = tmp_path_factory.mktemp("inputs")
    model, params = new_model(CONFIG, 0)
    save_checkpoint(folder / "base", model, params)
    moved = _nudge(params, np.random.default_rng(1))
    save_checkpoint(folder / "personal", model, moved, private=True)
    for seed, (name, count) in enumerate((("mine", 20), ("forget", 12), ("retain", 12))):
        save_arrays(folder / f"{name}.safetensors", images(seed, count))
    return folder


def _nudge(tree: Any, rng: np.random.Generator) -> Any:
    if isinstance(tree, dict):
        return {name: _nudge(part, rng) for name, part in tree.items()}
    return tree + rng.normal(0, 0.01, tree.shape).astype(np.float32)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def walked(run: Run, inputs: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder after the whole path with two clients: alice's bundle is proven and not yet verified."""
    folder = tmp_path_factory.mktemp("walked")
    walk(run, inputs, cache, folder)
    return folder


@pytest.fixture
def place(walked: Path, tmp_path: Path) -> Path:
    """A private copy of that folder."""
    shutil.copytree(walked, tmp_path / "place")
    return tmp_path / "place"


def walk(run: Run, inputs: Path, cache: Path, folder: Path) -> None:
    """keygen, enrol, admit, request, unlearn, prove."""
    provider, tools = folder / "provider", ("--cache", cache, "--no-progress")
    run("keygen", provider)
    for client, seed in (("alice", 0), ("bob", 1)):
        run(*enrol_arguments(inputs, folder / client, client), "--seed", seed, *tools)
        run("admit", folder / client / "enrolment.safetensors", "--provider", provider, "--out", folder / f"{client}.state", *tools)
    run(*request_arguments(inputs, provider, folder / "request"), *tools)
    answer = ("--request", folder / "request", "--state", folder / "alice.state", *tools)
    run("unlearn", folder / "alice", *answer, "--provider-key", provider / "provider.key.pub", "--model", inputs / "personal", "--save-model", folder / "unlearned")
    run("prove", folder / "alice", *answer, "--out", folder / "alice.bundle")


def enrol_arguments(inputs: Path, folder: Path, client: str) -> tuple[object, ...]:
    return (
        "enrol", folder, "--model", inputs / "personal", "--base", inputs / "base", "--data", inputs / "mine.safetensors",
        "--target", TARGET, "--client", client, "--preset", "toy",
    )  # fmt: skip


def request_arguments(inputs: Path, provider: Path, out: Path) -> tuple[object, ...]:
    return (
        "request", "--base", inputs / "base", "--forget-data", inputs / "forget.safetensors", "--retain-data", inputs / "retain.safetensors",
        "--target", TARGET, "--forget", "digits 3 and 8", "--provider", provider, "--out", out, "--preset", "toy",
    )  # fmt: skip

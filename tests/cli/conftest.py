"""Fixtures: the command line run in this process, and a folder in which the whole path was walked."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from cli_walk import CONFIG, Ran, Run, images, nudge, walk
from typer.testing import CliRunner

from zkapex_jax.cli.main import app
from zkapex_jax.formats.arrays import save_arrays
from zkapex_jax.models import new_model, save_checkpoint


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


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with two checkpoints (base, personal) and three data sets."""
    folder = tmp_path_factory.mktemp("inputs")
    model, params = new_model(CONFIG, 0)
    save_checkpoint(folder / "base", model, params)
    moved = nudge(params, np.random.default_rng(1))
    save_checkpoint(folder / "personal", model, moved, private=True)
    for seed, (name, count) in enumerate((("mine", 20), ("forget", 12), ("retain", 12))):
        save_arrays(folder / f"{name}.safetensors", images(seed, count))
    return folder


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

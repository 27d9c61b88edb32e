"""The whole path of the command on a small folder and a tiny checkpoint, and its errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.images.__main__ import main
from experiments.lab.tables import read
from zkapex_jax.models import new_model, save_checkpoint

VIT = {"model_type": "vit", "image_size": 8, "patch_size": 4, "num_channels": 1, "num_labels": 3, "hidden_size": 16,
       "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32, "initializer_range": 0.1}  # fmt: skip


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    root, rng = tmp_path_factory.mktemp("images"), np.random.default_rng(0)
    for folder in ("data", "personal"):
        for name in ("ant", "bee", "cat"):
            (root / folder / name).mkdir(parents=True)
            for number in range(16):
                Image.fromarray(rng.integers(0, 256, (9, 9), np.uint8)).save(root / folder / name / f"{number}.png")
    save_checkpoint(root / "vit", *new_model(VIT, 0))
    return {"--data": str(root / "data"), "--personal": str(root / "personal"), "--checkpoint": str(root / "vit"), "--forget": "cat",
            "--classes": "2", "--base-train": "8", "--base-test": "4", "--personal-train": "8", "--personal-test": "4",
            "--epochs": "1", "--batch": "8", "--preset": "toy", "--pattern": "vit/encoder/layer/1/intermediate/dense/kernel",
            "--masks": "second-order"}  # fmt: skip


def run(options: dict[str, str], **changes: str) -> int:
    named = options | {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
    return main([word for name, value in named.items() for word in (name, *value.split(" "))])


def test_the_command_measures_every_method_but_retraining(options: dict[str, str], tmp_path: Path) -> None:
    assert run(options, results=str(tmp_path), seeds="0 1") == 0
    table = read(tmp_path / "results.csv")
    assert set(table["seed"]) == {0, 1} and set(table["experiment"]) == {"images"}
    assert {"masked", "zkapex", "scrub"} <= set(table["method"]) and "retrain" not in set(table["method"])
    # the checkpoint may have been trained on the images that are tested: an attack would compare members with members
    assert not any(measure.startswith("membership") for measure in table["measure"])


@pytest.mark.parametrize(("changes", "code", "said"), [
    ({"data": "/nowhere/at/all"}, 4, "one folder of PNG or JPEG images a class"),
    ({"seeds": "3"}, 2, "at least two"),
    ({"forget": "wasp"}, 2, "no folder of that class"),
    ({"checkpoint": "/nowhere"}, 4, "/nowhere"),
    ({"masks": "best"}, 2, "must be different ones among"),
    ({"pattern": "opt/*"}, 2, "matches no tensor"),
    ({"base_train": "0"}, 2, "positive integer"),
    ({"sparsity": "1.5"}, 2, "between 0 and 1"),
])  # fmt: skip
def test_errors_are_one_line(options: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict, code: int, said: str) -> None:
    assert run(options, **({"results": str(tmp_path), "seeds": "0 1"} | changes)) == code
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ") and said in error

"""A provider's and a client's files on disk, and the arguments of each command of the whole path."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

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


def images(seed: int, count: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {"pixel_values": rng.normal(0, 1, (count, 1, 8, 8)).astype(np.float32), "labels": rng.integers(0, 4, count, np.int32)}


def nudge(tree: Any, rng: np.random.Generator) -> Any:
    if isinstance(tree, dict):
        return {name: nudge(part, rng) for name, part in tree.items()}
    return tree + rng.normal(0, 0.01, tree.shape).astype(np.float32)


def walk(run: Run, inputs: Path, cache: Path, folder: Path) -> None:
    """keygen, base, enrol, admit, request, unlearn, prove."""
    provider, tools = folder / "provider", ("--cache", cache, "--no-progress")
    run("keygen", provider)
    run(*base_arguments(inputs, provider, folder / "base"), *tools)
    for client, seed in (("alice", 0), ("bob", 1)):
        run(
            *enrol_arguments(inputs, folder / "base", folder / client, client),
            "--seed",
            seed,
            "--provider-key",
            provider / "provider.key.pub",
            *tools,
        )
        run(*admit_arguments(folder / client, provider), "--out", folder / f"{client}.state", *tools)
    run(*request_arguments(inputs, provider, folder / "request"), *tools)
    answer = ("--request", folder / "request", "--state", folder / "alice.state", *tools)
    run(
        "unlearn",
        folder / "alice",
        *answer,
        "--provider-key",
        provider / "provider.key.pub",
        "--model",
        inputs / "personal",
        "--save-model",
        folder / "unlearned",
    )
    run("prove", folder / "alice", *answer, "--out", folder / "alice.bundle")


def base_arguments(inputs: Path, provider: Path, out: Path) -> tuple[object, ...]:
    return ("base", "--base", inputs / "base", "--target", TARGET, "--provider", provider, "--out", out, "--preset", "toy")


def enrol_arguments(inputs: Path, base: Path, folder: Path, client: str) -> tuple[object, ...]:
    return (
        "enrol",
        folder,
        "--model",
        inputs / "personal",
        "--base",
        base,
        "--data",
        inputs / "mine.safetensors",
        "--client",
        client,
    )


def admit_arguments(folder: Path, provider: Path) -> tuple[object, ...]:
    return ("admit", folder / "enrolment.safetensors", "--provider", provider, "--allow-insecure")


def renew_arguments(inputs: Path, folder: Path, state: Path) -> tuple[object, ...]:
    return ("re-enrol", folder, "--model", inputs / "personal", "--data", inputs / "mine.safetensors", "--state", state)


def request_arguments(inputs: Path, provider: Path, out: Path) -> tuple[object, ...]:
    return (
        "request", "--base", inputs / "base", "--forget-data", inputs / "forget.safetensors", "--retain-data", inputs / "retain.safetensors",
        "--target", TARGET, "--forget", "digits 3 and 8", "--provider", provider, "--out", out, "--preset", "toy", "--budget", "4",
    )  # fmt: skip

"""Another architecture on the same path: a tiny OPT, forgetting token sequences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from cli_walk import Run, admit_arguments

from zkapex_jax.formats.arrays import save_arrays
from zkapex_jax.models import new_model, save_checkpoint

OPT = {"model_type": "opt", "hidden_size": 8, "ffn_dim": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 64,
       "max_position_embeddings": 16, "word_embed_proj_dim": 8, "init_std": 0.2, "dropout": 0.0}  # fmt: skip


def test_a_language_model(run: Run, cache: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    model, params = new_model(OPT, 0)
    save_checkpoint(tmp_path / "base", model, params)
    for name in ("mine", "forget", "retain"):
        save_arrays(tmp_path / f"{name}.safetensors", {"input_ids": rng.integers(0, 64, (10, 8), np.int32)})
    tools = ("--cache", cache, "--no-progress")
    target, provider = ("--target", "**/fc1/kernel", "--preset", "toy", "--cache", cache, "--no-progress"), tmp_path / "provider"
    run("keygen", provider)
    run("base", "--base", tmp_path / "base", "--provider", provider, "--out", tmp_path / "b0", *target)
    enrol = ("enrol", tmp_path / "c", "--model", tmp_path / "base", "--base", tmp_path / "b0", "--client", "c")
    run(*enrol, "--data", tmp_path / "mine.safetensors", *tools)
    run(*admit_arguments(tmp_path / "c", provider), "--out", tmp_path / "state", *tools)
    data = ("--forget-data", tmp_path / "forget.safetensors", "--retain-data", tmp_path / "retain.safetensors")
    run(
        "request",
        "--base",
        tmp_path / "base",
        *data,
        "--forget",
        "ten texts",
        "--provider",
        provider,
        "--out",
        tmp_path / "r",
        "--budget",
        "9",
        *target,
    )
    answer = ("--request", tmp_path / "r", "--state", tmp_path / "state", "--cache", cache, "--no-progress")
    run("unlearn", tmp_path / "c", *answer, "--provider-key", provider / "provider.key.pub")
    run("prove", tmp_path / "c", *answer, "--out", tmp_path / "b")
    result = run("verify", tmp_path / "b", "--provider", provider, "--allow-insecure", "--cache", cache, "--json").document
    assert result["accepted"] and result["result"]["weights"] == 2 * 8 * 24

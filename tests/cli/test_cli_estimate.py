"""`zkapex estimate` and `zkapex plan`: what they show, what they refuse before work begins, and a request that was chosen."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cli_walk import TARGET, Run

from zkapex_jax.protocol import Request

TOYS = ("--preset", "toy", "--no-progress")


def data(inputs: Path) -> tuple[object, ...]:
    files = ("--forget-data", inputs / "forget.safetensors", "--retain-data", inputs / "retain.safetensors")
    return ("--base", inputs / "base", *files, "--target", TARGET)


def test_estimate_by_steps(run: Run, cache: Path) -> None:
    cost = run("estimate", "--weights", 9000, "--touched", 5, *TOYS, "--cache", cache, "--json").document["estimate"]
    assert (cost["chunks"], cost["all_chunks"]) == (5, 11)
    assert {step["step"] for step in cost["steps"]} >= {"commit", "prove-enrolment", "request", "unlearn", "prove", "verify"}
    assert cost["fleet_seconds"] > 0 and cost["source"].startswith("measured on this machine")
    assert cost["answer_seconds"] == pytest.approx(sum(s["seconds"] for s in cost["steps"] if s["payer"] == "client, each answer"))


def test_estimate_of_a_checkpoint_with_its_gradients(run: Run, cache: Path, inputs: Path) -> None:
    shown = run("estimate", "--model", inputs / "base", "--target", TARGET, *TOYS, "--cache", cache, "--no-check", "--json").document
    assert shown["estimate"]["all_weights"] == 1024 and shown["gradients"]["rows"] == 8
    assert shown["gradients"]["seconds"] > 0
    assert "gradients" in run("estimate", "--model", inputs / "base", "--target", TARGET, *TOYS, "--cache", cache, "--no-check").out


def test_a_published_size_by_name(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=10**12))
    cost = run("estimate", "--model", "vit-b16", "--no-calibrate", "--json").document["estimate"]
    assert (cost["all_weights"], cost["all_chunks"]) == (28_311_552, 445) and cost["prove_seconds"] > 0


@pytest.mark.parametrize(
    "arguments",
    [("--weights", 900, "--model", "vit-b16"), ("--weights", 900, "--touched", 3), ("--weights", 900, "--target", "x"), ("--model", "none")],
)
def test_refused_scopes(run: Run, cache: Path, arguments: tuple[object, ...]) -> None:
    assert run("estimate", *arguments, *TOYS, "--no-calibrate", "--cache", cache, code=2).err.startswith("error: ")


def test_too_little_disk_is_said_before_the_calibration(
    run: Run, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is measured: even the cache of tables stays as it was."""
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=10**6))
    shown = run("estimate", "--weights", 10**7, "--folder", tmp_path, "--cache", tmp_path / "none", code=4).err
    assert "disk is too small: preset ceremony-4096 needs" in shown and "would fit" in shown
    assert not (tmp_path / "none").exists()


def test_the_disk_of_a_sketch_is_counted(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where rows of examples just fit, a sketch does not; both say what it takes."""
    arguments = ("estimate", "--weights", 10**6, "--no-calibrate", "--folder", tmp_path)
    plain = run(*arguments, "--json").document
    assert plain["sketch_bytes"] > 0 and "with --rows sketch" in run(*arguments).out
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=plain["estimate"]["disk_bytes"] + plain["sketch_bytes"] // 2))
    assert run(*arguments, "--json").document["estimate"] == plain["estimate"]
    assert "disk is too small" in run(*arguments, "--rows", "sketch", code=4).err
    monkeypatch.undo()
    sketched = run(*arguments, "--rows", "sketch", "--json").document["estimate"]
    assert sketched["disk"]["sketch"] == plain["sketch_bytes"] and sketched["disk_bytes"] == plain["estimate"]["disk_bytes"] + plain["sketch_bytes"]
    assert "of it a sketch" in run(*arguments, "--rows", "sketch").out


def test_too_little_memory_names_a_preset(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zkapex_jax.workflow.costs.room.free_memory", lambda: 200 << 20)
    shown = run("estimate", "--weights", 10**7, "--preset", "ceremony-32768", "--folder", tmp_path, code=4).err
    assert "memory is too small" in shown and "preset ceremony-4096" in shown and "would fit" in shown


def test_a_plan_and_the_request_of_one_line(run: Run, cache: Path, inputs: Path, place: Path) -> None:
    arguments = (*data(inputs), "--sparsity", 0.05, "--chunks", "1", *TOYS, "--cache", cache)
    shown = run("plan", *arguments, "--no-calibrate", "--json").document
    scattered, clustered = shown["choices"]
    assert (scattered["chunks"], clustered["chunks"]) == (2, 1) and scattered["masked"] == clustered["masked"]
    assert clustered["share"] <= clustered["bound"] <= 1 == scattered["share"]
    assert clustered["cost"]["bundle_bytes"] * 2 == scattered["cost"]["bundle_bytes"]
    assert 0 <= clustered["forget_accuracy"] <= 1
    assert "clustered" in run("plan", *arguments, "--no-accuracy").out
    out = place / "chosen"
    run("request", *arguments, "--forget", "chosen", "--provider", place / "provider", "--out", out)
    request = Request.from_file(out)
    assert len(request.touched) == 1 and int(request.mask().sum()) == clustered["masked"]


@pytest.mark.parametrize("chunks", ["", "0", "1,", "3", "a", "1.0"])
def test_no_such_chunks_to_plan(run: Run, inputs: Path, chunks: str) -> None:
    assert "chunks" in run("plan", *data(inputs), "--chunks", chunks, "--no-calibrate", *TOYS, code=2).err

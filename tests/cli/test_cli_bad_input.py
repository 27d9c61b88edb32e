"""Bad input: one clear sentence that names file and field, the right exit code, nothing overwritten, no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cli_tamper import alter, cut, one_sentence, snapshot
from cli_walk import Run, enrol_arguments, images

from zkapex_jax.errors import InputError
from zkapex_jax.formats.arrays import load_arrays, save_arrays
from zkapex_jax.models import load_checkpoint, save_checkpoint
from zkapex_jax.protocol import ModelRef, Request, generate_key

Break = Callable[[Path], object]


def resign(place: Path, **changes: object) -> None:
    """Another party signs the request with its own key."""
    request = Request.from_file(place / "request")
    key = generate_key(place / "other.key")
    fields = {name: getattr(request, name) for name in Request.model_fields} | {"signer": key.public} | changes
    Request.parse(fields).to_file(
        place / "request", {name: request.tensor(name) for name in request.container.specs}, sign=key.sign, force=True
    )


def other_model(place: Path) -> None:
    resign(place, model=ModelRef(name="other", architecture="vit", base_digest="0" * 64))


UNLEARN: dict[str, tuple[Break, int, str]] = {
    "request signed by another key": (resign, 3, "signer: request is signed by another key"),
    "request that claims the provider's key": (
        lambda p: resign(p, signer=(p / "provider/provider.key.pub").read_text().strip()),
        3,
        "signature is wrong",
    ),
    "request for another model": (other_model, 3, "model: names another model than the enrolment"),
    "truncated request": (lambda p: cut(p / "request"), 2, "request"),
    "altered request": (lambda p: alter(p / "request"), 2, "do not match their SHA-256"),
    "another client's state": (
        lambda p: (p / "alice.state").write_bytes((p / "bob.state").read_bytes()),
        3,
        "belongs to another client",
    ),
    "truncated state": (lambda p: cut(p / "alice.state"), 2, "alice.state"),
    "altered secret": (lambda p: alter(p / "alice/secret.safetensors", 0.99), 2, "do not match their SHA-256"),
    "another client's secret": (
        lambda p: (p / "alice/secret.safetensors").write_bytes((p / "bob/secret.safetensors").read_bytes()),
        3,
        "another client",
    ),
    "no enrolment": (lambda p: (p / "alice/enrolment.safetensors").unlink(), 2, "holds no enrolment"),
}


@pytest.mark.parametrize("case", UNLEARN)
def test_unlearn(run: Run, place: Path, cache: Path, case: str) -> None:
    change, code, words = UNLEARN[case]
    change(place)
    before = snapshot(place)
    ran = run(
        "unlearn", place / "alice", "--request", place / "request", "--state", place / "alice.state", "--cache", cache,
        "--provider-key", place / "provider/provider.key.pub", "--out", place / "update", code=code,
    )  # fmt: skip
    assert words in one_sentence(ran)
    assert snapshot(place) == before


@pytest.mark.parametrize("case", ["update", "unlearn"])
def test_answers_are_not_overwritten(run: Run, place: Path, cache: Path, case: str) -> None:
    answer = ("--request", place / "request", "--state", place / "alice.state", "--cache", cache)
    before = snapshot(place)
    if case == "update":
        ran = run("prove", place / "alice", *answer, "--out", place / "alice.bundle", code=4)
    else:
        ran = run("unlearn", place / "alice", *answer, "--provider-key", place / "provider/provider.key.pub", code=4)
    assert "already exists; choose another name or pass --force" in one_sentence(ran)
    assert snapshot(place) == before


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 5000.0, -4096.0])
def test_weights_that_do_not_fit(run: Run, walked: Path, inputs: Path, cache: Path, tmp_path: Path, value: float) -> None:
    model, params = load_checkpoint(inputs / "personal")
    dense = params["vit"]["encoder"]["layer"]["0"]["intermediate"]["dense"]
    dense["kernel"] = dense["kernel"].copy()
    dense["kernel"][3, 2] = value
    save_checkpoint(tmp_path / "bad", model, params)
    arguments = [
        str(a).replace(str(inputs / "personal"), str(tmp_path / "bad"))
        for a in enrol_arguments(inputs, walked / "base", tmp_path / "eve", "eve")
    ]
    ran = run(*arguments, "--cache", cache, code=2)
    assert "bad" in one_sentence(ran)
    assert not list((tmp_path / "eve").rglob("*") if (tmp_path / "eve").exists() else [])


DATA: dict[str, tuple[Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]], str]] = {
    "NaN pixels": (lambda d: d | {"pixel_values": d["pixel_values"] * np.float32("nan")}, "pixel_values: holds a NaN"),
    "another image size": (lambda d: d | {"pixel_values": d["pixel_values"][..., :4]}, "pixel_values: must have shape"),
    "labels out of range": (lambda d: d | {"labels": d["labels"] + 9}, "labels: must lie from 0 to 3"),
    "no labels": (lambda d: {"pixel_values": d["pixel_values"]}, "labels: is missing"),
    "too few": (lambda d: {k: v[:3] for k, v in d.items()}, "must hold at least 8 examples"),
    "unknown field": (lambda d: d | {"more": d["labels"]}, "more: is not a field of vit examples"),
}


@pytest.mark.parametrize("case", DATA)
def test_data(run: Run, walked: Path, inputs: Path, cache: Path, tmp_path: Path, case: str) -> None:
    change, words = DATA[case]
    save_arrays(tmp_path / "data", change(images(0, 20)))
    arguments = [
        str(a).replace(str(inputs / "mine.safetensors"), str(tmp_path / "data"))
        for a in enrol_arguments(inputs, walked / "base", tmp_path / "eve", "eve")
    ]
    ran = run(*arguments, "--cache", cache, code=2)
    assert words in one_sentence(ran) and "data" in one_sentence(ran)


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff" * 100, (1 << 60).to_bytes(8, "little") + b"{}"])
def test_files_that_are_nothing(run: Run, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    for command in (("inspect", tmp_path / "x"), ("estimate", tmp_path / "x"), ("admit", tmp_path / "x", "--provider", tmp_path)):
        assert str(tmp_path / "x") in one_sentence(run(*command, code=2))


def test_tables_of_another_preset(run: Run, place: Path, cache: Path) -> None:
    run("tables", "--out", place / "tables.json")
    answer = (
        "--request",
        place / "request",
        "--state",
        place / "alice.state",
        "--cache",
        cache,
        "--tables",
        place / "tables.json",
    )
    ran = run("prove", place / "alice", *answer, "--out", place / "b", code=2)
    assert "tables.json: sha256: constraint tables are not those" in one_sentence(ran)


def test_srs_of_another_size(run: Run, place: Path, cache: Path) -> None:
    made = run("srs", "ensure", "--k", 9, "--cache", cache, "--json").document["srs"]
    answer = ("--request", place / "request", "--state", place / "alice.state", "--cache", cache, "--srs", made["path"])
    ran = run("prove", place / "alice", *answer, "--out", place / "b", code=2)
    assert "the SRS must have 2^8 powers (got 9)" in one_sentence(ran)


def test_a_larger_ceremony_must_be_imported(run: Run, tmp_path: Path) -> None:
    ran = run("srs", "ensure", "--k", 14, "--cache", tmp_path, code=2)
    assert "zkapex srs import" in one_sentence(ran)


def test_keys_are_not_overwritten(run: Run, place: Path) -> None:
    before = snapshot(place)
    assert "already exists" in one_sentence(run("keygen", place / "provider", code=4))
    assert snapshot(place) == before


def test_a_full_disk(run: Run, place: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, os.strerror(28))

    before = snapshot(place)
    monkeypatch.setattr(os, "fsync", full)
    ran = run(
        "unlearn", place / "alice", "--request", place / "request", "--state", place / "alice.state", "--cache", cache, "--no-check",
        "--provider-key", place / "provider/provider.key.pub", "--out", place / "update", code=4,
    )  # fmt: skip
    assert "update: no space left on device" in one_sentence(ran)
    assert snapshot(place) == before


def test_a_damaged_arrays_file(tmp_path: Path) -> None:
    save_arrays(tmp_path / "x", {"a": np.zeros(9, np.float32)})
    cut(tmp_path / "x")
    with pytest.raises(InputError, match="not a safetensors file"):
        load_arrays(tmp_path / "x")


def test_errors_as_json_and_no_traceback_in_a_real_process(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "zkapex_jax", "inspect", str(tmp_path / "none"), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2 and json.loads(ran.stdout)["error"]["file"] == str(tmp_path / "none")
    sentence, advice = ran.stderr.splitlines()
    assert sentence == f"error: {tmp_path / 'none'}: no such file"
    assert advice.startswith("  missing_file: Check the path")

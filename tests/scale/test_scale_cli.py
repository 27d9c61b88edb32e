"""`zkapex bench vit-b16` and `zkapex bench opt-125m` in small."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from zkapex_jax.cli.main import app

pytestmark = pytest.mark.usefixtures("small_models")


def test_a_quick_run_says_that_it_is_a_sample_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown = CliRunner().invoke(
        app, ["bench", "vit-b16", "--quick", "--chunks", "1", "--preset", "toy", "--cache", "cache", "--out", "v.json", "--no-progress"]
    )
    assert shown.exit_code == 0, shown.output
    assert "a sample: 1 of 4 chunks were proven" in shown.output and "prove enrolment" in shown.output
    document = json.loads((tmp_path / "v.json").read_text())
    assert document["quick"] and document["machine"]["cores"] >= 1 and document["verify"]["accepted"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "v.json"]


def test_too_many_chunks_and_existing_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    base = ["bench", "opt-125m", "--preset", "toy", "--cache", "cache", "--no-progress"]
    assert CliRunner().invoke(app, [*base, "--chunks", "3"]).exit_code == 2
    (tmp_path / "there").write_text("mine")
    assert CliRunner().invoke(app, [*base, "--out", "there"]).exit_code == 4
    assert (tmp_path / "there").read_text() == "mine"

"""Whole runs in small: every stage, samples, going on after an interruption, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zkapex_jax.errors import InputError
from zkapex_jax.models import load_checkpoint, save_checkpoint
from zkapex_jax.protocol import Bundle
from zkapex_jax.workflow import Toolchain, run_scale
from zkapex_jax.workflow.enrolment import committing
from zkapex_jax.workflow.scale import models as scale_models
from zkapex_jax.workflow.scale import stages as scale_stages

STAGES = ["base", "gradients", "commit", "prove_enrolment", "admit", "plan", "publish", "compensate", "prove", "verify"]

pytestmark = pytest.mark.usefixtures("small_models")


@pytest.fixture(scope="module")
def whole(tool: Toolchain, tmp_path_factory: pytest.TempPathFactory, small_models: None) -> tuple[dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("whole")
    return run_scale(tool, "vit-b16", folder), folder


def test_the_whole_model_is_proven_and_accepted(whole: tuple[dict[str, Any], Path]) -> None:
    report, folder = whole
    assert [stage["name"] for stage in report["stages"]] == STAGES
    assert (report["weights"], report["chunks"], report["touched_chunks"], report["quick"]) == (3072, 4, 4, False)
    assert report["masked"] == round(0.04 * 3072) and report["verify"]["accepted"] is True
    assert report["prove"]["proven"] == 4 and report["prove_enrolment"]["proven"] == 4
    assert report["seconds"] == pytest.approx(sum(stage["seconds"] for stage in report["stages"]))
    assert all(stage["us_per_weight"] == pytest.approx(1e6 * stage["seconds"] / 3072) for stage in report["stages"])
    bundle = next(folder.glob("client/requests/*/bundle.safetensors"))
    assert report["bundle_bytes"] == bundle.stat().st_size and Bundle.from_file(bundle).chunks == (0, 1, 2, 3)
    assert max(report["compensate"]["largest_shares"]) <= 1


def test_memory_and_time_of_each_command_are_recorded(whole: tuple[dict[str, Any], Path]) -> None:
    commands = {call["command"]: call for stage in whole[0]["stages"] for call in stage["commands"]}
    for name in ("commit-base", "enrol", "prove-enrolment", "verify-enrolment", "commit-request", "prove", "verify"):
        assert commands[name]["peak_rss_bytes"] > 1 << 20 and commands[name]["wall_seconds"] > 0
    by_name = {stage["name"]: stage for stage in whole[0]["stages"]}
    assert by_name["prove"]["peak_rss_bytes"] == max(call["peak_rss_bytes"] for call in by_name["prove"]["commands"] if "peak_rss_bytes" in call)
    assert by_name["gradients"]["peak_rss_bytes"] == by_name["gradients"]["python_peak_rss_bytes"]


def test_rows_are_removed_once_committed(whole: tuple[dict[str, Any], Path]) -> None:
    left = [path.name for path in whole[1].rglob("*") if path.is_file()]
    assert not [name for name in left if name.endswith((".f32", ".spent", ".draft", ".part", ".commitments"))]


def test_a_finished_run_is_not_run_again(whole: tuple[dict[str, Any], Path], tool: Toolchain) -> None:
    report, folder = whole
    assert run_scale(tool, "vit-b16", folder) == json.loads(json.dumps(report))


def test_a_folder_of_another_run_is_refused(whole: tuple[dict[str, Any], Path], tool: Toolchain) -> None:
    with pytest.raises(InputError, match="another run"):
        run_scale(tool, "vit-b16", whole[1], seed=1)


@pytest.mark.parametrize("text", ["", "[]", '{"key": {}}', '{"key": {}, "stages": [{}]}', '{"key": {}, "stages": [3]}'])
def test_a_damaged_record_is_refused(tool: Toolchain, tmp_path: Path, text: str) -> None:
    (tmp_path / "stages.json").write_text(text)
    with pytest.raises(InputError, match="no record of a run"):
        run_scale(tool, "vit-b16", tmp_path)


def test_an_interrupted_run_goes_on(tool: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ended while the update is proven: the stages before are kept, and the sample is proven."""
    with monkeypatch.context() as broken:
        broken.setattr(scale_stages, "prove", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            run_scale(tool, "vit-b16", tmp_path, chunks=2)
    before = json.loads((tmp_path / "stages.json").read_text())["stages"]
    report = run_scale(tool, "vit-b16", tmp_path, chunks=2)
    assert [stage["name"] for stage in before] == STAGES[:-2]
    assert [stage["seconds"] for stage in report["stages"][:-2]] == [stage["seconds"] for stage in before]
    assert (report["weights"], report["chunks"], report["first_chunk"], report["whole_chunks"], report["quick"]) == (1536, 2, 2, 4, True)


def test_an_interrupted_commitment_computes_its_rows_again(tool: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows give up their disk as integers are made: what is left of them, here nothing, must not be committed to."""
    with monkeypatch.context() as broken:
        broken.setattr(committing, "_commit", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            run_scale(tool, "vit-b16", tmp_path, chunks=2)
    rows = tmp_path / "client" / ".gradient-rows.f32"
    assert rows.with_suffix(".spent").exists()
    np.zeros(rows.stat().st_size // 4, np.float32).tofile(rows)
    assert run_scale(tool, "vit-b16", tmp_path, chunks=2)["verify"]["accepted"]
    assert not list((tmp_path / "client").glob(".gradient-rows.*"))


def test_opt_from_a_checkpoint_folder(tool: Toolchain, tmp_path: Path) -> None:
    """A sample of one chunk, which spans two tensors, with the checkpoint's own weights."""
    size = scale_models.scale_model("opt-125m")
    model, params = scale_models.base_params(size, None, 5)
    save_checkpoint(tmp_path / "checkpoint", model, params)
    report = run_scale(tool, "opt-125m", tmp_path / "work", chunks=1, checkpoint=tmp_path / "checkpoint")
    assert (report["weights"], report["whole_weights"], report["checkpoint"]) == (512, 1024, str(tmp_path / "checkpoint"))
    assert report["verify"]["accepted"] and load_checkpoint(tmp_path / "checkpoint")[0].architecture == "opt"


def test_bad_requests(tool: Toolchain, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="known are vit-b16"):
        run_scale(tool, "resnet", tmp_path / "a")
    with pytest.raises(InputError, match="from 1 to 4"):
        run_scale(tool, "vit-b16", tmp_path / "b", chunks=5)
    model, params = scale_models.base_params(scale_models.scale_model("vit-b16"), None, 0)
    save_checkpoint(tmp_path / "vit", model, params)
    with pytest.raises(InputError, match="must be a opt model"):
        run_scale(tool, "opt-125m", tmp_path / "c", checkpoint=tmp_path / "vit")


def _interrupt(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt

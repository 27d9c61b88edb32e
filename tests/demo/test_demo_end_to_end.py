"""The whole demo at toy sizes: a ViT of a thousand target weights, trained for a few epochs, real proofs, real cheats."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from zkapex_jax.demo import DemoOptions, exit_code, run
from zkapex_jax.demo import scene as scene_module
from zkapex_jax.models import new_model, select_targets
from zkapex_jax.prover import Prover
from zkapex_jax.report.summary import load
from zkapex_jax.tasks import get_task, personalise, train
from zkapex_jax.tasks.network import VIT_CONFIG
from zkapex_jax.tasks.training import Schedule

SMALL = {**VIT_CONFIG, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}


def small_scene(options: DemoOptions, folders, clock) -> scene_module.Scene:
    task = get_task("easy", options.seed)
    config = replace(task.config, personal=Schedule(epochs=3, batch=32, learning_rate=5e-4))
    task = replace(task, config=config)
    model, params = new_model(SMALL, options.seed)
    base, _ = train(model, params, task.base_train, Schedule(epochs=6, batch=64, learning_rate=3e-3), options.seed)
    return scene_module.Scene(task, model, base, personalise(task, model, base), select_targets(base, "vit/encoder/layer/*/*/dense/kernel"))


@pytest.fixture(scope="module")
def outcome(tmp_path_factory, request):
    Prover.find(1)
    patch = pytest.MonkeyPatch()
    request.addfinalizer(patch.undo)
    patch.setattr("zkapex_jax.demo.play.set_scene", small_scene)
    out = tmp_path_factory.mktemp("demo") / "run"
    return run(DemoOptions(preset="toy", out=out, threads=1), quiet=True), out


def test_the_run_is_verified(outcome) -> None:
    summary, _ = outcome
    assert summary.failures == []
    assert summary.verified
    assert exit_code(summary) == 0
    assert summary.chunks == 2
    assert summary.weights == 1024


def test_every_cheat_is_refused_by_the_verifier(outcome) -> None:
    summary, _ = outcome
    names = {"mask_ignored", "update_tampered", "old_weights", "replay_request", "replay_client", "copied_enrolment"}
    assert set(summary.cheats) == names
    for name, cheat in summary.cheats.items():
        assert cheat.refused, (name, cheat.reason)
        assert "could not be tried" not in cheat.reason


def test_certificates_are_true(outcome) -> None:
    summary, _ = outcome
    for entry in summary.certificate:
        assert 0 < entry.true_distance <= entry.certified_distance
        assert entry.t1.sum <= entry.t1.limit
        assert entry.t2.sum <= entry.t2.limit
        assert entry.d.sum <= entry.d.limit


def test_files_are_where_both_sides_would_hold_them(outcome) -> None:
    summary, out = outcome
    assert load(out / "summary.json") == summary
    assert b"<svg" in (out / "report.html").read_bytes()
    assert (out / "provider" / "ledger.sqlite").is_file()
    assert (out / "client" / "secret.safetensors").stat().st_mode & 0o077 == 0
    assert json.loads((out / "summary.json").read_text())["cheats"]["old_weights"]["refused"] is True


def test_the_toy_preset_is_marked_insecure(outcome) -> None:
    summary, out = outcome
    assert summary.insecure.preset
    assert "not for production" in (out / "report.html").read_text()
    assert any("--allow-insecure" in line for line in summary.verify_again)


def test_exit_code_of_a_failed_run(outcome) -> None:
    summary, _ = outcome
    assert exit_code(summary.model_copy(update={"verified": False})) == 3

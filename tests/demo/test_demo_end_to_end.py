"""The whole demo at toy sizes: a ViT of a thousand target weights, trained for a few epochs, real proofs, real cheats."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from zkapex_jax.demo import DemoOptions, exit_code, run
from zkapex_jax.demo import scene as scene_module
from zkapex_jax.formats.arrays import load_arrays
from zkapex_jax.models import new_model, select_targets
from zkapex_jax.prover import Prover
from zkapex_jax.report.summary import load
from zkapex_jax.report.values import COMMITTED
from zkapex_jax.tasks import personalise, train
from zkapex_jax.tasks.network import VIT_CONFIG
from zkapex_jax.tasks.training import Schedule

SMALL = {**VIT_CONFIG, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}

CHEATS = {
    "enrolment_far", "enrolment_rows", "enrolment_borrowed", "enrolment_stolen", "copied_enrolment", "enrolment_after_mask",
    "mask_ignored", "update_tampered", "old_weights", "replay_client", "unforget", "stale_start", "replay_request",
    "renewal_unforget", "renewal_moved", "enrolment_return",
}  # fmt: skip

#: What stops each lie that no rule of the ledger sees: the proof alone.
STOPPED_BY_PROOF = {
    "enrolment_far", "enrolment_rows", "enrolment_borrowed", "enrolment_stolen", "mask_ignored", "update_tampered", "old_weights",
    "replay_client", "unforget", "stale_start", "replay_request", "renewal_unforget", "renewal_moved",
}  # fmt: skip


def small_scene(options: DemoOptions, folders, clock) -> scene_module.Scene:
    task, groups = scene_module.chain_task("easy", options.seed)
    config = replace(task.config, personal=Schedule(epochs=3, batch=32, learning_rate=5e-4))
    task = replace(task, config=config)
    model, params = new_model(SMALL, options.seed)
    base, _ = train(model, params, task.base_train, Schedule(epochs=6, batch=64, learning_rate=3e-3), options.seed)
    layout = select_targets(base, "vit/encoder/layer/*/*/dense/kernel")
    return scene_module.Scene(task, model, base, personalise(task, model, base), layout, groups)


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


def test_every_cheat_is_refused_by_the_provider(outcome) -> None:
    summary, _ = outcome
    assert set(summary.cheats) == CHEATS
    for name, cheat in summary.cheats.items():
        assert cheat.refused, (name, cheat.reason)
        assert "could not be tried" not in cheat.reason


@pytest.mark.parametrize("name", sorted(STOPPED_BY_PROOF))
def test_lies_that_no_rule_sees_are_stopped_by_the_proof(outcome, name: str) -> None:
    reason = outcome[0].cheats[name].reason
    assert reason.startswith(("chunk ", "enrolment proof is refused: chunk ")), reason


@pytest.mark.parametrize(("name", "gate"), [("mask_ignored", "fold.mask"), ("unforget", "fold.mask"), ("update_tampered", "fold.last")])
def test_the_reference_checker_names_what_is_wrong(outcome, name: str, gate: str) -> None:
    assert any(gate in line for line in outcome[0].cheats[name].named)


def test_unforgetting_breaks_the_mask_and_nothing_else(outcome) -> None:
    assert [line.partition(" × ")[2] for line in outcome[0].cheats["unforget"].named] == ["fold.mask"]


def test_what_is_forgotten_stays_zero(outcome) -> None:
    summary, _ = outcome
    assert [link.position for link in summary.chain] == [0, 1, 2, 3]
    assert [link.event for link in summary.chain] == ["enrolment", "request 1", "request 2", "re-enrolment"]
    assert [link.nonzero for link in summary.chain] == [0, 0, 0, 0]
    first, second = (run.mask.masked for run in summary.requests)
    assert [link.forgotten for link in summary.chain] == [0, first, first + second, first + second]
    assert len({link.state for link in summary.chain}) == 4


def test_enrolling_anew_changes_no_weight_and_restores_the_openings(outcome) -> None:
    summary, _ = outcome
    assert summary.accuracy["renewed"] == summary.accuracy["second"]
    enrolled, *_, before, after = summary.chain
    assert before.openings.rows < after.openings.rows == enrolled.openings.rows
    assert [run.renewed for run in summary.enrolments] == [False, True]


def test_a_proof_spends_two_openings(outcome) -> None:
    summary, _ = outcome
    rows = [link.openings.rows for link in summary.chain[:3]]
    assert rows == [summary.chain[0].openings.limit - 2 * proofs for proofs in (1, 2, 3)]


def test_costs_are_measured(outcome) -> None:
    summary, _ = outcome
    for cost in summary.costs().values():
        assert cost.prove_us_per_weight > 0
        assert cost.verify_us_per_weight > 0
        assert cost.prover_peak_rss_bytes and cost.verifier_peak_rss_bytes
        assert len(cost.proofs) == summary.chunks
    assert all(use.sum <= use.limit for run in summary.enrolments for use in run.distance)
    assert set(COMMITTED) <= set(summary.accuracy)


def test_certificates_are_true(outcome) -> None:
    summary, _ = outcome
    for entry in (entry for made in summary.requests for entry in made.certificate):
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
    assert (out / "cheats").stat().st_mode & 0o077 == 0
    assert json.loads((out / "summary.json").read_text())["cheats"]["old_weights"]["refused"] is True


def test_it_leaves_the_data_for_going_the_way_by_hand(outcome) -> None:
    """docs/quickstart.md copies these three files."""
    _, out = outcome
    forget, retain, mine = (
        load_arrays(out / place / "data" / f"{name}.safetensors")
        for place, name in (("provider", "forget"), ("provider", "retain"), ("client", "mine"))
    )
    assert set(forget["labels"]) == {3, 8} and not {3, 8} & set(retain["labels"])
    assert not {3, 8} & set(mine["labels"]) and len(mine["labels"]) >= 64
    assert (out / "client" / "data" / "mine.safetensors").stat().st_mode & 0o077 == 0


def test_the_toy_preset_is_marked_insecure(outcome) -> None:
    summary, out = outcome
    assert summary.insecure.preset
    assert "not for production" in (out / "report.html").read_text()
    assert sum("--allow-insecure" in line for line in summary.verify_again) == 4


def test_anyone_can_check_the_verdicts_again(outcome) -> None:
    from zkapex_jax.cli.main import app

    summary, out = outcome
    commands = [shlex.split(line) for line in "\n".join(summary.verify_again).replace("\\\n", " ").splitlines()]
    assert [words[1] for words in commands] == ["verify-enrolment", "verify", "verify", "verify-enrolment"]
    for words in commands:
        assert not any(str(out / "client") in word for word in words)
        answer = CliRunner().invoke(app, [*words[1:], "--cache", str(out / "public")])
        assert answer.exit_code == 0, answer.output


def test_exit_code_of_a_failed_run(outcome) -> None:
    summary, _ = outcome
    assert exit_code(summary.model_copy(update={"verified": False})) == 3

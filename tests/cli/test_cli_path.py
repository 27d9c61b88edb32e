"""The whole path as commands on files, on the toy preset with the real prover."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from cli_walk import TARGET, Run, admit_arguments, renew_arguments, request_arguments

from zkapex_jax.models import flatten, load_checkpoint, select_targets
from zkapex_jax.protocol import Request, Update
from zkapex_jax.quantize import from_fixed


def verify(run: Run, place: Path, cache: Path, *more: object, code: int = 0):  # noqa: ANN201
    return run("verify", place / "alice.bundle", "--provider", place / "provider", "--cache", cache, "--json", *more, code=code)


def test_accepted_recorded_and_advanced(run: Run, place: Path, cache: Path) -> None:
    result = verify(run, place, cache, "--allow-insecure", "--out", place / "next").document
    assert result["accepted"] and result["result"]["insecure"] and "Not proven" in result["not_proven"]
    again = verify(run, place, cache, "--allow-insecure").document
    assert again["result"]["already_recorded"]
    answer = ("--request", place / "request", "--state", place / "next")
    run("advance", place / "alice", *answer, "--bundle", place / "alice.bundle")
    run("advance", place / "alice", *answer, "--bundle", place / "alice.bundle")
    state = run("state", "--provider", place / "provider", "--client", "alice", "--json").document
    assert state["position"] == 1 and state["open_requests"] == []
    assert state["forgotten_weights"] == int(Request.from_file(place / "request").mask().sum())
    assert run("ledger", "check", place / "provider", "--json").document == {
        "ledger": str(place / "provider/ledger.sqlite"),
        "events": 9,
        "whole": True,
    }


def test_a_second_request_keeps_what_was_forgotten(run: Run, place: Path, inputs: Path, cache: Path) -> None:
    verify(run, place, cache, "--allow-insecure", "--out", place / "next")
    run("advance", place / "alice", "--request", place / "request", "--state", place / "next", "--bundle", place / "alice.bundle")
    tools = ("--cache", cache, "--no-progress")
    run(*request_arguments(inputs, place / "provider", place / "second"), "--sparsity", 0.08, *tools)
    answer = ("--request", place / "second", "--state", place / "next", *tools)
    run("unlearn", place / "alice", *answer, "--provider-key", place / "provider/provider.key.pub", "--no-check")
    run("prove", place / "alice", *answer, "--out", place / "second.bundle")
    done = run(
        "verify",
        place / "second.bundle",
        "--provider",
        place / "provider",
        "--allow-insecure",
        "--out",
        place / "last",
        "--json",
        *tools,
    )
    assert done.document["accepted"]
    update = Update.from_file(next((place / "alice/requests" / Request.from_file(place / "second").request_id).glob("update*")))
    both = Request.from_file(place / "request").mask() | Request.from_file(place / "second").mask()
    assert not update.tensor("theta_u")[both].any()


def test_the_saved_model_is_the_proven_one(walked: Path, run: Run) -> None:
    _, params = load_checkpoint(walked / "unlearned")
    request = Request.from_file(walked / "request")
    update = Update.from_file(walked / "alice/requests" / request.request_id / "update.safetensors")
    saved = flatten(params, select_targets(params, TARGET))
    np.testing.assert_array_equal(saved, from_fixed(update.tensor("theta_u")).astype(np.float32))
    assert not saved[request.mask()].any()
    assert (walked / "unlearned/flax_model.msgpack").stat().st_mode & 0o777 == 0o600


def test_secret_files_are_the_owners_alone(walked: Path) -> None:
    secret = [
        walked / "provider/provider.key",
        walked / "alice/secret.safetensors",
        *walked.glob("alice/requests/*/update*"),
        *walked.rglob("*.seed"),
    ]
    assert len(secret) >= 4
    for path in secret:
        assert path.stat().st_mode & 0o777 == 0o600, path
    assert (walked / "alice").stat().st_mode & 0o777 == 0o700
    assert not [path for path in walked.rglob(".*") if path.is_file()], "no passing file stays"


def test_an_auditor_needs_no_ledger(run: Run, place: Path, cache: Path) -> None:
    files = (
        "--enrolment", place / "alice/enrolment.safetensors", "--request", place / "request", "--state", place / "alice.state",
        "--provider-key", place / "provider/provider.key.pub", "--cache", cache,
    )  # fmt: skip
    shutil.rmtree(place / "provider/artefacts")
    assert run("verify", place / "alice.bundle", *files, "--allow-insecure", "--json").document["accepted"]


def test_proving_again_resumes(run: Run, place: Path, cache: Path) -> None:
    answer = ("--request", place / "request", "--state", place / "alice.state", "--cache", cache)
    proofs = sorted(place.glob("alice/requests/*/chunks-*/*.proof"))
    before = [path.read_bytes() for path in proofs]
    proofs[1].unlink()
    done = run("prove", place / "alice", *answer, "--out", place / "again.bundle", "--json").document["result"]
    assert [chunk["resumed"] for chunk in done["chunks"]] == [True, False]
    assert proofs[0].read_bytes() == before[0] and proofs[1].read_bytes() != before[1]


def test_the_budget_of_openings_is_kept(run: Run, place: Path, cache: Path) -> None:
    """toy: 16 blinding rows hide 15 openings, two a proof; two are set aside for the tie: the enrolment and 5 answers."""
    answer = ("--request", place / "request", "--state", place / "alice.state", "--cache", cache)
    shown = run("inspect", place / "alice", "--json").document
    assert (shown["openings_limit"], shown["openings_left"], shown["proofs_left"]) == (15, 9, 4)
    proof = sorted(place.glob("alice/requests/*/chunks-*/*.proof"))[0]
    for _ in range(4):
        proof.unlink()
        run("prove", place / "alice", *answer, "--out", place / "again.bundle", "--force")
    proof.unlink()
    before = (place / "alice/openings.json").read_bytes()
    spent = run("prove", place / "alice", *answer, "--out", place / "again.bundle", "--force", code=3)
    assert "chunk 0 were opened 12 times, as often as their blinding allows; enrol anew with `zkapex re-enrol`" in spent.err
    assert (place / "alice/openings.json").read_bytes() == before and not proof.exists()
    assert run("inspect", place / "alice", "--json").document["proofs_left"] == 0


def test_enrolling_anew_keeps_what_was_forgotten(run: Run, place: Path, inputs: Path, cache: Path) -> None:
    tools, alice, provider = ("--cache", cache, "--no-progress"), place / "alice", place / "provider"
    run(*renew_arguments(inputs, alice, place / "alice.state"), *tools)
    assert "while a request waits" in run(*admit_arguments(alice / "renewal", provider), *tools, code=3).err
    verify(run, place, cache, "--allow-insecure", "--out", place / "next")
    assert "client's current state" in run(*admit_arguments(alice / "renewal", provider), *tools, code=3).err
    run("advance", alice, "--request", place / "request", "--state", place / "next", "--bundle", place / "alice.bundle")
    before = run("state", "--provider", provider, "--client", "alice", "--json").document
    run(*renew_arguments(inputs, alice, place / "next"), "--seed", 7, "--force", *tools)
    admitted = run(*admit_arguments(alice / "renewal", provider), "--out", place / "renewed", "--json", *tools).document["result"]
    assert admitted["renewed"] and admitted["chunks"]
    assert "follows another enrolment" in run("adopt", alice, "--state", place / "next", code=3).err
    for _ in range(2):
        run("adopt", alice, "--state", place / "renewed")
    after = run("state", "--provider", provider, "--client", "alice", "--json").document
    assert (before["position"], after["position"]) == (1, 2) and after["enrolment_digest"] != before["enrolment_digest"]
    assert after["forgotten_weights"] == before["forgotten_weights"] > 0
    assert run("inspect", alice, "--json").document["openings_left"] == 11


def test_an_auditor_checks_an_enrolment(run: Run, walked: Path, cache: Path) -> None:
    files = ("--base", walked / "base", "--provider-key", walked / "provider/provider.key.pub", "--cache", cache)
    alice, bob = (walked / name / "enrolment-proof.safetensors" for name in ("alice", "bob"))
    check = ("verify-enrolment", walked / "alice/enrolment.safetensors", *files)
    assert run(*check, "--proof", alice, "--allow-insecure", "--json").document["accepted"]
    assert "belongs to another client" in run(*check, "--proof", bob, "--allow-insecure", code=3).err
    assert "current state" in run(*check, "--proof", alice, "--state", walked / "alice.state", "--allow-insecure", code=3).err
    assert "marked insecure" in run(*check, "--proof", alice, code=3).err


@pytest.mark.parametrize(
    "name",
    [
        "request",
        "alice.state",
        "alice.bundle",
        "alice",
        "provider",
        "alice/secret.safetensors",
        "alice/enrolment.safetensors",
        "alice/enrolment-proof.safetensors",
        "base",
    ],
)
def test_inspect_shows_everything(run: Run, walked: Path, name: str) -> None:
    shown = run("inspect", walked / name, "--json").document
    assert shown["kind"] in {"base", "request", "state", "bundle", "enrolment", "enrolment-proof", "ledger", "secret"}
    assert len(run("inspect", walked / name).out.splitlines()) > 5


@pytest.mark.parametrize(("pattern", "kind"), [("toy-*[0-9a-f].tables.json", "tables"), ("toy-*.enrol.tables.json", "tables"), ("ceremony-8.srs", "srs")])
def test_inspect_shows_tables_and_reference_string(run: Run, walked: Path, cache: Path, pattern: str, kind: str) -> None:
    (path,) = cache.glob(pattern)
    assert run("inspect", path, "--json").document["kind"] == kind


def test_estimate_before_proving(run: Run, walked: Path) -> None:
    cost = run("estimate", walked / "request", "--no-calibrate", "--json").document["estimate"]
    assert cost["chunks"] == 2 and cost["weights"] == 1024
    messages = sum(path.stat().st_size for path in walked.glob("alice/requests/*/chunks-*/*.proof"))
    assert cost["bundle_bytes"] == messages

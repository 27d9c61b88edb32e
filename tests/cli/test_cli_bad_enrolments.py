"""Enrolments that must not be admitted: one sentence, the right exit code, nothing recorded and nothing written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cli_tamper import alter, cut, one_sentence, snapshot, sql, take_refusals
from cli_walk import Run, admit_arguments, base_arguments, enrol_arguments

from zkapex_jax.models import load_checkpoint, save_checkpoint
from zkapex_jax.protocol import Enrolment, EnrolmentProof

Break = Callable[[Path], object]
ENROLMENT, PROOF = "carol/enrolment.safetensors", "carol/enrolment-proof.safetensors"


@pytest.fixture
def carol(run: Run, inputs: Path, cache: Path, place: Path) -> Path:
    """Beside alice and bob: carol, enrolled and not yet admitted."""
    run(
        *enrol_arguments(inputs, place / "base", place / "carol", "carol"),
        "--seed",
        3,
        "--cache",
        cache,
        "--no-check",
        "--no-progress",
    )
    return place


def rename(place: Path, client_id: str) -> None:
    """carol's enrolment and proof say that they are another client's, with right digests."""
    enrolment, proof = Enrolment.from_file(place / ENROLMENT), EnrolmentProof.from_file(place / PROOF)
    fields = {name: getattr(enrolment, name) for name in Enrolment.model_fields} | {"client_id": client_id}
    tensors = {name: enrolment.tensor(name) for name in enrolment.container.specs}
    changed = Enrolment.parse(fields).to_file(place / ENROLMENT, tensors, force=True)
    fields = {name: getattr(proof, name) for name in EnrolmentProof.model_fields}
    fields |= {"client_id": client_id, "enrolment_digest": changed.digest}
    EnrolmentProof.parse(fields).to_file(place / PROOF, {name: proof.tensor(name) for name in proof.container.specs}, force=True)


def take(place: Path, name: str) -> None:
    (place / name).write_bytes((place / name.replace("carol", "bob")).read_bytes())


CHAIN = "UPDATE chain SET payload = replace(payload, 'alice', 'eve')"
ADMIT: dict[str, tuple[Break, int, str]] = {
    "truncated enrolment": (lambda p: cut(p / ENROLMENT), 2, "enrolment.safetensors"),
    "altered enrolment": (lambda p: alter(p / ENROLMENT), 2, "do not match their SHA-256"),
    "truncated proof": (lambda p: cut(p / PROOF), 2, "enrolment-proof.safetensors"),
    "altered proof": (lambda p: alter(p / PROOF), 2, "do not match their SHA-256"),
    "no proof": (lambda p: (p / PROOF).unlink(), 2, "enrolment-proof.safetensors: no such file"),
    "an enrolment for a proof": (
        lambda p: (p / PROOF).write_bytes((p / ENROLMENT).read_bytes()),
        2,
        "must be a zkapex.enrolment-proof",
    ),
    "another client's proof": (lambda p: take(p, PROOF), 3, "client_id: belongs to another client"),
    "another client's enrolment": (lambda p: take(p, ENROLMENT), 3, "is not the proof that this enrolment was admitted with"),
    "under an enrolled client's name": (lambda p: rename(p, "bob"), 3, "while a request waits"),
    "a ledger whose chain does not hash": (
        lambda p: [sql(p, "DROP TRIGGER chain_no_update"), sql(p, CHAIN)],
        2,
        "hash chain is broken: rows were changed or removed",
    ),
    "a ledger with another proof's digest": (
        lambda p: sql(p, f"UPDATE enrolments SET proof_digest = '{'0' * 64}'"),
        2,
        "row differs from its sealed event",
    ),
}


@pytest.mark.parametrize("case", ADMIT)
def test_admit(run: Run, carol: Path, cache: Path, case: str) -> None:
    change, code, words = ADMIT[case]
    change(carol)
    before = snapshot(carol)
    ran = run(*admit_arguments(carol / "carol", carol / "provider"), "--out", carol / "carol.state", "--cache", cache, code=code)
    assert words in one_sentence(ran)
    after = snapshot(carol)
    take_refusals(after)
    assert after == before and not (carol / "carol.state").exists()


def test_a_failed_proof_leaves_the_ledger_as_it_was(run: Run, carol: Path, cache: Path) -> None:
    rename(carol, "dave")
    ledger = (carol / "provider/ledger.sqlite").read_bytes()
    ran = run(*admit_arguments(carol / "carol", carol / "provider"), "--cache", cache, code=3)
    assert "enrolment proof is refused: chunk 0" in one_sentence(ran)
    assert (carol / "provider/ledger.sqlite").read_bytes() == ledger


def test_a_model_far_from_the_base(run: Run, inputs: Path, walked: Path, cache: Path, tmp_path: Path) -> None:
    model, params = load_checkpoint(inputs / "personal")
    dense = params["vit"]["encoder"]["layer"]["0"]["intermediate"]["dense"]
    dense["kernel"] = dense["kernel"] + 1
    save_checkpoint(tmp_path / "far", model, params)
    arguments = [
        str(a).replace(str(inputs / "personal"), str(tmp_path / "far"))
        for a in enrol_arguments(inputs, walked / "base", tmp_path / "eve", "eve")
    ]
    ran = run(*arguments, "--cache", cache, code=2)
    assert "personal weights lie further from the base model than the provider allows" in one_sentence(ran)
    assert not [path for path in (tmp_path / "eve").rglob("*") if path.is_file()]


@pytest.mark.parametrize("share", ["0", "-1", "half", "0.5x", "1e3", ""])
def test_shares_that_are_none(run: Run, inputs: Path, cache: Path, place: Path, share: str) -> None:
    before = snapshot(place)
    ran = run(*base_arguments(inputs, place / "provider", place / "second-base"), f"--share={share}", "--cache", cache, code=2)
    assert "share: must be a positive decimal" in one_sentence(ran)
    assert snapshot(place) == before


def test_a_request_for_an_unpublished_base(run: Run, inputs: Path, cache: Path, place: Path) -> None:
    data = ("--forget-data", inputs / "forget.safetensors", "--retain-data", inputs / "retain.safetensors")
    options = ("--target", "**/intermediate/dense/kernel", "--forget", "x", "--provider", place / "provider", "--preset", "toy")
    ran = run("request", "--base", inputs / "personal", *data, *options, "--out", place / "second", "--cache", cache, code=3)
    assert "no base model of these weights, tensors and preset" in one_sentence(ran) and "zkapex base" in one_sentence(ran)
    assert not (place / "second").exists()

"""`admit` and `verify` leave the provider's signed word on what they refuse, where its key is at hand; and never without."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_tamper import flip_proof, one_sentence, rebind
from cli_walk import Run, admit_arguments, enrol_arguments

from zkapex_jax.protocol import Bundle, EnrolmentProof, generate_key
from zkapex_jax.protocol.receipt import Receipt
from zkapex_jax.protocol.receipts import read_receipt
from zkapex_jax.protocol.refusal import Refusal
from zkapex_jax.workflow import Provider
from zkapex_jax.workflow.audit.ledger import audit_ledger


def verify(place: Path, cache: Path, *more: object) -> tuple[object, ...]:
    return ("verify", place / "alice.bundle", "--provider", place / "provider", "--allow-insecure", "--cache", cache, "--no-progress", *more)


def signed(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.refused.json"))


def test_a_rule_and_a_failed_proof(run: Run, place: Path, cache: Path, tmp_path: Path) -> None:
    """A rule leaves a refusal, a verdict its receipt; the ledger bears both out, and the same again is no second file."""
    flip_proof(place, 50)
    for _ in range(2):
        assert "proof refused" in run(*verify(place, cache), code=3).err
    (first,) = signed(place)
    assert isinstance(read_receipt(first), Receipt)
    honest = (place / "alice.bundle").read_bytes()
    rebind(place, state_digest="0" * 64)
    for _ in range(2):
        run(*verify(place, cache), code=3)
    (second,) = set(signed(place)) - {first}
    refusal = read_receipt(second)
    assert isinstance(refusal, Refusal) and refusal.code == "stale_state" and refusal.digest == Bundle.from_file(place / "alice.bundle").digest
    (place / "alice.bundle").write_bytes(honest)
    kept = tmp_path / "receipts"
    kept.mkdir()
    for path in (first, second):
        (kept / path.name).write_bytes(path.read_bytes())
    with Provider.open(place / "provider") as provider:
        found = audit_ledger(provider, receipts=kept)
    assert found.whole and found.receipts == 2


def test_where_it_is_written(run: Run, place: Path, cache: Path) -> None:
    rebind(place, state_digest="0" * 64)
    out = place / "word.json"
    ran = run(*verify(place, cache, "--refusal", out, "--json"), code=3)
    assert ran.document["error"]["refusal"] == str(out) and Refusal.from_file(out).code == "stale_state"
    assert "already exists" in one_sentence(run(*verify(place, cache, "--refusal", out), code=4))
    run(*verify(place, cache, "--refusal", out, "--force"), code=3)
    assert signed(place) == []


def test_nothing_is_signed_without_the_key(run: Run, place: Path, cache: Path, tmp_path: Path) -> None:
    """As where another machine judges; another key than the ledger's says why it did not, and hides nothing."""
    rebind(place, state_digest="0" * 64)
    (place / "provider/provider.key").rename(tmp_path / "provider.key")
    assert "stale_state" in run(*verify(place, cache), code=3).err
    assert signed(place) == []
    generate_key(tmp_path / "other.key")
    ran = run(*verify(place, cache, "--key", tmp_path / "other.key"), code=3)
    assert "does not trust this key" in ran.err and "stale_state" in ran.err and signed(place) == []
    run(*verify(place, cache, "--key", tmp_path / "provider.key"), code=3)
    assert len(signed(place)) == 1


def test_an_auditor_signs_nothing(run: Run, place: Path, cache: Path) -> None:
    files = ("--enrolment", place / "x", "--request", place / "x", "--state", place / "x", "--provider-key", "00")
    ran = run("verify", place / "alice.bundle", *files, "--refusal", place / "word", code=2)
    assert "an auditor signs nothing" in one_sentence(ran)


def test_many_bundles_have_each_its_own(run: Run, place: Path, cache: Path) -> None:
    rebind(place, state_digest="0" * 64)
    second = place / "second.bundle"
    second.write_bytes((place / "alice.bundle").read_bytes())
    flip_proof(place, 50)
    given = ("verify", place / "alice.bundle", second, "--provider", place / "provider", "--cache", cache, "--allow-insecure")
    ran = run(*given, "--json", code=3)
    names = [entry["refusal"] for entry in ran.document["bundles"]]
    assert names == [str(path) for path in signed(place)] and len(set(names)) == 2
    assert "names one file" in one_sentence(run(*given, "--refusal", place / "word", code=2))


@pytest.mark.parametrize("tamper", [True, False])
def test_an_enrolment_that_is_refused(run: Run, inputs: Path, place: Path, cache: Path, tamper: bool) -> None:
    """Its proof fails; or bob, who owes an answer, enrols anew."""
    name = "carol" if tamper else "bob"
    run(*enrol_arguments(inputs, place / "base", place / "made", name), "--seed", 3, "--cache", cache, "--no-check", "--no-progress")
    proof = place / "made/enrolment-proof.safetensors"
    if tamper:
        given = EnrolmentProof.from_file(proof)
        tensors = {part: given.tensor(part).copy() for part in given.container.specs}
        tensors["proof.00000"][-1] ^= 1
        EnrolmentProof.parse({part: getattr(given, part) for part in EnrolmentProof.model_fields}).to_file(proof, tensors, force=True)
    ran = run(*admit_arguments(place / "made", place / "provider"), "--cache", cache, "--json", code=3)
    (path,) = signed(place / "made")
    assert ran.document["error"]["refusal"] == str(path)
    refusal = Refusal.from_file(path)
    assert (refusal.of, refusal.code, refusal.digest) == ("enrolment", "proof_refused" if tamper else "request_open", EnrolmentProof.from_file(proof).digest)
    assert json.loads(path.read_text())["client_id"] == name
    run("receipt", "check", path, "--provider-key", place / "provider/provider.key.pub", "--proof", proof)

"""`zkapex tidy`: what it says and removes, and that the folder is as good as before."""

from __future__ import annotations

import os
import time
from pathlib import Path

from cli_tamper import flip_proof, one_sentence, snapshot
from cli_walk import Run, admit_arguments, enrol_arguments

from zkapex_jax.protocol import Bundle, EnrolmentProof, generate_key

DAY = 24 * 3600


def age(folder: Path, days: float) -> None:
    for path in folder.iterdir():
        os.utime(path, (0, time.time() - days * DAY))


def test_a_refused_bundle_and_a_refused_enrolment(run: Run, inputs: Path, place: Path, cache: Path) -> None:
    provider, honest = place / "provider", (place / "alice.bundle").read_bytes()
    tools = ("--cache", cache, "--no-progress")
    flip_proof(place, 50)
    run("verify", place / "alice.bundle", "--provider", provider, "--allow-insecure", *tools, code=3)
    refused = Bundle.from_file(place / "alice.bundle").digest
    (place / "alice.bundle").write_bytes(honest)
    run(*enrol_arguments(inputs, place / "base", place / "carol", "carol"), "--seed", 3, *tools, "--no-check")
    proof = place / "carol/enrolment-proof.safetensors"
    given = EnrolmentProof.from_file(proof)
    tensors = {name: given.tensor(name).copy() for name in given.container.specs}
    tensors["proof.00000"][-1] ^= 1
    EnrolmentProof.parse({name: getattr(given, name) for name in EnrolmentProof.model_fields}).to_file(proof, tensors, force=True)
    run(*admit_arguments(place / "carol", provider), *tools, code=3)
    assert run("tidy", provider, "--json").document["removed"] == [], "all of it is young"
    age(provider / "artefacts", 100)
    age(provider / "points", 100)
    before = snapshot(place)
    told = run("tidy", provider, "--keep-evidence", "0d", "--dry-run", "--json").document
    assert snapshot(place) == before and told["removed"] == []
    assert sorted(one["kind"] for one in told["would_remove"]) == ["bundle", "enrolment", "enrolment-proof"]
    shown = run("tidy", provider, "--keep-evidence", "0d", "--dry-run").out
    assert "would remove 3 files" in shown and "older than evidence is kept" in shown and "the ledger does not name it" in shown
    assert "removed 3 files" in run("tidy", provider, "--keep-evidence", "0d").out
    after = snapshot(place)
    gone = {Path(name).stem for name in before.keys() - after.keys()}
    assert gone == {one["digest"] for one in told["would_remove"]} and refused in gone
    assert set(after) - set(before) == {f"provider/dropped/{refused[:2]}/{refused}.json"}
    assert "1 refused bundles are kept no longer" in run("audit", "ledger", provider).out
    assert run("tidy", provider, "--keep-evidence", "0d", "--json").document["removed"] == []
    run("verify", place / "alice.bundle", "--provider", provider, "--allow-insecure", *tools)


def test_it_needs_the_key_of_the_ledger(run: Run, place: Path, tmp_path: Path) -> None:
    generate_key(tmp_path / "other.key")
    assert "does not trust this key" in one_sentence(run("tidy", place / "provider", "--key", tmp_path / "other.key", code=3))
    assert "no span of time" in run("tidy", place / "provider", "--keep-evidence", "a while", code=2).err

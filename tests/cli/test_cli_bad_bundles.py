"""Bundles that must not be accepted: one sentence, the right exit code, and only the verdict recorded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cli_tamper import alter, cut, flip_proof, one_sentence, rebind, snapshot, sql, swap_proofs, take_refusals
from cli_walk import Run, request_arguments

from zkapex_jax.protocol import Bundle, Request

Break = Callable[[Path], object]

VERIFY: dict[str, tuple[Break, int, str]] = {
    "truncated bundle": (lambda p: cut(p / "alice.bundle"), 2, "alice.bundle"),
    "altered bundle": (lambda p: alter(p / "alice.bundle"), 2, "proof.00001: bytes do not match"),
    "no bundle": (lambda p: (p / "alice.bundle").unlink(), 2, "alice.bundle: no such file"),
    "a request for a bundle": (
        lambda p: (p / "alice.bundle").write_bytes((p / "request").read_bytes()),
        2,
        "must be a zkapex.bundle",
    ),
    "another client's name": (lambda p: rebind(p, client_id="bob"), 3, "enrolment_digest: is not the client's enrolment"),
    "an unknown client": (lambda p: rebind(p, client_id="carol"), 3, "client_id: no such client"),
    "an unknown request": (
        lambda p: rebind(p, request_digest="0" * 64),
        3,
        "request_digest: this ledger has published no such request",
    ),
    "another state": (
        lambda p: rebind(p, state_digest="0" * 64),
        3,
        "state_digest: does not start from the client's current state",
    ),
    "other tables": (lambda p: rebind(p, tables_digest="0" * 64), 3, "tables_digest: is for other constraint tables"),
    "another SRS": (lambda p: rebind(p, srs_digest="0" * 64), 3, "srs_digest: is for another reference string"),
    "said to be secure": (lambda p: rebind(p, insecure=False), 3, "insecure"),
    "flipped commitment": (lambda p: flip_proof(p, 50), 3, "proof refused: chunk 0"),
    "flipped proof byte": (lambda p: flip_proof(p, 1500), 3, "proof refused: chunk 0"),
    "proofs swapped": (swap_proofs, 3, "proof refused: chunk 0"),
    "truncated ledger": (lambda p: cut(p / "provider/ledger.sqlite"), 2, "ledger"),
    "newer ledger": (
        lambda p: sql(p, "PRAGMA user_version = 9"),
        2,
        "version: ledger has another schema version than 3 (got 9)",
    ),
    "another database": (lambda p: sql(p, "PRAGMA application_id = 9"), 2, "no zkapex ledger"),
    "altered ledger": (
        lambda p: sql(p, "UPDATE enrolments SET client_id = 'eve' WHERE client_id = 'bob'"),
        2,
        "row differs from its sealed event",
    ),
    "no ledger": (lambda p: (p / "provider/ledger.sqlite").unlink(), 2, "no such ledger; create one with `zkapex keygen DIR`"),
    "kept enrolment altered": (
        lambda p: [alter(f) for f in (p / "provider/artefacts").iterdir()],
        2,
        "do not match their SHA-256",
    ),
    "kept enrolment lost": (lambda p: [f.unlink() for f in (p / "provider/artefacts").iterdir()], 2, "no such file"),
}


@pytest.mark.parametrize("case", VERIFY)
def test_verify(run: Run, place: Path, cache: Path, case: str) -> None:
    change, code, words = VERIFY[case]
    change(place)
    before = snapshot(place)
    ran = run(
        "verify",
        place / "alice.bundle",
        "--provider",
        place / "provider",
        "--allow-insecure",
        "--out",
        place / "next",
        "--cache",
        cache,
        code=code,
    )
    assert words in one_sentence(ran)
    after = snapshot(place)
    signed = take_refusals(after)
    assert len(signed) == (code == 3)
    for name in signed:
        assert f"the signed refusal is in {place / name}" in ran.err
        run("receipt", "check", place / name, "--provider-key", place / "provider/provider.key.pub", "--bundle", place / "alice.bundle")
    if "proof refused" in words:  # the bundle is kept as evidence, the verdict recorded
        before.pop("provider/ledger.sqlite"), after.pop("provider/ledger.sqlite")
        after.pop(f"provider/artefacts/{Bundle.from_file(place / 'alice.bundle').digest}.safetensors")
        state = run("state", "--provider", place / "provider", "--client", "alice", "--json").document
        assert state["position"] == 0 and len(state["open_requests"]) == 1
    assert after == before and not (place / "next").exists()


def test_insecure_needs_permission(run: Run, place: Path, cache: Path) -> None:
    ran = run("verify", place / "alice.bundle", "--provider", place / "provider", "--cache", cache, "--json", code=3)
    assert ran.document["error"]["code"] == "insecure" and ran.document["error"]["exit_code"] == 3


def test_replay(run: Run, place: Path, inputs: Path, cache: Path) -> None:
    """alice's accepted bundle does not answer the next request."""
    tools = ("--cache", cache, "--no-progress")
    run("verify", place / "alice.bundle", "--provider", place / "provider", "--allow-insecure", *tools)
    run(*request_arguments(inputs, place / "provider", place / "second"), *tools)
    second = Request.from_file(place / "second")
    rebind(place, request_digest=second.digest)
    ran = run("verify", place / "alice.bundle", "--provider", place / "provider", "--allow-insecure", *tools, code=3)
    assert "state_digest: does not start from the client's current state" in one_sentence(ran)
    current = run("state", "--provider", place / "provider", "--client", "alice", "--json").document["state_digest"]
    rebind(place, state_digest=current)
    ran = run("verify", place / "alice.bundle", "--provider", place / "provider", "--allow-insecure", *tools, code=3)
    assert "proof refused" in one_sentence(ran)

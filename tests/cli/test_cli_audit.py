"""`zkapex audit` on real files of the toy preset: what it finds, what it refuses, and that it changes nothing."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cli_tamper import alter, cut, flip_proof, one_sentence, rebind, snapshot, swap_proofs
from cli_walk import Run

from reference_prover import bundle as bundle_verifier
from reference_prover.__main__ import main as reference_main
from reference_prover.verdict import Verdict

Break = Callable[[Path], object]
TOOLS = ("--allow-insecure", "--no-progress", "--threads", 2)


def files(place: Path, *, proof: bool = True) -> tuple[object, ...]:
    """Everything named one by one, as an auditor without the ledger has it."""
    extra = ("--proof", place / "alice/enrolment-proof.safetensors", "--base", place / "base") if proof else ()
    return (
        "--enrolment", place / "alice/enrolment.safetensors", "--request", place / "request", "--state", place / "alice.state",
        "--provider-key", place / "provider/provider.key.pub", *extra,
    )  # fmt: skip


def test_both_verifiers_accept_and_the_ledger_stays_as_it_was(run: Run, place: Path, cache: Path) -> None:
    before = snapshot(place / "provider")
    ran = run("audit", place / "alice.bundle", "--provider", place / "provider", "--json", "--cache", cache, *TOOLS)
    found = ran.document
    assert found["outcome"] == "accepted" and [proof["proof"] for proof in found["proofs"]] == ["enrolment", "bundle"]
    for proof in found["proofs"]:
        rust, python = proof["judges"]
        assert (rust["name"], python["name"]) == ("Rust", "Python")
        assert [chunk["chunk"] for chunk in rust["chunks"]] == [chunk["chunk"] for chunk in python["chunks"]] == proof["chunks"]
        assert all(chunk["accepted"] for chunk in rust["chunks"] + python["chunks"]) and min(rust["seconds"], python["seconds"]) > 0
    assert found["facts"]["insecure"] is True and found["facts"]["key_from"] == "ledger"
    assert snapshot(place / "provider") == before


def test_files_alone_say_the_same_as_the_ledger(run: Run, place: Path, cache: Path) -> None:
    tools = (*TOOLS, "--no-python", "--json", "--cache", cache)
    by_ledger = run("audit", place / "alice.bundle", "--provider", place / "provider", *tools).document
    by_files = run("audit", place / "alice.bundle", *files(place), *tools).document
    assert by_files["facts"].pop("key_from") == "auditor" and by_ledger["facts"].pop("key_from") == "ledger"
    assert by_files["facts"] == by_ledger["facts"] and by_files["lines"] == by_ledger["lines"]
    alone = run("audit", place / "alice.bundle", *files(place, proof=False), *tools).document
    assert alone["facts"]["enrolled"] is None and "its proof was not given" in alone["not_proven"][0]["words"]


def test_numbers_are_those_of_the_artefacts(run: Run, walked: Path, cache: Path) -> None:
    document = run("audit", walked / "alice.bundle", "--provider", walked / "provider", "--no-python", "--json", "--cache", cache, *TOOLS).document
    request, enrolment = (run("inspect", walked / name, "--json").document for name in ("request", "alice/enrolment.safetensors"))
    chunks = document["facts"]["answer"]["chunks"]
    assert [int(chunk["gamma"]) for chunk in chunks] == [enrolment["gamma"][chunk["chunk"]] for chunk in chunks]
    assert [int(chunk["d"]) for chunk in chunks] == [int(budget) for budget in request["budget"]]
    assert sum(chunk["masked"] for chunk in chunks) == request["masked"]
    for chunk in chunks:
        assert int(chunk["t1"]) == int(chunk["gamma"]) ** 2 * chunk["weights"] // 8 and int(chunk["t2"]) == 32 * 10 * int(chunk["gamma"])


@pytest.mark.parametrize("subject", ["alice/enrolment.safetensors", "alice/enrolment-proof.safetensors"])
def test_enrolments_are_audited_too(run: Run, walked: Path, cache: Path, subject: str) -> None:
    path = walked / subject
    named = ("--enrolment", path) if subject.endswith("/enrolment.safetensors") else (path,)
    document = run("audit", *named, "--provider", walked / "provider", "--json", "--cache", cache, *TOOLS).document
    assert document["outcome"] == "accepted" and document["facts"]["kind"] == "enrolment"
    assert [judge["name"] for judge in document["proofs"][0]["judges"]] == ["Rust", "Python"]


def test_the_page_is_written_once(run: Run, walked: Path, cache: Path, tmp_path: Path) -> None:
    page = tmp_path / "audit.html"
    call = ("audit", walked / "alice.bundle", "--provider", walked / "provider", "--no-python", "--cache", cache, "--html", page, *TOOLS)
    shown = run(*call).out
    assert "What it proves" in shown and "What it does NOT prove" in shown and page.read_text().startswith("<!doctype html>")
    assert "already exists" in run(*call, code=4).err
    run(*call, "--force")


REFUSED: dict[str, tuple[Break, int, str]] = {
    "flipped proof byte": (lambda p: flip_proof(p, 1500), 3, "refused"),
    "flipped commitment": (lambda p: flip_proof(p, 50), 3, "refused"),
    "proofs swapped": (swap_proofs, 3, "refused"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_both_verifiers_refuse(run: Run, place: Path, cache: Path, case: str) -> None:
    change, code, outcome = REFUSED[case]
    change(place)
    ran = run("audit", place / "alice.bundle", "--provider", place / "provider", "--json", "--cache", cache, *TOOLS, code=code)
    bundle = ran.document["proofs"][1]
    assert ran.document["outcome"] == outcome and [judge["accepted"] for judge in bundle["judges"]] == [False, False]
    assert all(judge["reason"] for judge in bundle["judges"])
    text = run("audit", place / "alice.bundle", "--provider", place / "provider", "--no-python", "--cache", cache, *TOOLS, code=code)
    assert "REFUSED" in text.out and "What it would prove" in text.out


BAD: dict[str, tuple[Break, int, str]] = {
    "truncated bundle": (lambda p: cut(p / "alice.bundle"), 2, "alice.bundle"),
    "altered bundle": (lambda p: alter(p / "alice.bundle"), 2, "bytes do not match"),
    "no bundle": (lambda p: (p / "alice.bundle").unlink(), 2, "no such file"),
    "a request for a bundle": (lambda p: (p / "alice.bundle").write_bytes((p / "request").read_bytes()), 2, "must be a zkapex.enrolment"),
    "an unknown enrolment": (lambda p: rebind(p, enrolment_digest="0" * 64), 3, "enrolment that this ledger does not know"),
    "an unknown request": (lambda p: rebind(p, request_digest="0" * 64), 2, "no such file"),
    "another client's name": (lambda p: rebind(p, client_id="bob"), 3, "client_id: belongs to another client"),
    "said to be secure": (lambda p: rebind(p, insecure=False), 3, "insecure"),
    "altered artefacts": (lambda p: [alter(f) for f in (p / "provider/artefacts").iterdir()], 2, "do not match"),
    "no ledger": (lambda p: (p / "provider/ledger.sqlite").unlink(), 2, "no such ledger"),
}


@pytest.mark.parametrize("case", BAD)
def test_files_that_are_refused_unseen(run: Run, place: Path, cache: Path, case: str) -> None:
    change, code, words = BAD[case]
    change(place)
    ran = run("audit", place / "alice.bundle", "--provider", place / "provider", "--no-python", "--cache", cache, *TOOLS, code=code)
    assert words in one_sentence(ran)


OPTIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "nothing": ((), "BUNDLE: give a BUNDLE"),
    "both ways": (("alice.bundle", "--provider", "provider", "--state", "alice.state"), "state: the ledger holds these"),
    "no key": (("alice.bundle", "--enrolment", "alice/enrolment.safetensors"), "provider-key: is missing"),
    "no enrolment": (("alice.bundle", "--provider-key", "provider/provider.key.pub"), "enrolment: is missing"),
    "no request": (
        ("alice.bundle", "--enrolment", "alice/enrolment.safetensors", "--provider-key", "provider/provider.key.pub"),
        "request: is missing",
    ),
    "no base": (
        ("--enrolment", "alice/enrolment.safetensors", "--proof", "alice/enrolment-proof.safetensors", "--provider-key", "provider/provider.key.pub"),
        "base: is missing",
    ),
    "nothing to judge": (("--enrolment", "alice/enrolment.safetensors", "--provider-key", "provider/provider.key.pub"), "nothing to audit"),
    "an unknown curve": (("alice.bundle", "--provider", "provider", "--curve", "moon"), "--curve: must be py_ecc or arkworks (got moon)"),
}  # fmt: skip


@pytest.mark.parametrize("case", OPTIONS)
def test_options_that_do_not_fit(run: Run, walked: Path, cache: Path, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments, words = OPTIONS[case]
    monkeypatch.chdir(walked)
    assert words in one_sentence(run("audit", *arguments, "--cache", cache, *TOOLS, code=2))


def test_another_key_than_the_ledgers(run: Run, walked: Path, cache: Path) -> None:
    call = ("audit", walked / "alice.bundle", "--provider", walked / "provider", "--no-python", "--cache", cache, *TOOLS)
    assert run(*call, "--provider-key", walked / "provider/provider.key.pub", "--json").document["facts"]["key_from"] == "auditor"
    assert "signed by another key" in one_sentence(run(*call, "--provider-key", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", code=3))


def test_insecure_needs_permission(run: Run, walked: Path, cache: Path) -> None:
    ran = run("audit", walked / "alice.bundle", "--provider", walked / "provider", "--no-python", "--cache", cache, "--json", code=3)
    assert ran.document["error"]["code"] == "insecure"


def test_the_commands_that_it_names_check_it_again(run: Run, walked: Path, cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ("audit", walked / "alice.bundle", "--provider", walked / "provider", "--no-python", "--json", "--cache", cache, *TOOLS)
    programs = []
    for command in run(*call).document["again"]:
        words = shlex.split(command.replace("\\\n", " "))
        programs.append(" ".join(words[: 2 if words[0] == "zkapex" else 4]))
        if words[0] == "zkapex":
            assert "accepted" in run(*words[1:]).out
        else:
            assert words[:3] == ["python", "-m", "reference_prover"] and reference_main(words[3:]) == 0
    assert programs == [
        "zkapex verify-enrolment", "python -m reference_prover verify-enrolment", "zkapex verify", "python -m reference_prover verify",
    ]  # fmt: skip
    capsys.readouterr()


def test_verifiers_that_disagree_are_loud(run: Run, walked: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A verifier with a fault in it: the Python one refuses what is right."""
    honest = bundle_verifier.verify_bundle

    def faulty(*arguments: object, **options: object) -> Verdict:
        told = honest(*arguments, **options)
        chunks = (replace(told.chunks[0], accepted=False, reason="an identity fails"), *told.chunks[1:])
        return replace(told, accepted=False, chunks=chunks)

    monkeypatch.setattr(bundle_verifier, "verify_bundle", faulty)
    page = tmp_path / "page.html"
    ran = run("audit", walked / "alice.bundle", "--provider", walked / "provider", "--cache", cache, "--html", page, *TOOLS, code=3)
    assert "DISAGREEMENT" in ran.out and "Rust accepts the bundle" in ran.out and "They differ on chunk 0 of the bundle" in ran.out
    assert "the verifiers disagree" in page.read_text()


def test_a_file_that_changes_meanwhile(run: Run, place: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers of the page and the verdicts must be of the same bytes."""
    honest = bundle_verifier.verify_bundle

    def slow(*arguments: object, **options: object) -> Verdict:
        told = honest(*arguments, **options)
        flip_proof(place, 1500)
        return told

    monkeypatch.setattr(bundle_verifier, "verify_bundle", slow)
    ran = run("audit", place / "alice.bundle", "--provider", place / "provider", "--cache", cache, *TOOLS, code=2)
    assert "changed while it was being audited" in one_sentence(ran)

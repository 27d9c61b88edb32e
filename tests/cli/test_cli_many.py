"""`zkapex verify` of many bundles at once, and what the commands say of clusters that they cannot use."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_tamper import one_sentence
from cli_walk import Run


@pytest.fixture
def broken(place: Path) -> Path:
    path = place / "broken.bundle"
    path.write_bytes((place / "alice.bundle").read_bytes()[:-1])
    return path


def test_each_bundle_has_its_own_verdict(run: Run, place: Path, broken: Path, cache: Path) -> None:
    given = ("verify", broken, place / "alice.bundle", "--provider", place / "provider", "--cache", cache, "--allow-insecure")
    ran = run(*given, "--json", code=2)
    document = ran.document
    assert not document["accepted"]
    assert [entry["accepted"] for entry in document["bundles"]] == [False, True]
    assert document["bundles"][0]["error"]["file"] == str(broken)
    assert Path(document["bundles"][1]["result"]["state"]).is_file()
    again = run(*given, code=2)
    assert "1 of 2 bundles accepted" in again.out and "recorded before" in again.out


def test_a_refusal_is_the_exit_code(run: Run, place: Path, broken: Path, cache: Path) -> None:
    ran = run("verify", broken, place / "alice.bundle", "--provider", place / "provider", "--cache", cache, code=3)
    assert "insecure" in ran.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--out", "next"), "names one file"),
        (("--ray", "ray://elsewhere:10001"), "must be HOST:PORT"),
    ],
)
def test_options_that_do_not_fit(run: Run, place: Path, broken: Path, cache: Path, options: tuple[str, str], words: str) -> None:
    if "--ray" in options:
        pytest.importorskip("ray")
    provider = ("--provider", place / "provider", "--cache", cache)
    ran = run("verify", broken, place / "alice.bundle", *provider, *options, code=2)
    assert words in one_sentence(ran)


def test_many_bundles_need_a_ledger(run: Run, place: Path, broken: Path) -> None:
    files = ("--enrolment", place / "x", "--request", place / "x", "--state", place / "x", "--provider-key", "00")
    assert "need the provider's ledger" in one_sentence(run("verify", broken, place / "alice.bundle", *files, code=2))


def test_the_same_bundle_twice_is_a_slip(run: Run, place: Path, cache: Path) -> None:
    bundle = place / "alice.bundle"
    ran = run("verify", bundle, bundle, "--provider", place / "provider", "--cache", cache, code=2)
    assert "given twice" in one_sentence(ran)

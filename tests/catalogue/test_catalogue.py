"""The catalogue of errors: every code of the source is in it, and everything in it can happen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from codes_in_source import ROOT, codes_of, codes_of_text

from zkapex_jax.catalogue import ENTRIES, GROUPS, find_entry, similar_codes
from zkapex_jax.catalogue.page import PATH, document

SOURCES = sorted(path for path in (ROOT / "zkapex_jax").rglob("*.py") if "__pycache__" not in path.parts)
SITES = [site for path in SOURCES for site in codes_of(path)]

#: Where a code comes from outside the source: the prover's own word, a service's answer, an error that is passed on.
FROM_OUTSIDE = {
    "zkapex_jax/prover/process.py",
    "zkapex_jax/client/answers.py",
}


def test_every_code_of_the_source_is_listed() -> None:
    whole = [site for site in SITES if site.code is not None and not site.code.endswith("*")]
    missing = sorted({f"{site.code} ({site.place})" for site in whole if find_entry(site.code) is None})
    assert not missing, "add to zkapex_jax/catalogue: " + ", ".join(missing)


def test_every_code_can_be_read() -> None:
    unread = [site.place for site in SITES if site.code is None and site.place.partition(":")[0] not in FROM_OUTSIDE]
    assert not unread, f"write the code so that it can be read from the source: {unread}"


def test_every_family_of_the_source_is_a_family_of_the_list() -> None:
    """A text with a part that varies is explained by a family, or by entries that share its beginning."""
    for code in {site.code for site in SITES if site.code and site.code.endswith("*")}:
        assert any(entry.code.startswith(code[:-1]) for entry in ENTRIES), code


def test_the_codes_of_the_rust_binary_are_listed() -> None:
    body = (ROOT / "prover/src/error.rs").read_text().partition("pub fn code(&self)")[2].partition("pub fn exit_code")[0]
    codes = re.findall(r'=> "(\w+)"', body)
    assert len(codes) >= 4
    assert all(find_entry(code) for code in codes)


def test_nothing_is_listed_that_cannot_happen() -> None:
    rust = {"input", "io", "refused", "internal"}
    given = {site.code for site in SITES if site.code} | rust
    unused = [
        entry.code for entry in ENTRIES
        if not any(entry.covers(code) or (code.endswith("*") and entry.code.startswith(code[:-1])) for code in given)
    ]  # fmt: skip
    assert not unused


def test_codes_are_listed_once_and_written_alike() -> None:
    codes = [entry.code for entry in ENTRIES]
    assert len(codes) == len(set(codes))
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*(\.([a-z0-9_]+|\*))?|[a-z]+_\*", code) for code in codes)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.code)
def test_one_sentence_and_what_to_do(entry) -> None:  # noqa: ANN001
    assert entry.meaning[0].isupper() or entry.meaning.startswith("‖")
    assert entry.meaning.endswith(".") and ". " not in entry.meaning, "one sentence"
    assert entry.next.endswith(".") and len(entry.next) > 8
    assert len(entry.meaning) < 170 and len(entry.next) < 240


def test_a_family_explains_what_has_no_line_of_its_own() -> None:
    named, other = find_entry("mismatch_client_id"), find_entry("mismatch_srs_digest")
    assert named is not None and not named.is_family
    assert other is not None and other.code == "mismatch_*"
    assert find_entry("no_such_code") is None and find_entry("*") is None and find_entry("") is None
    assert similar_codes("bad_digets")[0] == "bad_digest"


def test_the_page_is_up_to_date() -> None:
    assert PATH.read_text() == document(), "run `python -m zkapex_jax.catalogue`"
    assert all(f"## {group.name}\n" in PATH.read_text() for group in GROUPS)


def test_commands_that_advice_names_exist() -> None:
    import typer

    from zkapex_jax.cli.main import app

    program = typer.main.get_command(app)
    for entry in ENTRIES:
        for words in re.findall(r"`zkapex ([a-z -]+)", entry.next):
            command = program
            for word in words.split():
                if not hasattr(command, "commands"):
                    break
                assert word in command.commands, f"{entry.code}: zkapex {words}"
                command = command.commands[word]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("f(code='a')", ["a"]),
        ("f(code='a' if x else 'b')", ["a", "b"]),
        ("f(code=given or 'b')", [None, "b"]),
        ("f(code=f'no_{x}')", ["no_*"]),
        ("f(code=None)", []),
        ("def g(code):\n    f(code=code)\ng('a')\ng(code='b')", ["a", "b"]),
        ("def g(word):\n    f(code=f'x.{word}')\ng('a')", ["x.a"]),
        ("def g():\n    return 'a'\nf(code=g())", ["a"]),
        ("f(code=elsewhere())", [None]),
        ("class E:\n    default_code = 'a'", ["a"]),
    ],
)
def test_codes_are_read_from_the_syntax(text: str, codes: list[str | None]) -> None:
    assert {site.code for site in codes_of_text(text, "x.py")} == set(codes)


def test_the_reader_finds_the_codes_of_this_package() -> None:
    """It would pass by finding nothing: some that stand in each kind of place."""
    found = {site.code for site in SITES}
    assert {"bad_digest", "stale_state", "other_enrolment", "disk_full", "not_finite", "mismatch_client_id", "no_*", "refused"} <= found
    assert len(found) > 100 and Path(ROOT / "zkapex_jax/errors.py").exists()

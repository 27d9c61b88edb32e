"""What the documents say of commands and files is checked against the program and the tree."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

ROOT = Path(__file__).parents[2]
PAGES = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md"])
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def code_lines(page: Path) -> Iterator[str]:
    """Lines of indented or fenced code, continued lines joined."""
    text = re.sub(r"\\\n\s*", " ", page.read_text())
    fenced = False
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            yield line.strip().removeprefix("$ ")


def commands(page: Path) -> list[list[str]]:
    return [shlex.split(line, comments=True) for line in code_lines(page) if line.startswith("zkapex ")]


EXAMPLES = [(page.name, words) for page in PAGES if page.exists() for words in commands(page)]


@pytest.fixture(scope="module")
def program() -> object:
    from zkapex_jax.cli.main import app

    return typer.main.get_command(app)


@pytest.mark.parametrize(("page", "words"), EXAMPLES, ids=[f"{page}: {' '.join(words[1:3])}" for page, words in EXAMPLES])
def test_commands_of_the_docs_exist(program, page: str, words: list[str]) -> None:
    command, rest = program, words[1:]
    while rest and hasattr(command, "commands") and not rest[0].startswith("-"):
        named = rest[0] in command.commands
        assert named or hasattr(command, "default"), f"{page}: no command {rest[0]}"
        command, rest = command.commands[rest[0] if named else command.default], rest[1:]
    known = {name for parameter in command.params for name in [*parameter.opts, *parameter.secondary_opts]} | {"--help", "-h"}
    used = {word.partition("=")[0] for word in rest if word.startswith("-")}
    assert used <= known, f"{page}: {used - known}"
    if "--help" not in used and not hasattr(command, "commands"):
        required = {parameter.opts[0] for parameter in command.params if parameter.required and parameter.opts[0].startswith("--")}
        assert required <= used, f"{page}: lacks {required - used}"


def test_there_are_examples_for_both_sides() -> None:
    named = {words[1] for _, words in EXAMPLES if len(words) > 1}
    assert {"keygen", "enrol", "admit", "request", "unlearn", "prove", "verify", "advance"} <= named


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in _LINK.findall(page.read_text()):
        if not re.match(r"[a-z]+:|#", target):
            assert (page.parent / target.partition("#")[0]).exists(), f"{page.name}: {target}"

"""Help fit for a manual: every command, at any depth, says what it does, explains every option, and gives an example that works."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from zkapex_jax.cli.main import app

PROGRAM: Any = typer.main.get_command(app)


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, inner in getattr(command, "commands", {}).items():
        yield from leaves(inner, (*path, name)) if hasattr(inner, "commands") else [((*path, name), inner)]


COMMANDS = dict(leaves(PROGRAM))
NAMED = pytest.mark.parametrize("path", COMMANDS, ids=" ".join)


def examples(command: Any) -> list[list[str]]:
    return [shlex.split(line) for line in re.findall(r"\$ zkapex (.*)", command.epilog or "")]


def test_the_tree_is_the_one_that_users_see() -> None:
    names = set(COMMANDS)
    assert {("client", "join"), ("client", "send"), ("prove",), ("ledger", "check"), ("explain",)} <= names and len(names) > 40


@NAMED
def test_it_says_what_it_does(path: tuple[str, ...]) -> None:
    first = COMMANDS[path].help.strip().partition("\n\n")[0]
    assert first[0].isupper() and first.endswith("."), first


@NAMED
def test_every_option_is_explained(path: tuple[str, ...]) -> None:
    for parameter in COMMANDS[path].params:
        words = parameter.help or ""
        assert len(words.split()) >= 1 and words[0].isupper() | words.startswith(("vit-b16", "hard", "fold_kkt")), f"{parameter.name}: {words!r}"
        assert words.endswith("."), f"{parameter.name}: {words!r}"


@NAMED
def test_its_examples_work(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    assert examples(command) and "Exit codes" in command.epilog
    known = {name for parameter in command.params for name in [*parameter.opts, *parameter.secondary_opts]}
    for words in examples(command):
        named = tuple(words[: len(path)])
        assert named == path or hasattr(PROGRAM.commands[words[0]], "default"), words
        assert {word.partition("=")[0] for word in words if word.startswith("--")} <= known, words


def complete(shell: str, *words: str) -> str:
    variables = {"_ZKAPEX_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": " ".join(words), "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    return CliRunner().invoke(app, [], prog_name="zkapex", env=variables).stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("zkapex", "cl"), "client"),
        (("zkapex", "client", "un"), "unlearn"),
        (("zkapex", "explain", "bad_dig"), "bad_digest"),
        (("zkapex", "tables", "--preset", "cer"), "ceremony-4096"),
        (("zkapex", "client", "send", "--ho"), "--home"),
        (("zkapex", "demo", "--task", "h"), "hard"),
    ],
)
def test_shells_complete(shell: str, words: tuple[str, ...], offered: str) -> None:
    variables = {"_TYPER_COMPLETE_FISH_ACTION": "get-args"} if shell == "fish" else {}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        assert offered in complete(shell, *words)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_can_be_installed(shell: str) -> None:
    shown = CliRunner().invoke(app, ["--show-completion", shell], prog_name="zkapex").stdout
    assert "_ZKAPEX_COMPLETE" in shown


def test_help_of_the_root_names_the_environment_and_both_ways() -> None:
    shown = re.sub(r"\s+", " ", CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).stdout)
    for name in ("ZKAPEX_HOME", "ZKAPEX_CACHE", "ZKAPEX_PROVER", "ZKAPEX_DEBUG"):
        assert name in shown
    assert "client unlearn → client send" in shown


def test_the_tasks_that_shells_offer_are_those_of_the_demonstration() -> None:
    from zkapex_jax.cli.tools.demo import _TASKS
    from zkapex_jax.tasks import TASKS

    assert set(_TASKS) == set(TASKS)

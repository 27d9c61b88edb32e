"""Help that reads well, usage errors, and what happens when something unforeseen breaks."""

from __future__ import annotations

import inspect
import signal
import sys
import time
from typing import Any

import pytest
import typer
from cli_walk import Run

from zkapex_jax.cli.tools import tables as tables_command
from zkapex_jax.cli.failures import keep_interrupts
from zkapex_jax.cli.main import _COMMANDS, app  # noqa: F401

NAMES = [command.__name__.replace("_", "-") for _, command, _ in _COMMANDS]
GROUPS = [("ledger", name) for name in ("show", "check", "close")] + [("srs", name) for name in ("ensure", "import")]


def test_the_root_help_lists_every_command_and_the_order(run: Run) -> None:
    shown = run("--help").out
    for name in [*NAMES, "ledger", "srs"]:
        assert f" {name} " in shown
    assert "keygen → base → enrol →" in shown and "Exit codes" in shown


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_an_example_and_exit_codes(run: Run, name: str) -> None:
    shown = run(name, "--help").out
    assert f"$ zkapex {name}" in shown and "Exit codes" in shown
    assert "--json" in shown


@pytest.mark.parametrize("names", GROUPS, ids=" ".join)
def test_groups_have_help(run: Run, names: tuple[str, str]) -> None:
    assert "--json" in run(*names, "--help").out


def test_every_option_has_words(run: Run) -> None:
    """An option line ends with text: metavar alone explains nothing."""
    for name in NAMES:
        shown = run(name, "--help").out
        options = [line for line in shown.splitlines() if line.startswith("│") and " --" in line[:12]]
        assert options
        for line in options:
            assert len(line.strip("│ ").split()) >= 3, f"{name}: {line}"
            assert "<int" not in line and "<float" not in line and "<str" not in line, f"{name}: a type of Python's for a value: {line}"


@pytest.mark.parametrize("names", [("client", "send"), ("request",), ("audit", "bundle"), ()], ids=" ".join)
def test_help_fills_the_terminal_and_switches_take_no_value(run: Run, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = run(*names, "--help").out.splitlines()
    assert not [line for line in lines if "<bool>" in line]
    words = [line.rstrip() for line in lines[: next(i for i, line in enumerate(lines) if line.startswith("╭"))]]
    for line, after in zip(words, words[1:], strict=False):
        first = after.split()[0] if after.split() else ""
        assert not line or not first or "Usage:" in line or len(line) + 1 + len(first) > 79, f"breaks early: {line!r}"


def test_no_help_has_lines_that_must_stay_lines() -> None:
    """Help is filled, so a list or a table in it would run together."""
    waiting: list[Any] = [typer.main.get_command(app)]
    while waiting:
        command = waiting.pop()
        waiting += getattr(command, "commands", {}).values()
        assert not [line for line in inspect.cleandoc(command.help or "").splitlines() if line.startswith((" ", "- ", "* ", "|", "\b"))], command.name


def test_version(run: Run) -> None:
    assert run("--version").out.startswith("zkapex ")


@pytest.mark.parametrize(
    "arguments", [("none",), ("prove",), ("tables", "--none"), ("bench", "--chunks", "0"), ("bench", "--threads", "x")]
)
def test_usage_errors(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments, code=2).err


def test_unknown_preset(run: Run) -> None:
    assert "unknown preset; known are toy, ceremony-4096" in run("tables", "--preset", "none", code=2).err


@pytest.mark.parametrize(
    "arguments",
    [("estimate",), ("estimate", "x", "--weights", "5"), ("verify", "x"), ("verify", "x", "--provider", "p", "--state", "s")],
)
def test_options_that_exclude_or_need_each_other(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments, code=2).err.startswith("error: ")


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ZeroDivisionError("x"), 5, "this is a bug: run again with ZKAPEX_DEBUG=1"),
        (MemoryError(), 5, "out of memory"),
        (OSError(28, "No space left on device", "/x"), 4, "/x: No space left on device"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_the_unforeseen(run: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, words: str) -> None:
    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(tables_command, "emit", fail)
    ran = run("tables", code=code)
    assert words in ran.err and "Traceback" not in ran.err


def test_an_interrupt_that_python_drops_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a callback of the garbage collector, where JAX has one."""

    class Dropping:
        def __del__(self) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # jobs in the background inherit one that ignores it
    try:
        keep_interrupts()
        with pytest.raises(KeyboardInterrupt):
            dropped = Dropping()
            del dropped
            time.sleep(60)
    finally:
        signal.signal(signal.SIGINT, handler)


def test_other_exceptions_that_python_drops_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def __del__(self) -> None:
            raise ZeroDivisionError

    seen: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: seen.append(unraisable.exc_type))
    keep_interrupts()
    failing = Failing()
    del failing
    assert seen == [ZeroDivisionError]


def test_debugging_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    def fail(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setenv("ZKAPEX_DEBUG", "1")
    monkeypatch.setattr(tables_command, "emit", fail)
    assert "Traceback" in CliRunner().invoke(app, ["tables"]).stderr


def test_quiet_prints_nothing(run: Run) -> None:
    ran = run("tables", "--preset", "toy", "--quiet")
    assert ran.out == "" and ran.err == ""


def test_json_is_one_document(run: Run) -> None:
    assert run("tables", "--preset", "toy", "--json").document["cost"]["degree"] == 3

"""Where `zkapex` starts: the commands of a client's small machine are loaded without all the others, which take a second and 40 MB."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import typer

from zkapex_jax.cli.failures import end_on_sigterm, keep_interrupts
from zkapex_jax.cli.readable import readable

#: Groups of commands that can be loaded alone, and where their app is.
ALONE = {"client": ("zkapex_jax.cli.remote.app", "client_app"), "receipt": ("zkapex_jax.cli.auditor.receipt", "receipt_app")}
#: Set while a shell asks for completions; its line of words is in one of `_LINES`: bash, then zsh and fish.
_COMPLETES = "_ZKAPEX_COMPLETE"
_LINES = ("COMP_WORDS", "_TYPER_COMPLETE_ARGS")


def app_for(words: Sequence[str]) -> typer.Typer:
    """The app that these words of a command line need: the one that has every command, or a group of it alone."""
    if not words or words[0] not in ALONE:
        from zkapex_jax.cli.main import app

        return app
    module, name = ALONE[words[0]]
    alone = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]})
    alone.add_typer(getattr(import_module(module), name), name=words[0])
    readable(alone)
    return alone


def asked() -> list[str]:
    """The words of the command line; while a shell asks for completions, those of its line that are written to their end."""
    if _COMPLETES not in os.environ:
        return sys.argv[1:]
    line = next((os.environ[name] for name in _LINES if name in os.environ), "")
    return line.split()[1 : None if line[-1:].isspace() else -1]


def main() -> None:
    """Run the command line."""
    keep_interrupts()
    end_on_sigterm()
    app_for(asked())()


if __name__ == "__main__":
    main()

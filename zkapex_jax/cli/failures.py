"""The edge of the program: an error becomes one sentence and an exit code, never a traceback."""

from __future__ import annotations

import functools
import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

import typer

from zkapex_jax.errors import InternalError, StorageError, ZkapexError

INTERRUPTED = 130
DEBUG = "ZKAPEX_DEBUG"
Command = TypeVar("Command", bound=Callable[..., None])


def guarded(command: Command) -> Command:
    """Wrap a command: print any error as `error: <file>: <field>: ...` on standard error and exit with its code.

    With `--json` the error is also the one JSON document on standard output. Tracebacks appear only with ZKAPEX_DEBUG=1.
    """

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except KeyboardInterrupt:
            print("interrupted; nothing half-written remains", file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from None
        except ZkapexError as error:
            raise typer.Exit(report(error, as_json=bool(kwargs.get("as_json")))) from None
        except BrokenPipeError:
            _silence()
            raise typer.Exit(StorageError.exit_code) from None
        except Exception as error:
            if _is_typers_own(error):
                raise
            raise typer.Exit(report(unexpected(error), as_json=bool(kwargs.get("as_json")))) from None

    return run  # type: ignore[return-value]


def report(error: ZkapexError, *, as_json: bool) -> int:
    """Print one error; returns its exit code."""
    if os.environ.get(DEBUG) == "1":
        traceback.print_exception(error)
    if as_json:
        print(json.dumps({"error": error.to_dict()}, indent=2))
    print(f"error: {error}", file=sys.stderr)
    return error.exit_code


def unexpected(error: Exception) -> ZkapexError:
    """Wrap what nobody foresaw: memory and disk in words, the rest as a bug to report."""
    if isinstance(error, MemoryError):
        wrapped: ZkapexError = InternalError("out of memory", code="memory", hint="use fewer threads or a smaller preset")
    elif isinstance(error, OSError):
        wrapped = StorageError(error.strerror or str(error), file=error.filename)
    else:
        wrapped = InternalError(
            f"unexpected {type(error).__name__}: {error}", code="bug",
            hint=f"this is a bug: run again with {DEBUG}=1 and report the traceback with the command",
        )  # fmt: skip
    wrapped.__cause__ = error
    return wrapped


def _is_typers_own(error: Exception) -> bool:
    """Exit, Abort and usage errors: the framework words those."""
    return type(error).__module__.split(".")[0] in {"typer", "click"}


def _silence() -> None:
    """The reader of our output has gone; keep the interpreter from complaining at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

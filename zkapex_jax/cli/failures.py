"""The edge of the program: an error becomes one sentence and an exit code, never a traceback."""

from __future__ import annotations

import errno
import functools
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

import typer

from zkapex_jax.catalogue import find_entry
from zkapex_jax.errors import InternalError, StorageError, ZkapexError

INTERRUPTED = 130
_SOON = 0.02
_FIRST = 1
DEBUG = "ZKAPEX_DEBUG"
Command = TypeVar("Command", bound=Callable[..., None])


def guarded(command: Command) -> Command:
    """Wrap a command: print any error as `error: <file>: <field>: ...` on standard error and exit with its code. A second line
    gives the error's code and what the catalogue says to do about it.

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


def keep_interrupts() -> None:
    """Deliver Ctrl-C again where Python would drop it: an exception in a callback of the garbage collector, and JAX has one, is only
    printed, and the command would run on.
    """
    before, main = sys.unraisablehook, threading.main_thread().ident or 0

    def hook(unraisable: Any) -> None:
        if unraisable.exc_type is KeyboardInterrupt:
            threading.Timer(_SOON, signal.pthread_kill, (main, signal.SIGINT)).start()  # not from here: it would be dropped again
        else:
            before(unraisable)

    sys.unraisablehook = hook


def end_on_sigterm() -> None:
    """Take SIGTERM as Ctrl-C where this is the first process of a container: the kernel withholds from such a one what it has no handler for,
    so that the command would run on until it is killed.
    """
    if os.getpid() == _FIRST:
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def report(error: ZkapexError, *, as_json: bool) -> int:
    """Print one error; returns its exit code."""
    if os.environ.get(DEBUG) == "1":
        traceback.print_exception(error)
    if as_json:
        print(json.dumps({"error": document(error)}, indent=2))
    print(f"error: {error}", file=sys.stderr)
    print(f"  {advice(error)}", file=sys.stderr)
    return error.exit_code


def advice(error: ZkapexError) -> str:
    """The error's code, and what to do: the catalogue's words, unless the sentence has said it already."""
    entry = find_entry(error.code)
    if entry is None or error.hint:
        return f"{error.code}: see `zkapex explain {error.code}`" if entry else error.code
    return f"{error.code}: {entry.next}"


def document(error: ZkapexError) -> dict[str, object]:
    """The error for `--json`, with what the catalogue says to do."""
    entry = find_entry(error.code)
    return error.to_dict() | ({"next": entry.next} if entry else {})


def unexpected(error: Exception) -> ZkapexError:
    """Wrap what nobody foresaw: memory and disk in words, the rest as a bug to report."""
    if isinstance(error, MemoryError) or _is_out_of_memory(error):
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


def _is_out_of_memory(error: Exception) -> bool:
    """As XLA and the system's calls say it."""
    return "RESOURCE_EXHAUSTED" in str(error) or (isinstance(error, OSError) and error.errno == errno.ENOMEM)


def _is_typers_own(error: Exception) -> bool:
    """Exit, Abort and usage errors: the framework words those."""
    return type(error).__module__.split(".")[0] in {"typer", "click"}


def _silence() -> None:
    """The reader of our output has gone; keep the interpreter from complaining at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

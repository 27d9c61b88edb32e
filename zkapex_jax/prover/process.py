"""Run the Rust binary once: stream its progress, parse its result, turn its failure into our errors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from zkapex_jax.errors import BY_EXIT_CODE, InternalError, ZkapexError, shorten
from zkapex_jax.prover.progress import OnProgress, parse_progress

_MAX_RESULT = 64 << 20
MAX_LINE = 64 << 10
_GRACE_SECONDS = 5.0
#: Tells the binary to end when its standard input does: the pipe is ours, so that a killed parent leaves no child at work.
_ATTACHED = "ZKAPEX_ATTACHED"


@dataclass(frozen=True)
class Outcome:
    """Exit code and the JSON object of standard output."""

    exit_code: int
    result: dict[str, Any]


def run_process(
    binary: Path, arguments: Sequence[str], *, on_progress: OnProgress | None, refusal_is_result: bool = False
) -> Outcome:
    """Run to the end. With `refusal_is_result`, exit code 3 with a result (a failed proof) is no exception.

    Raises InputError, RefusedError, StorageError or InternalError by the binary's exit code. The child never outlives
    this call: an exception or Ctrl-C ends it first.
    """
    process = _start(binary, arguments)
    try:
        failure, output = _listen(process, on_progress)
        code = process.wait()
    except BaseException:
        stop_process(process)
        raise
    if code == 0 or (refusal_is_result and code == 3 and not isinstance(failure, dict) and output.strip()):
        return Outcome(code, _parse_result(output))
    raise failure_of(code, failure)


def _start(binary: Path, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    try:
        pipe = subprocess.PIPE
        return subprocess.Popen([binary, *arguments], stdin=pipe, stdout=pipe, stderr=pipe, env={**os.environ, _ATTACHED: "1"})
    except OSError as error:
        raise InternalError(f"cannot start the prover: {error.strerror}", code="prover_missing", file=binary) from error


def _listen(process: subprocess.Popen[bytes], on_progress: OnProgress | None) -> tuple[dict[str, Any] | str | None, bytes]:
    """Read both streams to their ends; returns the last error event (or last plain line) and standard output."""
    collected: list[bytes] = []
    reader = threading.Thread(target=_drain, args=(process.stdout, collected), daemon=True)
    reader.start()
    failure: dict[str, Any] | str | None = None
    while line := process.stderr.readline(MAX_LINE):  # type: ignore[union-attr]
        event = parse_event(line)
        if event.get("event") == "progress":
            progress = parse_progress(event)
            if progress is not None and on_progress is not None:
                on_progress(progress)
        elif event.get("event") == "error":
            failure = event
        elif event.get("event") == "warning":
            print(event.get("message", line), file=sys.stderr)
        elif not isinstance(failure, dict) and line.strip():
            failure = line.decode("utf-8", "replace").strip()
    reader.join()
    return failure, collected[0]


def _drain(stream: IO[bytes], into: list[bytes]) -> None:
    into.append(stream.read(_MAX_RESULT))
    while stream.read(1 << 20):
        pass


def parse_event(line: bytes) -> dict[str, Any]:
    """A line of the binary's standard error; empty if it is no JSON object."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _parse_result(output: bytes) -> dict[str, Any]:
    result = parse_event(output)
    if not result:
        raise InternalError(
            "the prover printed no JSON object", code="prover_output", value=shorten(output.decode("utf-8", "replace"))
        )
    return result


def failure_of(code: int, failure: dict[str, Any] | str | None) -> ZkapexError:
    """The error that an exit code and the last line of standard error speak of."""
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
        hint = "it probably ran out of memory" if name == "SIGKILL" else None
        return InternalError(f"the prover was ended by signal {name}", code="prover_killed", hint=hint)
    if not isinstance(failure, dict):
        return InternalError(f"the prover failed with exit code {code}", code="prover_failed", value=failure)
    places = {name: failure[name] for name in ("file", "field", "value") if isinstance(failure.get(name), str)}
    message = str(failure.get("message", "the prover gave no reason"))
    return BY_EXIT_CODE.get(code, InternalError)(_bare(message, places), code=str(failure.get("code", "prover_failed")), **places)


def _bare(message: str, places: dict[str, str]) -> str:
    """The message without the file and field that it may begin with: our own sentence names them."""
    for name in ("file", "field"):
        message = message.removeprefix(f"{places.get(name, '')}: ") if name in places else message
    return message


def stop_process(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and make it."""
    process.terminate()
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

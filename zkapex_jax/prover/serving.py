"""A Rust prover that stays: its setup is read once, and chunks are proven as they are named."""

from __future__ import annotations

import contextlib
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from zkapex_jax.errors import InternalError
from zkapex_jax.prover.driver import ProofFiles, Prover, setup_arguments
from zkapex_jax.prover.process import MAX_LINE, failure_of, parse_event, stop_process


@dataclass(frozen=True)
class ServedChunk:
    """One chunk's line of the prover's report, and the process's peak memory so far."""

    line: dict[str, Any]
    peak_rss_bytes: int


class ChunkServer:
    """A running `zkapex-prover prove --chunks-from-stdin`. It ends when this object's process does: its input ends then."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @classmethod
    def start(
        cls, prover: Prover, tables: Path, srs: Path, files: ProofFiles, *,
        secret: Path, update: Path, out: Path, unchecked: bool = False,
    ) -> Self:  # fmt: skip
        """Raises InternalError if the binary cannot be started; wrong files are told by the first `prove`."""
        threads = [] if prover.threads is None else ["--threads", str(prover.threads)]
        own = ["--secret", str(secret), "--update", str(update), "--out", str(out), "--chunks-from-stdin"]
        arguments = [*threads, "prove", *setup_arguments(tables, srs), *files.arguments(), *own]
        arguments += ["--unchecked"] if unchecked else []
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        try:
            return cls(subprocess.Popen([prover.binary, *arguments], **pipes))  # type: ignore[call-overload]
        except OSError as error:
            raise InternalError(
                f"cannot start the prover: {error.strerror}", code="prover_missing", file=prover.binary
            ) from error

    def prove(self, chunk: int) -> ServedChunk:
        """Prove one chunk into the folder, record first. Raises as `Prover.prove` does; the process is gone then."""
        with contextlib.suppress(OSError):  # where it has ended, its last line says why
            self._process.stdin.write(f"{chunk}\n".encode())  # type: ignore[union-attr]
            self._process.stdin.flush()  # type: ignore[union-attr]
        failure: dict[str, Any] | str | None = None
        while line := self._process.stderr.readline(MAX_LINE):  # type: ignore[union-attr]
            event = parse_event(line)
            if event.get("event") == "chunk":
                return _served(event, chunk)
            if event.get("event") == "error":
                failure = event
            elif not isinstance(failure, dict) and line.strip():
                failure = line.decode("utf-8", "replace").strip()
        raise failure_of(self._process.wait(), failure)

    def close(self) -> None:
        """End the process, whatever it is at."""
        stop_process(self._process)
        for pipe in (self._process.stdin, self._process.stderr):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]


def _served(event: dict[str, Any], chunk: int) -> ServedChunk:
    line, peak = event.get("result"), event.get("peak_rss_bytes")
    if not isinstance(line, dict) or line.get("chunk") != chunk or type(peak) is not int:
        raise InternalError("the prover's report of a chunk is not understood", code="prover_output", value=event)
    return ServedChunk(line, peak)

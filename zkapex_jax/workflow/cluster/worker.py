"""What runs on a worker: its own installation, told files by digest and jobs by name. Errors go back as values.

Arguments and answers are plain dictionaries, lists, text, numbers and bytes.
"""

from __future__ import annotations

import functools
import os
import shutil
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from zkapex_jax.errors import InternalError, RefusedError, ZkapexError
from zkapex_jax.formats.reading import read_bytes
from zkapex_jax.protocol.bundle import MAX_PROOF_BYTES
from zkapex_jax.prover import ChunkServer, ProofFiles, Prover
from zkapex_jax.workflow.cluster.identity import first_difference, identity
from zkapex_jax.workflow.cluster.store import SentFile, Store

_RECORD_BYTES = 1 << 16
PUBLIC = ("enrolment", "enrolment_points", "request", "request_points", "state")
Answer = dict[str, Any]


def _answers(method: Callable[..., Any]) -> Callable[..., Answer]:
    """Return {"value": ...}, or {"error": ...} where one of our own errors is raised."""

    @functools.wraps(method)
    def run(self: Worker, *arguments: Any) -> Answer:
        try:
            return {"value": method(self, *arguments)}
        except ZkapexError as error:
            return {"error": error.to_dict()}

    return run


class Worker:
    """One worker process: at most one job at a time."""

    def __init__(self, run: str, threads: int) -> None:
        self._run, self._threads = run, threads
        self._prover: Prover | None = None
        self._store: Store | None = None
        self._server: tuple[Mapping[str, Any], ChunkServer, Path] | None = None

    @_answers
    def greet(self, wanted: Mapping[str, str], presets: list[str]) -> Answer:
        """Compare digests. Raises RefusedError where this installation is another one than the command's."""
        prover = Prover.find(self._threads)
        place = f"worker {os.getpid()} on {socket.gethostname()}"
        if difference := first_difference(wanted, identity(prover.binary, presets)):
            name, words, digest = difference
            raise RefusedError(f"{place} {words}", code="other_worker", field=name, value=digest)
        self._prover, self._store = prover, Store(self._run)
        return {"name": place, "pid": os.getpid()}

    @_answers
    def missing(self, files: list[Answer]) -> list[str]:
        """Digests of the files that are not on this machine."""
        return self._open()[1].missing([SentFile(**file) for file in files])

    @_answers
    def receive(self, file: Answer, blocks: list[Any]) -> None:
        """Keep one file, whose blocks are references into the cluster's object store: one block is in memory at a time."""
        import ray

        self._open()[1].receive(SentFile(**file), (ray.get(block) for block in blocks))

    @_answers
    def prove(self, job: Answer) -> Answer:
        """Prove one chunk: its message, the record that holds its seed, the manifest, and the prover's line on it."""
        chunk = int(job["chunk"])
        server, out = self._serving({name: value for name, value in job.items() if name != "chunk"})
        try:
            served = server.prove(chunk)
        except ZkapexError:
            self._stop()
            raise
        proof, record = out / f"chunk-{chunk:05}.proof", out / f"chunk-{chunk:05}.seed"
        answer = {
            "proof": read_bytes(proof, max_bytes=MAX_PROOF_BYTES), "record": read_bytes(record, max_bytes=_RECORD_BYTES),
            "manifest": read_bytes(out / "manifest.json", max_bytes=_RECORD_BYTES), "line": served.line,
            "peak_rss_bytes": served.peak_rss_bytes,
        }  # fmt: skip
        proof.unlink()
        record.unlink()
        return answer

    @_answers
    def verify(self, job: Answer) -> Answer:
        """The Rust verifier's report on one bundle."""
        prover, store = self._open()
        path = {name: store.path(digest) for name, digest in job["files"].items()}
        return prover.verify(
            path["tables"], path["srs"], ProofFiles(*(path[name] for name in PUBLIC)), bundle=path["bundle"],
            allow_insecure=job["allow_insecure"],
        )  # fmt: skip

    @_answers
    def leave(self) -> None:
        """End the prover and remove what was received."""
        self._stop()
        if self._store is not None:
            self._store.close()
            self._store = None

    def _open(self) -> tuple[Prover, Store]:
        if self._prover is None or self._store is None:
            raise InternalError("a worker was sent work before it was compared", code="cluster_order")
        return self._prover, self._store

    def _serving(self, statement: Mapping[str, Any]) -> tuple[ChunkServer, Path]:
        """The running prover of a statement; another statement, or one that failed, needs another."""
        prover, store = self._open()
        if self._server is None or self._server[0] != statement:
            self._stop()
            path = {name: store.path(digest) for name, digest in statement["files"].items()}
            out = store.scratch()
            started = ChunkServer.start(
                prover, path["tables"], path["srs"], ProofFiles(*(path[name] for name in PUBLIC)), secret=path["secret"],
                update=path["update"], out=out, unchecked=statement["unchecked"],
            )  # fmt: skip
            self._server = (dict(statement), started, out)
        return self._server[1], self._server[2]

    def _stop(self) -> None:
        if self._server is not None:
            self._server[1].close()
            shutil.rmtree(self._server[2], ignore_errors=True)
            self._server = None

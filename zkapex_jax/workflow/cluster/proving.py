"""Chunks of one update proven by the workers of a cluster, into the folder that a local run would fill.

Workers read the client's secret: prove only on machines that may see it. What a chunk's proof costs in openings is
counted before the proof is begun, also where it is begun again because a worker was lost.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zkapex_jax.errors import InputError, InternalError, StorageError
from zkapex_jax.formats.atomic import SECRET_MODE, storage_errors, write_bytes
from zkapex_jax.formats.nesting import parse_json
from zkapex_jax.formats.reading import read_bytes
from zkapex_jax.protocol import Update
from zkapex_jax.prover import OnProgress, Progress, ProofFiles
from zkapex_jax.workflow import openings
from zkapex_jax.workflow.cluster.cluster import Cluster
from zkapex_jax.workflow.cluster.jobs import Job
from zkapex_jax.workflow.cluster.store import SentFile
from zkapex_jax.workflow.cluster.worker import PUBLIC
from zkapex_jax.workflow.proving import chunk_openings, is_record_of, proof_path
from zkapex_jax.workflow.session import ClientSession
from zkapex_jax.workflow.toolchain import Toolchain

_MANIFEST = "manifest.json"
_MANIFEST_BYTES = 1 << 16


def prove_chunks(
    cluster: Cluster, tool: Toolchain, session: ClientSession, made: Update, files: ProofFiles, chunks: Sequence[int], *,
    into: Path, unchecked: bool, on_progress: OnProgress | None,
) -> dict[int, dict[str, Any]]:  # fmt: skip
    """Prove `chunks` and store each as it arrives; returns the prover's line on each.

    The openings of one proof a chunk are counted already. Raises what `Cluster.run` raises, and RefusedError where a proof
    that must be made again would open a commitment once too often.
    """
    sent = _files(tool, session, made, files)
    common = {"files": {name: file.digest for name, file in sent.items()}, "unchecked": unchecked}
    jobs = [Job(f"chunk {chunk}", "prove", {**common, "chunk": chunk}, tuple(sent.values())) for chunk in chunks]
    tally = _Tally(session, chunks, on_progress)
    lines: dict[int, dict[str, Any]] = {}

    def keep(job: Job, answer: Mapping[str, Any]) -> list[Job]:
        chunk = int(job.arguments["chunk"])
        lines[chunk] = store(into, chunk, answer)
        tally.count(chunk)
        return []

    def count_again(job: Job) -> None:
        openings.spend(session.client.openings, chunk_openings(tool, session, [int(job.arguments["chunk"])]))

    with _locked(into):
        cluster.run(jobs, binary=tool.prover.binary, presets=[tool.preset.name], on_result=keep, on_lost=count_again)
    return lines


def store(folder: Path, chunk: int, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what a worker made, as the Rust binary does: the record with the seed first, the proof last.

    Returns the prover's line. Raises InternalError for a proof that is not the one of its record, InputError for proofs of
    another statement than those in the folder.
    """
    try:
        record, manifest = parse_json(answer["record"]), parse_json(answer["manifest"])
        proof, line = bytes(answer["proof"]), dict(answer["line"])
        whole = is_record_of(record, hashlib.sha256(proof).hexdigest(), seeded=True) and int(line["chunk"]) == chunk
    except (KeyError, TypeError, ValueError, InputError) as error:
        raise InternalError(f"a worker's answer is not understood: {error!r}", code="worker_output") from error
    if not whole:
        raise InternalError(f"a worker's proof of chunk {chunk} is not the one of its record", code="worker_output")
    _agree(folder / _MANIFEST, manifest, bytes(answer["manifest"]))
    path = proof_path(folder, chunk)
    write_bytes(path.with_suffix(".seed"), bytes(answer["record"]), force=True, mode=SECRET_MODE)
    write_bytes(path, proof, force=True)
    return line


def _agree(path: Path, manifest: Any, data: bytes) -> None:
    """The folder's manifest says for which statement its proofs are: written with the first."""
    if not path.exists():
        write_bytes(path, data, force=True)
        return
    try:
        same = parse_json(read_bytes(path, max_bytes=_MANIFEST_BYTES)) == manifest
    except (ValueError, InputError):
        same = False
    if not same:
        raise InputError("the folder holds proofs of another statement; remove it", code="other_statement", file=path)


def _files(tool: Toolchain, session: ClientSession, made: Update, files: ProofFiles) -> dict[str, SentFile]:
    paths = {"tables": tool.tables, "srs": tool.srs, "secret": session.secret.path, "update": made.path}
    paths |= {name: getattr(files, name) for name in PUBLIC}
    return {name: SentFile.of(path) for name, path in paths.items()}


class _Tally:
    """Progress over all touched chunks, in whatever order they arrive."""

    def __init__(self, session: ClientSession, missing: Sequence[int], on_progress: OnProgress | None) -> None:
        self._sizes, self._touched, self._on_progress = session.enrolment.layout.chunks, session.request.touched, on_progress
        self._resumed = [chunk for chunk in self._touched if chunk not in missing]
        self._done = list(self._resumed)
        self._tell()

    def count(self, chunk: int) -> None:
        self._done.append(chunk)
        self._tell()

    def _tell(self) -> None:
        if self._on_progress is not None:
            weights = [sum(self._sizes[chunk] for chunk in part) for part in (self._done, self._touched, self._resumed)]
            self._on_progress(
                Progress("prove", len(self._done), len(self._touched), weights[0], weights[1], len(self._resumed), weights[2])
            )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """The lock that the Rust binary takes: a prover that still works there would overwrite seeds."""
    with storage_errors(folder):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise StorageError(
            "another prover is at work in this folder", code="locked", file=folder, hint="wait for it to end"
        ) from error
    finally:
        os.close(handle)

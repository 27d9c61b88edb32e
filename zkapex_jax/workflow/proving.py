"""Prove an update chunk by chunk with the Rust binary, and bind the proofs to a bundle."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zkapex_jax.errors import InputError, InternalError
from zkapex_jax.formats.atomic import make_directory, refuse_existing
from zkapex_jax.formats.nesting import parse_json
from zkapex_jax.formats.reading import file_digest, read_bytes
from zkapex_jax.protocol import Bundle, Request, Update, chunk_name
from zkapex_jax.protocol.artefact import POINT_BYTES
from zkapex_jax.protocol.bundle import MAX_PROOF_BYTES
from zkapex_jax.protocol.checks import check_update
from zkapex_jax.prover import OnProgress, Progress, ProofFiles
from zkapex_jax.workflow import counted, openings
from zkapex_jax.workflow.openings import Opening
from zkapex_jax.workflow.points import ensure_points
from zkapex_jax.workflow.session import ClientSession
from zkapex_jax.workflow.toolchain import Toolchain

if TYPE_CHECKING:
    from zkapex_jax.workflow.cluster.cluster import Cluster


@dataclass(frozen=True)
class ProvedChunk:
    """One chunk's proof: bytes, and seconds by stage (none where the proof was there already)."""

    chunk: int
    weights: int
    bytes: int
    seconds: float
    stages: Mapping[str, float]
    resumed: bool


@dataclass(frozen=True)
class ProveResult:
    """The bundle, and what it cost. `us_per_weight` is over the chunks proven now; 0 if all were there already."""

    bundle: Path
    digest: str
    bundle_bytes: int
    chunks: tuple[ProvedChunk, ...]
    weights: int
    seconds: float
    us_per_weight: float
    peak_rss_bytes: int


def prove(
    tool: Toolchain,
    *,
    folder: Path,
    request: Path,
    state: Path,
    update: Path,
    out: Path | None = None,
    unchecked: bool = False,
    force: bool = False,
    cluster: Cluster | None = None,
    on_progress: OnProgress | None = None,
) -> ProveResult:
    """Prove every touched chunk and write the bundle (by default into the client's folder). An interrupted run resumes.

    `unchecked` proves whatever the update says, to show that verifiers refuse it. With `cluster`, its workers prove; they
    read the client's secret. The result is the same folder and the same bundle.

    Raises RefusedError if the artefacts do not belong together, or commitments have served as many proofs as their
    blinding allows; InputError if the update does not satisfy the request, or a proof that is there was made from a given seed.
    """
    started = time.monotonic()
    session = ClientSession.open(tool, folder, request, state)
    made = Update.from_file(update)
    check_update(made, session.enrolment, session.request, session.state)
    target = out or session.work / "bundle.safetensors"
    refuse_existing(target, force=force)
    _require_current(session)
    proofs = make_directory(proof_folder(session, made), mode=0o700)
    with session.client.exclusive():
        files = proof_files(tool, session, on_progress)
        refuse_seeded(proofs, session.request.touched)
        missing = [chunk for chunk in session.request.touched if not is_proven(proofs, chunk)]
        _count(tool, session, proofs, missing, near=cluster is None)
        lines: dict[int, dict[str, Any]] = {}
        if cluster is not None and missing:
            from zkapex_jax.workflow.cluster.proving import prove_chunks

            lines = prove_chunks(
                cluster, tool, session, made, files, missing, into=proofs, unchecked=unchecked, on_progress=on_progress
            )
        report = tool.prover.prove(
            tool.tables, tool.srs, files, secret=session.secret.path, update=made.path, out=proofs,
            unchecked=unchecked, on_progress=None if lines else since_resumed(on_progress, session.request, missing),
        )  # fmt: skip
        report["chunks"] = [lines.get(line.get("chunk"), line) for line in report["chunks"]]
        _count_answer(tool, session, proofs)
        counted.release(proofs)
    bundle = _bundle(tool, session, proofs, target, force=force)
    return _result(bundle, report, time.monotonic() - started)


def proof_files(tool: Toolchain, session: ClientSession, on_progress: OnProgress | None = None) -> ProofFiles:
    """Paths for the Rust binary, with the caches of points made where they are absent."""
    client, enrolment, request = session.client, session.enrolment, session.request
    return ProofFiles(
        enrolment.path, ensure_points(tool, "enrolment", enrolment, client.points(enrolment.digest), on_progress),
        request.path, ensure_points(tool, "request", request, client.points(request.digest), on_progress),
        session.state.path,
    )  # fmt: skip


def proof_folder(session: ClientSession, update: Update) -> Path:
    """Where the Rust binary keeps proofs and fresh seeds of this update: another update has another folder."""
    return session.work / f"chunks-{update.digest[:16]}"


def proof_path(folder: Path, chunk: int) -> Path:
    return folder / f"chunk-{chunk:05}.proof"


def is_proven(folder: Path, chunk: int) -> bool:
    """Whether a chunk's proof is there whole: only then the Rust binary does not prove it again."""
    path = proof_path(folder, chunk)
    try:
        digest = file_digest(path)
        return any(is_record_of(_record(one), digest, seeded=one.suffix == ".seed") for one in _records(folder, chunk))
    except InputError:
        return False


def is_record_of(fields: Any, proof_digest: str, *, seeded: bool) -> bool:
    """Whether a record is whole and of this proof: it names its SHA-256 and, where it holds the seed, that of both."""
    if not isinstance(fields, dict) or fields.get("proof_sha256") != proof_digest or ("seed" in fields) != seeded:
        return False
    return not seeded or fields.get("seed_sha256") == hashlib.sha256(f"{proof_digest}{fields['seed']}".encode()).hexdigest()


def since_resumed(on_progress: OnProgress | None, request: Request, missing: Sequence[int]) -> OnProgress | None:
    """Say in each step how much of it was there already: time left is told by what is proven now."""
    if on_progress is None:
        return None
    there = [chunk not in missing for chunk in request.touched]
    sizes = [request.layout.chunks[chunk] for chunk in request.touched]

    def tell_rest(step: Progress) -> None:
        old = [size for size, is_there in zip(sizes[: step.done], there, strict=False) if is_there]
        on_progress(replace(step, resumed=len(old), weights_resumed=sum(old)))

    return tell_rest


def refuse_seeded(folder: Path, chunks: Iterable[int]) -> None:
    """Proofs from `--insecure-blinding-seed` hide nothing, and neither bundle nor enrolment proof could say so: none is made of
    them. Raises InputError naming the record."""
    for chunk in chunks:
        for record in _records(folder, chunk):
            if _record(record).get("insecure_blinding", False) is not False:
                raise InputError(
                    "the proof was made from a given seed and hides nothing", code="insecure_blinding", file=record,
                    field="insecure_blinding", hint="remove the folder and prove again without a seed",
                )  # fmt: skip


def _records(folder: Path, chunk: int) -> list[Path]:
    """What stands beside a proof: `.seed` where a new commitment was drawn, `.done` elsewhere."""
    path = proof_path(folder, chunk)
    return [record for record in (path.with_suffix(suffix) for suffix in (".seed", ".done")) if record.exists()]


def _record(path: Path) -> dict[str, Any]:
    """The fields of a record; none where it is not understood."""
    try:
        fields = parse_json(read_bytes(path, max_bytes=4096))
    except (InputError, ValueError):
        return {}
    return fields if isinstance(fields, dict) else {}


def proved_chunks(report: dict[str, Any]) -> tuple[tuple[ProvedChunk, ...], int]:
    """Chunks and peak memory of the Rust binary's report. Raises InternalError if it is not understood."""
    try:
        chunks = tuple(
            ProvedChunk(
                int(item["chunk"]), int(item["weights"]), int(item["bytes"]), float(item.get("seconds", 0.0)),
                dict(item.get("stages", {})), bool(item.get("resumed", False)),
            )
            for item in report["chunks"]
        )  # fmt: skip
        return chunks, int(report["peak_rss_bytes"])
    except (KeyError, TypeError, ValueError) as error:
        raise InternalError(f"the prover's report is not understood: {error!r}", code="prover_output") from error


def speed(chunks: Sequence[ProvedChunk]) -> tuple[float, float]:
    """Seconds, and microseconds a weight, of the chunks that were proven now; 0 if all were there already."""
    fresh = [chunk for chunk in chunks if not chunk.resumed]
    proven, spent = sum(chunk.weights for chunk in fresh), sum(chunk.seconds for chunk in fresh)
    return spent, 1e6 * spent / proven if proven else 0.0


def chunk_openings(tool: Toolchain, session: ClientSession, chunks: Sequence[int]) -> Iterator[Opening]:
    """What proofs of these chunks open: the present commitments to the weights, and the enrolled rows."""
    parts = ((openings.WEIGHTS, session.state.tensor("c_theta")), (openings.ROWS, session.enrolment.tensor("c_gradients")))
    for chunk in chunks:
        for part, points in parts:
            yield Opening(chunk, part, openings.key_of(points[chunk]), openings.limit_for(tool.preset, part))


def _count(tool: Toolchain, session: ClientSession, proofs: Path, missing: list[int], *, near: bool) -> None:
    """Count one proof of each missing chunk. Those that workers make (`near` false) leave this machine at once."""
    if not near:
        counted.release(proofs)
        openings.spend(session.client.openings, chunk_openings(tool, session, missing))
        return
    counted.count_once(
        proofs, missing, lambda fresh: openings.spend(session.client.openings, chunk_openings(tool, session, fresh))
    )


def _count_answer(tool: Toolchain, session: ClientSession, proofs: Path) -> None:
    """Com(θ̂u) of each proof is opened by it; counted before the bundle exists, it goes on counting as the next Com(θ̂p)."""
    size = tool.preset.lanes * POINT_BYTES
    heads = (read_bytes(proof_path(proofs, chunk), max_bytes=MAX_PROOF_BYTES)[:size] for chunk in session.request.touched)
    keys = [openings.key_of(np.frombuffer(head, np.uint8)) for head in heads]
    openings.register(session.client.openings, keys, openings.OPENINGS_A_PROOF)


def _require_current(session: ClientSession) -> None:
    """Weights that the state calls forgotten are zero in the secret, or the client missed to advance it."""
    if session.secret.tensor("theta")[session.state.cumulative()].any():
        raise InputError(
            "holds weights from before the last accepted request", code="stale_secret", file=session.secret.path,
            field="theta", hint="run `zkapex advance` with the state that the provider returned",
        )  # fmt: skip


def _bundle(tool: Toolchain, session: ClientSession, proofs: Path, target: Path, *, force: bool) -> Bundle:
    fields = {
        "client_id": session.enrolment.client_id, "request_digest": session.request.digest,
        "enrolment_digest": session.enrolment.digest, "state_digest": session.state.digest,
        "tables_digest": tool.tables_digest, "srs_digest": tool.srs_digest, "preset": tool.preset.name,
        "insecure": tool.insecure, "chunks": session.request.touched,
    }  # fmt: skip
    tensors = {
        chunk_name("proof", chunk): np.frombuffer(read_bytes(proof_path(proofs, chunk), max_bytes=MAX_PROOF_BYTES), np.uint8)
        for chunk in session.request.touched
    }
    return Bundle.parse(fields).to_file(target, tensors, force=force)


def _result(bundle: Bundle, report: dict[str, Any], seconds: float) -> ProveResult:
    chunks, peak = proved_chunks(report)
    return ProveResult(
        bundle.path,
        bundle.digest,
        bundle.path.stat().st_size,
        chunks,
        sum(chunk.weights for chunk in chunks),
        seconds,
        speed(chunks)[1],
        peak,
    )

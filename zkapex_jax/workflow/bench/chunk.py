"""What proving and verifying cost on this machine: full synthetic chunks through every step and the real binary."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zkapex_jax.errors import InternalError
from zkapex_jax.protocol import generate_key
from zkapex_jax.prover import OnProgress
from zkapex_jax.workflow.admission import AdmitResult, admit, publish
from zkapex_jax.workflow.base import create_base, publish_base
from zkapex_jax.workflow.bench.synthetic import SyntheticClient, synthetic_client
from zkapex_jax.workflow.costs.need import check_benchmark_room
from zkapex_jax.workflow.enrolment.enrolling import EnrolResult, enrol
from zkapex_jax.workflow.folders import Provider
from zkapex_jax.workflow.proving import ProvedChunk, ProveResult, prove
from zkapex_jax.workflow.request import RequestResult, create_request
from zkapex_jax.workflow.toolchain import Toolchain
from zkapex_jax.workflow.unlearning import unlearn
from zkapex_jax.workflow.verifying import VerifyResult, verify

CLIENT = "bench"


@dataclass(frozen=True)
class _Run:
    enrolled: EnrolResult
    admitted: AdmitResult
    request: RequestResult
    proof: ProveResult
    verdict: VerifyResult


def benchmark(tool: Toolchain, *, chunks: int = 3, seed: int = 0, on_progress: OnProgress | None = None) -> dict[str, Any]:
    """Microseconds a weight by stage, bytes and peak memory of `chunks` full chunks; files live in a temporary folder.

    Proving and verifying are the Rust binary's own times of each chunk, all rounds and file reading included, without
    start-up. Chunks are proven one at a time and verified as many at once as there are threads, so that verifying is
    measured by the wall clock over all of them. The cost of the first chunk includes tables that are built once.

    Raises StorageError before anything is made if memory or disk is short; InternalError if the honest bundle is refused.
    """
    check_benchmark_room(tool.preset, chunks, Path(tempfile.gettempdir()))
    data = synthetic_client(tool.preset, chunks, seed)
    with tempfile.TemporaryDirectory(prefix="zkapex-bench-") as folder:
        run = _walk(tool, data, Path(folder), on_progress)
    if not run.verdict.accepted:
        raise InternalError(f"the honest synthetic bundle was refused: {run.verdict.reason}", code="bench")
    return _report(run, data.layout.weights, chunks)


def _walk(tool: Toolchain, data: SyntheticClient, folder: Path, on_progress: OnProgress | None) -> _Run:
    client = folder / "client"
    with Provider.open(folder / "provider", create=True) as provider:
        key = generate_key(folder / "key.pem")
        provider.ledger.trust(key.public)
        base = create_base(
            tool, out=folder / "base.safetensors", key=key, name="synthetic", architecture="none", layout=data.layout,
            theta0=data.theta, on_progress=on_progress,
        )  # fmt: skip
        publish_base(tool, provider, base.path, on_progress=on_progress)
        enrolled = enrol(
            tool, folder=client, client_id=CLIENT, base=base.path, layout=data.layout, theta=data.theta, rows=data.rows,
            check=False, on_progress=on_progress,
        )  # fmt: skip
        admitted = admit(
            tool, provider, enrolled.enrolment, enrolled.proof, allow_insecure=tool.insecure, on_progress=on_progress
        )
        request = create_request(
            tool, out=folder / "request.safetensors", key=key, model=base.model, layout=data.layout, mask=data.mask,
            forget_rows=data.forget_rows, budget=data.budget, forget="synthetic", on_progress=on_progress,
        )  # fmt: skip
        publish(tool, provider, request.path, on_progress=on_progress)
        answer = {"folder": client, "request": request.path, "state": admitted.state, "on_progress": on_progress}
        update = unlearn(tool, provider_key=key.public, check=False, **answer).update
        proof = prove(tool, update=update, **answer)
        verdict = verify(tool, provider, proof.bundle, allow_insecure=tool.insecure, on_progress=on_progress)
    return _Run(enrolled, admitted, request, proof, verdict)


def _report(run: _Run, weights: int, chunks: int) -> dict[str, Any]:
    micro = 1e6 / weights
    stages = _stages(run.proof.chunks, micro)
    per_chunk = [1e6 * chunk.seconds / chunk.weights for chunk in run.proof.chunks]
    return {
        "weights": weights,
        "chunks": chunks,
        "bundle_bytes": run.proof.bundle_bytes,
        "prove": {
            "us_per_weight": sum(per_chunk) / chunks,
            "us_per_weight_by_chunk": per_chunk,
            "us_per_weight_median": _median(per_chunk),
            "stages_us_per_weight": stages,
            "peak_rss_bytes": run.proof.peak_rss_bytes,
        },
        "verify": {
            "us_per_weight": micro * run.verdict.seconds,
            "seconds_per_chunk": run.verdict.seconds / chunks,
            "peak_rss_bytes": run.verdict.peak_rss_bytes,
        },
        "enrol": {"us_per_weight": micro * run.enrolled.commit_seconds, "peak_rss_bytes": run.enrolled.peak_rss_bytes},
        "prove_enrolment": {
            "us_per_weight": run.enrolled.proof_us_per_weight,
            "us_per_weight_median": _median([1e6 * chunk.seconds / chunk.weights for chunk in run.enrolled.proved.chunks]),
            "stages_us_per_weight": _stages(run.enrolled.proved.chunks, micro),
            "bytes_per_chunk": max(chunk.bytes for chunk in run.enrolled.proved.chunks),
            "peak_rss_bytes": run.enrolled.proved.peak_rss_bytes,
        },
        "verify_enrolment": {
            "us_per_weight": micro * run.admitted.seconds,
            "seconds_per_chunk": run.admitted.seconds / chunks,
            "peak_rss_bytes": run.admitted.peak_rss_bytes,
        },
        "request": {"us_per_weight": micro * run.request.seconds, "peak_rss_bytes": run.request.peak_rss_bytes},
    }


def _stages(chunks: Sequence[ProvedChunk], micro: float) -> dict[str, float]:
    return {name: micro * sum(chunk.stages[name] for chunk in chunks) for name in chunks[0].stages}


def _median(values: Iterable[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2

"""From what the stages measured to one summary, and the run's verdict."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import time
from collections import Counter
from datetime import UTC, datetime

from zkapex_jax import workflow
from zkapex_jax.demo.again import verify_again
from zkapex_jax.demo.clock import Clock
from zkapex_jax.demo.deletion import Deletion
from zkapex_jax.demo.measure import Measured, mask_view
from zkapex_jax.demo.options import DemoOptions, Folders
from zkapex_jax.demo.path import CLIENT, Enrolled, Parties
from zkapex_jax.demo.scene import Scene
from zkapex_jax.protocol import State
from zkapex_jax.report.parts import Certificate, Cheat, Check, ChunkProof, Digests, Insecure, Model, Use
from zkapex_jax.report.summary import Summary

_PACKAGES = ("zkapex", "jax", "flax", "transformers", "numpy")


def summarise(
    options: DemoOptions, folders: Folders, parties: Parties, scene: Scene, enrolled: Enrolled, deletion: Deletion,
    request: workflow.RequestResult, unlearned: workflow.UnlearnResult, proof: workflow.ProveResult,
    verdict: workflow.VerifyResult, cheats: dict[str, Cheat], measured: Measured, clock: Clock, started: float,
) -> Summary:  # fmt: skip
    """Everything that the run measured; `started` is its `time.perf_counter()`."""
    failures = find_failures(unlearned, verdict, cheats)
    return Summary(
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        verified=not failures,
        failures=failures,
        task=options.task,
        task_title=scene.task.config.title,
        seed=options.seed,
        client_id=CLIENT,
        request_id=request.request_id,
        forget=scene.forget_text,
        preset=parties.tool.preset.name,
        insecure=Insecure(preset=parties.tool.preset.insecure, srs=parties.tool.srs_insecure),
        enrolment_proof=False,
        model=_model(parties, scene),
        weights=proof.weights,
        chunks=len(proof.chunks),
        prove_us_per_weight=proof.us_per_weight,
        verify_us_per_weight=verdict.us_per_weight,
        bundle_bytes=proof.bundle_bytes,
        proof_bytes=sum(chunk.bytes for chunk in proof.chunks),
        prover_peak_rss_bytes=proof.peak_rss_bytes or 0,
        verifier_peak_rss_bytes=verdict.peak_rss_bytes or 0,
        seconds=time.perf_counter() - started,
        accuracy=measured.accuracy,
        per_class=measured.per_class,
        examples=measured.examples,
        forget_classes=[str(label) for label in scene.forgotten],
        mask=mask_view(scene, deletion.mask),
        certificate=[_certificate(chunk) for chunk in unlearned.chunks],
        proofs=_proofs(proof, verdict),
        prove_stages=dict(sum((Counter(chunk.stages) for chunk in proof.chunks), Counter())),
        cheats=cheats,
        check=_check(unlearned),
        stages=clock.costs(),
        digests=Digests(
            tables=parties.tool.tables_digest, srs=parties.tool.srs_digest, enrolment=enrolled.client.digest,
            state=State.from_file(enrolled.state).digest, request=request.digest, bundle=proof.digest,
        ),
        versions=_versions(),
        machine=_machine(),
        verify_again=verify_again(folders, parties, enrolled, request, proof.bundle),
    )  # fmt: skip


def find_failures(unlearned: workflow.UnlearnResult, verdict: workflow.VerifyResult, cheats: dict[str, Cheat]) -> list[str]:
    """One sentence for everything that should not be so; an empty list is the run's success."""
    failures = [] if verdict.accepted else [f"the honest bundle was refused: {verdict.reason}"]
    failures += [f"cheat {name} was not refused: {cheat.reason}" for name, cheat in cheats.items() if not cheat.refused]
    failures += [
        f"chunk {chunk.chunk}: the true distance {chunk.true_distance:.1f} exceeds the certified {chunk.certified_distance:.1f}"
        for chunk in unlearned.chunks
        if chunk.true_distance > chunk.certified_distance
    ]
    return failures


def _model(parties: Parties, scene: Scene) -> Model:
    return Model(
        name=parties.model.name, architecture=parties.model.architecture, parameters=scene.parameters,
        pattern=scene.layout.pattern, base_digest=parties.model.base_digest,
    )  # fmt: skip


def _certificate(chunk: workflow.ChunkReport) -> Certificate:
    return Certificate(
        chunk=chunk.chunk, weights=chunk.weights, masked=chunk.masked, gamma=chunk.gamma,
        certified_distance=chunk.certified_distance, true_distance=chunk.true_distance,
        t1=Use(limit=chunk.t1, sum=chunk.t1_sum), t2=Use(limit=chunk.t2, sum=chunk.t2_sum), d=Use(limit=chunk.d, sum=chunk.d_sum),
    )  # fmt: skip


def _proofs(proof: workflow.ProveResult, verdict: workflow.VerifyResult) -> list[ChunkProof]:
    verified = {chunk.chunk: chunk.seconds for chunk in verdict.chunks}
    return [
        ChunkProof(chunk=chunk.chunk, weights=chunk.weights, bytes=chunk.bytes, prove_seconds=chunk.seconds,
                   verify_seconds=verified.get(chunk.chunk))
        for chunk in proof.chunks
    ]  # fmt: skip


def _check(unlearned: workflow.UnlearnResult) -> Check:
    """Violations stop the run before anything is proven, so a summary has none; the count of constraints is the checker's."""
    return Check(chunks=len(unlearned.chunks), constraints=sum(chunk.constraints_checked for chunk in unlearned.chunks), violations=[])


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        found[package] = importlib.metadata.version(package)
    return found


def _machine() -> dict[str, str]:
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {"processors": f"{processors} processors", "system": f"{platform.system()} {platform.machine()}"}

"""What each step of the client's chain was and cost, as parts of the summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from zkapex_jax import workflow
from zkapex_jax.demo.measure import mask_view
from zkapex_jax.demo.options import Folders
from zkapex_jax.demo.path import Enrolled, Parties
from zkapex_jax.demo.scene import Scene
from zkapex_jax.demo.serving import Served
from zkapex_jax.protocol import Base, State
from zkapex_jax.report.chain import Cost, EnrolmentRun, Link, Openings, RequestRun
from zkapex_jax.report.parts import Certificate, Check, ChunkProof, Use
from zkapex_jax.report.values import PROVEN_BY_REQUEST, Stage
from zkapex_jax.workflow.base import squares


def enrolment_run(parties: Parties, enrolled: Enrolled, folders: Folders) -> EnrolmentRun:
    """One admitted enrolment. Call it while the client's secret holds the enrolled weights."""
    made, admitted = enrolled.made, enrolled.admitted
    cost = Cost(
        weights=admitted.weights, prove_us_per_weight=made.proof_us_per_weight, verify_us_per_weight=admitted.us_per_weight,
        proof_bytes=sum(chunk.bytes for chunk in made.proved.chunks), file_bytes=made.proof_bytes,
        prover_peak_rss_bytes=made.proved.peak_rss_bytes, verifier_peak_rss_bytes=admitted.peak_rss_bytes,
        proofs=_proofs(made.proved.chunks, admitted.chunks), prove_stages=_stages(made.proved.chunks),
    )  # fmt: skip
    return EnrolmentRun(
        renewed=admitted.renewed, position=admitted.requests, commit_seconds=made.commit_seconds, check_seconds=made.check_seconds,
        cost=cost, distance=_distance(parties, enrolled.state, folders), enrolment=admitted.digest, proof=admitted.proof_digest,
    )  # fmt: skip


def request_run(scene: Scene, served: Served) -> RequestRun:
    """One answered request."""
    answer, verdict = served.answer, served.verdict
    proof = answer.proof
    cost = Cost(
        weights=proof.weights, prove_us_per_weight=proof.us_per_weight, verify_us_per_weight=verdict.us_per_weight,
        proof_bytes=sum(chunk.bytes for chunk in proof.chunks), file_bytes=proof.bundle_bytes,
        prover_peak_rss_bytes=proof.peak_rss_bytes, verifier_peak_rss_bytes=verdict.peak_rss_bytes,
        proofs=_proofs(proof.chunks, verdict.chunks), prove_stages=_stages(proof.chunks),
    )  # fmt: skip
    return RequestRun(
        request_id=answer.request.request_id, forget=scene.forget_text(answer.index),
        classes=[str(label) for label in scene.groups[answer.index]], stage=PROVEN_BY_REQUEST[answer.index], cost=cost,
        mask=mask_view(scene, answer.deletion.mask), certificate=[_certificate(chunk) for chunk in answer.unlearned.chunks],
        check=_check(answer.unlearned), request=answer.request.digest, bundle=proof.digest,
    )  # fmt: skip


def link(event: str, stage: Stage, state: Path, folders: Folders) -> Link:
    """The client's place in the ledger's chain, and whether its own file honours what it forgot."""
    held, theta = State.from_file(state), workflow.current_theta(folders.client)
    forgotten, budgets = held.cumulative(), workflow.openings_left(folders.client).values()
    return Link(
        position=held.position, event=event, stage=stage, forgotten=int(forgotten.sum()),
        nonzero=int(np.count_nonzero(theta[forgotten])), state=held.digest,
        openings=Openings(
            weights=min(budget.weights for budget in budgets), rows=min(budget.rows for budget in budgets),
            limit=max(budget.limit for budget in budgets),
        ),
    )  # fmt: skip


def _distance(parties: Parties, state: Path, folders: Folders) -> list[Use]:
    base, free = Base.from_file(parties.base.path), ~State.from_file(state).cumulative()
    delta = workflow.current_theta(folders.client).astype(np.int64) - np.where(free, base.theta0(), 0)
    return [
        Use(limit=limit, sum=squares(delta[slice(*base.layout.bounds(chunk))])) for chunk, limit in enumerate(base.distance)
    ]


def _certificate(chunk: workflow.ChunkReport) -> Certificate:
    return Certificate(
        chunk=chunk.chunk, weights=chunk.weights, masked=chunk.masked, gamma=chunk.gamma,
        certified_distance=chunk.certified_distance, true_distance=chunk.true_distance,
        t1=Use(limit=chunk.t1, sum=chunk.t1_sum), t2=Use(limit=chunk.t2, sum=chunk.t2_sum), d=Use(limit=chunk.d, sum=chunk.d_sum),
    )  # fmt: skip


def _proofs(proved: Iterable[workflow.ProvedChunk], verified: Iterable[workflow.VerifiedChunk]) -> list[ChunkProof]:
    seconds = {chunk.chunk: chunk.seconds for chunk in verified}
    return [
        ChunkProof(chunk=chunk.chunk, weights=chunk.weights, bytes=chunk.bytes, prove_seconds=chunk.seconds,
                   verify_seconds=seconds.get(chunk.chunk))
        for chunk in proved
    ]  # fmt: skip


def _stages(proved: Iterable[workflow.ProvedChunk]) -> dict[str, float]:
    return dict(sum((Counter(chunk.stages) for chunk in proved), Counter()))


def _check(unlearned: workflow.UnlearnResult) -> Check:
    """Violations stop the run before anything is proven, so a summary has none; the count of constraints is the checker's."""
    return Check(chunks=len(unlearned.chunks), constraints=sum(chunk.constraints_checked for chunk in unlearned.chunks), violations=[])

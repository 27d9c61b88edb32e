"""Admission by the provider: points are checked once, an enrolment's proof is verified, the ledger records both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.protocol import Base, Enrolment, EnrolmentProof, Request, State, checks
from zkapex_jax.protocol.chain import first_state, renewed_state
from zkapex_jax.prover import OnProgress
from zkapex_jax.workflow.enrolment.verifying import EnrolmentCase, check_case, judge
from zkapex_jax.workflow.folders import Provider
from zkapex_jax.workflow.points import ensure_points
from zkapex_jax.workflow.toolchain import Toolchain
from zkapex_jax.workflow.verifying import VerifiedChunk


@dataclass(frozen=True)
class AdmitResult:
    """The enrolment as recorded: digests, its place in the ledger's chain, the client's state and that state's position.

    `seconds` and `chunks` are of verifying its proof: 0 and none if it was recorded already.
    """

    client_id: str
    digest: str
    proof_digest: str
    state: Path
    position: int
    requests: int
    renewed: bool
    insecure: bool
    chunks: tuple[VerifiedChunk, ...]
    weights: int
    seconds: float
    us_per_weight: float
    peak_rss_bytes: int | None


@dataclass(frozen=True)
class PublishResult:
    """The request as recorded, and its place in the ledger's chain."""

    digest: str
    request_id: str
    position: int


def admit(
    tool: Toolchain,
    provider: Provider,
    enrolment: Path,
    proof: Path,
    *,
    allow_insecure: bool = False,
    on_progress: OnProgress | None = None,
) -> AdmitResult:
    """Verify an enrolment and record it with its proof: without one it counts for nothing. The same files again change nothing.

    A client that enrols anew keeps what it has forgotten, and proves that its weights are those that the ledger holds.

    Raises RefusedError if the proof fails, the base model is not the provider's, a commitment was seen before, a request
    waits for this client, or the proof does not start from its current state; InputError for a malformed file or point.
    Nothing is recorded then.
    """
    given, answer = Enrolment.from_file(enrolment), EnrolmentProof.from_file(proof)
    tool.check(given)
    checks.check_secure(answer.insecure, allowed=allow_insecure, what="enrolment proof")
    known = provider.ledger.find_enrolment(given.client_id)
    if known is not None and known.digest == given.digest:
        return _recorded(provider, given, answer)
    provider.ledger.check_enrolment(given, answer)
    before = provider.load(State, provider.ledger.state(given.client_id).digest) if known is not None else None
    case = EnrolmentCase(given, provider.load(Base, given.model.base_digest), before, answer)
    check_case(tool, case)
    kept, kept_proof = provider.keep(given), provider.keep(answer)
    try:
        verdict = judge(tool, replace(case, enrolment=kept, proof=kept_proof), provider.points, allow_insecure, on_progress)
    except InputError as error:
        names = {str(kept.path): str(given.path), str(kept_proof.path): str(answer.path)}  # those that the user knows
        error.file = names.get(str(error.file), error.file)
        raise
    if not verdict.accepted:
        raise RefusedError(f"enrolment proof is refused: {verdict.reason}", code="proof_refused", file=proof)
    state = provider.make(lambda path: _state_after(provider, kept, kept_proof, path))
    record = provider.ledger.add_enrolment(kept, kept_proof, state)
    return AdmitResult(
        kept.client_id, kept.digest, kept_proof.digest, state.path, record.sequence, state.position, before is not None,
        answer.insecure, verdict.chunks, verdict.weights, verdict.seconds, verdict.us_per_weight, verdict.peak_rss_bytes,
    )  # fmt: skip


def publish(tool: Toolchain, provider: Provider, request: Path, *, on_progress: OnProgress | None = None) -> PublishResult:
    """Record a signed request whose commitments are recomputed first. Publishing the same file again changes nothing."""
    given = Request.from_file(request)
    tool.check(given)
    provider.ledger.check_request(given)
    kept = provider.keep(given)
    ensure_points(tool, "request", kept, provider.points(kept.digest), on_progress)
    record = provider.ledger.add_request(kept)
    return PublishResult(kept.digest, kept.request_id, record.sequence)


def _recorded(provider: Provider, enrolment: Enrolment, proof: EnrolmentProof) -> AdmitResult:
    """The client's active enrolment, given again with its proof. Kept files that were damaged are restored."""
    record, state = provider.ledger.enrolment(enrolment.client_id), provider.ledger.state(enrolment.client_id)
    if proof.digest != record.proof_digest:
        raise RefusedError(
            "is not the proof that this enrolment was admitted with", code="other_proof", file=proof.path, value=proof.digest
        )
    kept, kept_proof = provider.keep(enrolment), provider.keep(proof)
    current = provider.state(state.digest, lambda path: _state_after(provider, kept, kept_proof, path))
    return AdmitResult(
        record.client_id, record.digest, record.proof_digest, current.path, record.sequence, state.position,
        proof.renews, proof.insecure, (), enrolment.layout.weights, 0.0, 0.0, None,
    )  # fmt: skip


def _state_after(provider: Provider, enrolment: Enrolment, proof: EnrolmentProof, path: Path) -> State:
    """Write the state that an enrolment leads to: a first one, or the one after what it replaces."""
    if not proof.renews:
        return first_state(enrolment, path)
    return renewed_state(provider.load(State, proof.state_digest), enrolment, proof.digest, path)

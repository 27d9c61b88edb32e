"""Verify a bundle: for the ledger (provider), or from files alone (auditor)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from zkapex_jax.errors import InputError, InternalError, RefusedError
from zkapex_jax.protocol import Bundle, Enrolment, Request, State, check_signature, checks
from zkapex_jax.protocol.chain import next_state
from zkapex_jax.prover import OnProgress, ProofFiles
from zkapex_jax.workflow.folders import Provider
from zkapex_jax.workflow.points import ensure_points
from zkapex_jax.workflow.toolchain import Toolchain


@dataclass(frozen=True)
class VerifiedChunk:
    """Verdict on one chunk, with the reason of a refusal."""

    chunk: int
    accepted: bool
    reason: str | None
    seconds: float


@dataclass(frozen=True)
class VerifyResult:
    """Verdict on a bundle. `state`: the client's next state, if a ledger recorded an acceptance."""

    accepted: bool
    reason: str | None
    client_id: str
    request_id: str
    bundle_digest: str
    insecure: bool
    chunks: tuple[VerifiedChunk, ...]
    weights: int
    seconds: float
    us_per_weight: float
    peak_rss_bytes: int | None
    state: Path | None
    already_recorded: bool = False


@dataclass(frozen=True)
class Case:
    """A bundle and the artefacts that it must answer to."""

    enrolment: Enrolment
    request: Request
    state: State
    bundle: Bundle


def verify(
    tool: Toolchain, provider: Provider, bundle: Path, *, allow_insecure: bool = False, on_progress: OnProgress | None = None
) -> VerifyResult:
    """Verify against the ledger and record the verdict; an accepted bundle moves the client to its next state.

    A bundle that was accepted before returns its recorded verdict. A failed proof is a result with accepted = False.

    Raises RefusedError where a rule refuses the bundle unseen (replay, stale state, unknown client or request, other
    tables, insecure without permission); InputError for a malformed file.
    """
    case = open_case(tool, provider, bundle, allow_insecure=allow_insecure)
    if isinstance(case, VerifyResult):
        return case
    try:
        result = _judge(tool, case, provider.points, allow_insecure, on_progress)
    except InputError as error:
        raise named(error, case, bundle) from error.__cause__
    return conclude(provider, case, result)


def open_case(tool: Toolchain, provider: Provider, bundle: Path, *, allow_insecure: bool) -> Case | VerifyResult:
    """Everything that the ledger can say of a bundle before its proofs are looked at, and the bundle kept as evidence.

    A verdict that is on record comes back instead. Raises as `verify` does.
    """
    given = Bundle.from_file(bundle)
    checks.check_secure(given.insecure, allowed=allow_insecure, what="bundle")
    known = provider.ledger.verdict(given.digest)
    if known is not None and known.accepted:
        return _recorded(provider, given, known.verifier_seconds)
    provider.ledger.check_bundle(given)
    case = Case(
        provider.load(Enrolment, given.enrolment_digest), provider.load(Request, given.request_digest),
        provider.load(State, given.state_digest), given,
    )  # fmt: skip
    _check(tool, case)
    return replace(case, bundle=provider.keep(given))


def named(error: InputError, case: Case, bundle: Path) -> InputError:
    """An error about the kept copy speaks of the file that the user knows."""
    error.file = str(bundle) if error.file in (None, str(case.bundle.path)) else error.file
    return error


def conclude(provider: Provider, case: Case, result: VerifyResult) -> VerifyResult:
    """Record a verdict in the ledger. Raises RefusedError where a rule has come to refuse the bundle meanwhile."""
    if not result.accepted:
        provider.ledger.refuse(case.bundle, reason=result.reason or "refused", seconds=result.seconds)
        return result
    after = provider.make(partial(next_state, case.state, case.request, case.bundle))
    try:
        provider.ledger.accept(case.bundle, after, seconds=result.seconds)
    except RefusedError:
        known = provider.ledger.verdict(case.bundle.digest)
        if known is None or not known.accepted:
            raise
        return replace(result, state=after.path, already_recorded=True)  # by a process that judged it at the same time
    return replace(result, state=after.path)


def check_bundle(
    tool: Toolchain,
    *,
    enrolment: Path,
    request: Path,
    state: Path,
    bundle: Path,
    provider_key: str,
    allow_insecure: bool = False,
    points: Path | None = None,
    on_progress: OnProgress | None = None,
) -> VerifyResult:
    """Verify from files alone, recording nothing. `points` is a folder for caches (default: a temporary one)."""
    case = Case(Enrolment.from_file(enrolment), Request.from_file(request), State.from_file(state), Bundle.from_file(bundle))
    checks.check_secure(case.bundle.insecure, allowed=allow_insecure, what="bundle")
    check_signature(case.request, provider_key)
    with tempfile.TemporaryDirectory(prefix="zkapex-") as passing:
        folder = points or Path(passing)
        _check(tool, case)
        return _judge(tool, case, lambda digest: folder / f"{digest}.safetensors", allow_insecure, on_progress)


def _check(tool: Toolchain, case: Case) -> None:
    """Everything that can be refused without looking at a proof."""
    tool.check(case.enrolment)
    tool.check(case.request)
    checks.check_request(case.request, case.enrolment)
    checks.check_state(case.state, case.enrolment)
    checks.check_bundle(case.bundle, case.enrolment, case.request, case.state)
    tool.check(case.bundle)


def _judge(
    tool: Toolchain, case: Case, points: Callable[[str], Path], allow_insecure: bool, on_progress: OnProgress | None
) -> VerifyResult:
    files = case_files(tool, case, points, on_progress)
    try:
        report = tool.prover.verify(
            tool.tables, tool.srs, files, bundle=case.bundle.path, allow_insecure=allow_insecure, on_progress=on_progress
        )
    except InputError as error:  # such as a commitment that is no point of the curve
        raise error.in_file(case.bundle.path) from error.__cause__
    return result_of(case, report)


def case_files(tool: Toolchain, case: Case, points: Callable[[str], Path], on_progress: OnProgress | None) -> ProofFiles:
    """Paths for the Rust binary, with the caches of points made where they are absent."""
    return ProofFiles(
        case.enrolment.path, ensure_points(tool, "enrolment", case.enrolment, points(case.enrolment.digest), on_progress),
        case.request.path, ensure_points(tool, "request", case.request, points(case.request.digest), on_progress),
        case.state.path,
    )  # fmt: skip


def result_of(case: Case, report: dict[str, Any]) -> VerifyResult:
    """The Rust verifier's report as a result. Raises InternalError as `parse_verdict` does."""
    chunks, reason, seconds, peak = parse_verdict(report, case.request.touched)
    weights = case.request.touched_weights
    return VerifyResult(
        reason is None, reason, case.bundle.client_id, case.request.request_id, case.bundle.digest, case.bundle.insecure, chunks, weights,
        seconds, 1e6 * seconds / weights, peak, None,
    )  # fmt: skip


def parse_verdict(report: dict[str, Any], wanted: tuple[int, ...]) -> tuple[tuple[VerifiedChunk, ...], str | None, float, int]:
    """Chunks, reason of a refusal (None: accepted), seconds and peak memory of the Rust verifier's report on chunks `wanted`.

    Raises InternalError if the report is not understood or contradicts itself.
    """
    try:
        chunks = tuple(
            VerifiedChunk(int(item["chunk"]), item["accepted"] is True, item.get("reason"), float(item["seconds"]))
            for item in report["chunks"]
        )
        accepted, seconds, peak = report["accepted"] is True, float(report["seconds"]), int(report["peak_rss_bytes"])
    except (KeyError, TypeError, ValueError) as error:
        raise InternalError(f"the verifier's report is not understood: {error!r}", code="prover_output") from error
    complete = tuple(chunk.chunk for chunk in chunks) == wanted
    if accepted != (complete and all(chunk.accepted for chunk in chunks)):
        raise InternalError("the verifier's verdict contradicts its chunks", code="prover_output")
    failed = next((chunk for chunk in chunks if not chunk.accepted), None)
    reason = None if accepted else f"chunk {failed.chunk}: {failed.reason}" if failed else "refused"
    return chunks, reason, seconds, peak


def _recorded(provider: Provider, bundle: Bundle, seconds: float) -> VerifyResult:
    """The verdict that the ledger holds: the same bundle twice is no second acceptance. Kept files that were damaged are restored."""
    request = provider.load(Request, bundle.request_digest)
    if provider.ledger.enrolment(bundle.client_id).digest != bundle.enrolment_digest:
        raise RefusedError(
            "was accepted for an enrolment that has been replaced", code="replay", file=bundle.path, field="enrolment_digest"
        )
    kept = provider.keep(bundle)
    before = partial(provider.load, State, bundle.state_digest)
    current = provider.state(provider.ledger.state(bundle.client_id).digest, lambda path: next_state(before(), request, kept, path))
    weights = request.touched_weights
    return VerifyResult(
        True, None, bundle.client_id, request.request_id, bundle.digest, bundle.insecure, (), weights, seconds,
        1e6 * seconds / weights, None, current.path, already_recorded=True,
    )  # fmt: skip

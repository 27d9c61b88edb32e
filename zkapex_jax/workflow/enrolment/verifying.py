"""Verify an enrolment's proof: for admission, or from files alone (auditor)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from zkapex_jax.errors import InputError
from zkapex_jax.protocol import Base, Enrolment, EnrolmentProof, State, check_signature, checks
from zkapex_jax.prover import EnrolmentFiles, OnProgress
from zkapex_jax.workflow.points import ensure_points
from zkapex_jax.workflow.toolchain import Toolchain
from zkapex_jax.workflow.verifying import VerifiedChunk, parse_verdict


@dataclass(frozen=True)
class EnrolmentVerdict:
    """Verdict on an enrolment's proof, with the reason of a refusal."""

    accepted: bool
    reason: str | None
    chunks: tuple[VerifiedChunk, ...]
    weights: int
    seconds: float
    us_per_weight: float
    peak_rss_bytes: int


@dataclass(frozen=True)
class EnrolmentCase:
    """A proof and the artefacts that it must answer to; `state` is what a re-enrolment replaces."""

    enrolment: Enrolment
    base: Base
    state: State | None
    proof: EnrolmentProof


def check_enrolment(
    tool: Toolchain,
    *,
    base: Path,
    enrolment: Path,
    proof: Path,
    provider_key: str,
    state: Path | None = None,
    allow_insecure: bool = False,
    points: Path | None = None,
    on_progress: OnProgress | None = None,
) -> EnrolmentVerdict:
    """Verify from files alone, recording nothing. `points` is a folder for caches (default: a temporary one).

    Raises RefusedError if the files do not belong together or `provider_key` did not sign the base; InputError for a
    malformed file. A failed proof is a verdict with accepted = False.
    """
    case = EnrolmentCase(
        Enrolment.from_file(enrolment),
        Base.from_file(base),
        State.from_file(state) if state else None,
        EnrolmentProof.from_file(proof),
    )
    checks.check_secure(case.proof.insecure, allowed=allow_insecure, what="enrolment proof")
    check_signature(case.base, provider_key)
    check_case(tool, case)
    with tempfile.TemporaryDirectory(prefix="zkapex-") as passing:
        folder = points or Path(passing)
        return judge(tool, case, lambda digest: folder / f"{digest}.safetensors", allow_insecure, on_progress)


def check_case(tool: Toolchain, case: EnrolmentCase) -> None:
    """Everything that can be refused without looking at the proof."""
    tool.check(case.enrolment)
    tool.check(case.base)
    checks.check_base(case.base, case.enrolment)
    if case.state is not None:
        checks.check_replaced(case.state, case.enrolment)
    checks.check_enrolment_proof(case.proof, case.enrolment, case.base, case.state)


def judge(
    tool: Toolchain, case: EnrolmentCase, points: Callable[[str], Path], allow_insecure: bool, on_progress: OnProgress | None
) -> EnrolmentVerdict:
    """Check every point and verify the proof with the Rust binary."""
    enrolment, base = case.enrolment, case.base
    files = EnrolmentFiles(
        enrolment.path, ensure_points(tool, "enrolment", enrolment, points(enrolment.digest), on_progress),
        base.path, ensure_points(tool, "base", base, points(base.digest), on_progress),
        case.state.path if case.state else None,
    )  # fmt: skip
    try:
        report = tool.prover.verify_enrolment(
            tool.enrol_tables, tool.srs, files, proof=case.proof.path, allow_insecure=allow_insecure, on_progress=on_progress
        )
    except InputError as error:  # such as a commitment that is no point of the curve
        raise error.in_file(case.proof.path) from error.__cause__
    chunks, reason, seconds, peak = parse_verdict(report, case.proof.chunks)
    weights = enrolment.layout.weights
    return EnrolmentVerdict(reason is None, reason, chunks, weights, seconds, 1e6 * seconds / weights, peak)

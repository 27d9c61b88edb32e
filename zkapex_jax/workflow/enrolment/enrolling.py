"""Enrolment by the client: quantise, commit, publish, prove; before any mask exists."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zkapex_jax.formats.atomic import refuse_existing
from zkapex_jax.models.layout import TargetLayout
from zkapex_jax.prover import OnProgress
from zkapex_jax.workflow.enrolment.committing import CommitResult, commit_enrolment
from zkapex_jax.workflow.enrolment.proving import EnrolmentProofResult, prove_enrolment
from zkapex_jax.workflow.folders import ClientFolder
from zkapex_jax.workflow.toolchain import Toolchain


@dataclass(frozen=True)
class EnrolResult(CommitResult):
    """An enrolment with its proof. `seconds` is all of it; `commit_seconds` the commitments alone."""

    proof: Path
    proof_digest: str
    proof_bytes: int
    commit_seconds: float
    prove_seconds: float
    proof_us_per_weight: float
    check_seconds: float | None
    proved: EnrolmentProofResult


def enrol(
    tool: Toolchain,
    *,
    folder: Path,
    client_id: str,
    base: Path,
    layout: TargetLayout,
    theta: np.ndarray,
    rows: np.ndarray,
    provider_key: str | None = None,
    check: bool = True,
    unchecked: bool = False,
    force: bool = False,
    on_progress: OnProgress | None = None,
) -> EnrolResult:
    """Commit to weights and rows as `commit_enrolment` does, then prove the enrolment as `prove_enrolment` does.

    Writes `folder`/base, secret (mode 0600), enrolment and enrolment-proof .safetensors, and the count of openings.
    """
    refuse_existing(ClientFolder(Path(folder)).enrolment_proof, force=force)
    committed = commit_enrolment(
        tool, folder=folder, client_id=client_id, base=base, layout=layout, theta=theta, rows=rows, provider_key=provider_key,
        unchecked=unchecked, force=force, on_progress=on_progress,
    )  # fmt: skip
    proved = prove_enrolment(tool, folder=folder, check=check, unchecked=unchecked, force=force, on_progress=on_progress)
    return joined(committed, proved)


def joined(committed: CommitResult, proved: EnrolmentProofResult) -> EnrolResult:
    """Both halves as one result."""
    peaks = [peak for peak in (committed.peak_rss_bytes, proved.peak_rss_bytes) if peak is not None]
    return EnrolResult(
        committed.enrolment, committed.secret, committed.digest, committed.gamma, committed.seconds + proved.seconds,
        max(peaks, default=None), proved.proof, proved.digest, proved.bytes, committed.seconds, proved.prove_seconds,
        proved.us_per_weight, proved.check_seconds, proved,
    )  # fmt: skip

"""The parts of a summary that make up a client's history: enrolments with proof, requests, and the ledger's positions."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from zkapex_jax.report.parts import Certificate, Check, ChunkProof, Mask, Use
from zkapex_jax.report.values import Bytes, Count, Digest, Part, Seconds, Stage

Micros = Annotated[float, Field(ge=0.0)]


class Cost(Part):
    """What proving and verifying one bundle or enrolment cost. Peaks are of the command's own process, where it told one."""

    weights: Count
    prove_us_per_weight: Micros
    verify_us_per_weight: Micros
    proof_bytes: Bytes
    file_bytes: Bytes
    prover_peak_rss_bytes: Bytes | None
    verifier_peak_rss_bytes: Bytes | None
    proofs: list[ChunkProof]
    prove_stages: dict[str, Seconds]


class Openings(Part):
    """How often the blinding of the current commitments still hides them, at the chunk that was opened most.

    `weights`: of Com(θp), beside those kept for a re-enrolment; `rows`: of the gradient rows. `limit`: of any commitment over
    its life.
    """

    weights: Count
    rows: Count
    limit: Count


class EnrolmentRun(Part):
    """One enrolment, admitted with its proof. `distance` is Σ(θp − f_cum·θ0)² of each chunk against D0."""

    renewed: bool
    position: Count
    commit_seconds: Seconds
    check_seconds: Seconds | None
    cost: Cost
    distance: list[Use]
    enrolment: Digest
    proof: Digest


class RequestRun(Part):
    """One request of the chain, answered, proven and accepted (or not: see the run's failures)."""

    request_id: str
    forget: str
    classes: list[str]
    stage: Stage
    cost: Cost
    mask: Mask
    certificate: list[Certificate]
    check: Check
    request: Digest
    bundle: Digest


class Link(Part):
    """One position of the client's chain in the ledger: what it must keep at zero, and how much of that is not zero.

    `forgotten` counts the weights of all accepted masks, `nonzero` those of them that the client's own file holds
    otherwise than at zero: none, in an honest run.
    """

    position: Count
    event: str
    stage: Stage
    forgotten: Count
    nonzero: Count
    openings: Openings
    state: Digest

"""Admission by the provider: every point is checked once, kept, and recorded in the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from zkapex_jax.errors import RefusedError
from zkapex_jax.protocol import Enrolment, Request, State
from zkapex_jax.protocol.chain import first_state
from zkapex_jax.prover import OnProgress
from zkapex_jax.workflow.folders import Provider
from zkapex_jax.workflow.points import ensure_points
from zkapex_jax.workflow.toolchain import Toolchain


@dataclass(frozen=True)
class AdmitResult:
    """The enrolment as recorded: its digest, its place in the ledger's chain, and the client's first state."""

    client_id: str
    digest: str
    state: Path
    position: int


@dataclass(frozen=True)
class PublishResult:
    """The request as recorded, and its place in the ledger's chain."""

    digest: str
    request_id: str
    position: int


def admit(tool: Toolchain, provider: Provider, enrolment: Path, *, on_progress: OnProgress | None = None) -> AdmitResult:
    """Record an enrolment. Admitting the same file again changes nothing.

    A client that enrols anew keeps what it has forgotten. Raises RefusedError if a commitment was seen before, a
    request waits for this client, or the enrolment is for other tables; InputError if a point is not on the curve.
    """
    given = Enrolment.from_file(enrolment)
    tool.check(given)
    provider.ledger.check_enrolment(given)
    kept = provider.keep(given)
    ensure_points(tool, "enrolment", kept, provider.points(kept.digest), on_progress)
    known = provider.ledger.find_enrolment(kept.client_id)
    if known is not None and known.digest == kept.digest:
        current = provider.ledger.state(kept.client_id)
        return AdmitResult(kept.client_id, kept.digest, provider.artefact(current.digest), known.sequence)
    forgotten = _forgotten(provider, kept) if known is not None else None
    state: State = provider.make(partial(first_state, kept, forgotten=forgotten))
    record = provider.ledger.add_enrolment(kept, state)
    if record.replaced:
        raise RefusedError(
            "this enrolment was replaced by a later one", code="replaced", file=enrolment, field="client_id", value=kept.client_id
        )
    return AdmitResult(kept.client_id, kept.digest, state.path, record.sequence)


def publish(tool: Toolchain, provider: Provider, request: Path, *, on_progress: OnProgress | None = None) -> PublishResult:
    """Record a signed request whose commitments are recomputed first. Publishing the same file again changes nothing."""
    given = Request.from_file(request)
    tool.check(given)
    provider.ledger.check_request(given)
    kept = provider.keep(given)
    ensure_points(tool, "request", kept, provider.points(kept.digest), on_progress)
    record = provider.ledger.add_request(kept)
    return PublishResult(kept.digest, kept.request_id, record.sequence)


def _forgotten(provider: Provider, enrolment: Enrolment) -> np.ndarray:
    """What the client has forgotten so far, bool [W]: a new enrolment does not bring it back."""
    current = provider.load(State, provider.ledger.state(enrolment.client_id).digest)
    if current.layout != enrolment.layout:
        raise RefusedError(
            "enrols other tensors or chunks than before, so what was forgotten cannot be carried over",
            code="mismatch_layout", file=enrolment.path, field="layout",
        )  # fmt: skip
    return current.cumulative()

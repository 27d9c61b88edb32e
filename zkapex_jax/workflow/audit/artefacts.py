"""The artefacts that a ledger names: there, whole, saying what its rows say, each state following from the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from zkapex_jax.errors import RefusedError, ZkapexError
from zkapex_jax.ledger import (
    BaseRecord,
    ClientDetail,
    ClientState,
    ClientVerdict,
    EnrolmentRecord,
    FleetQuery,
    RequestRecord,
    client_detail,
    export_rows,
)
from zkapex_jax.protocol import Base, Bundle, Enrolment, EnrolmentProof, Request, State, check_signature
from zkapex_jax.protocol.artefact import Artefact
from zkapex_jax.protocol.chain import first_head, next_head, next_tensors
from zkapex_jax.prover.progress import OnProgress, tell
from zkapex_jax.workflow.folders import Provider
from zkapex_jax.workflow.keeping.notes import read_note


@dataclass(frozen=True)
class Dropped:
    """A refused bundle that the provider keeps no longer, and the signed note in its place."""

    digest: str


#: An error that was found, a bundle that was dropped by the provider's rules, or None for an artefact that is as it should be.
Outcome = ZkapexError | Dropped | None


def check_artefacts(provider: Provider, keys: tuple[str, ...], on_progress: OnProgress | None = None) -> Iterator[Outcome]:
    """One outcome an artefact: bases, requests, then client by client enrolments, proofs, bundles and states.

    `keys`: whose signature counts on the note of a dropped bundle.
    """
    for base in provider.ledger.bases():
        yield _try(lambda base=base: _base(provider, base))
    requests: dict[str, Request] = {}
    for record in provider.ledger.requests():
        yield _try(lambda record=record: requests.update({record.digest: _request(provider, record)}))
    clients = [row.client_id for row in export_rows(provider.ledger, FleetQuery())]
    for number, client_id in enumerate(clients, start=1):
        yield from _client(provider, client_detail(provider.ledger, client_id), requests, keys)
        tell(on_progress, "clients", number, len(clients))


def _base(provider: Provider, record: BaseRecord) -> None:
    base = provider.load(Base, record.digest)
    _same(base, "signer", base.signer, record.signer)
    _same(base, "model", base.model.base_digest, record.weights_digest)
    check_signature(base, record.signer)


def _request(provider: Provider, record: RequestRecord) -> Request:
    request = provider.load(Request, record.digest)
    _same(request, "signer", request.signer, record.signer)
    _same(request, "request_id", request.request_id, record.request_id)
    check_signature(request, record.signer)
    return request


def _client(provider: Provider, detail: ClientDetail, requests: dict[str, Request], keys: tuple[str, ...]) -> Iterator[Outcome]:
    enrolments: dict[str, Enrolment] = {}
    bundles: dict[int, Bundle] = {}
    for record in detail.enrolments:
        yield _try(lambda record=record: enrolments.update({record.digest: _enrolment(provider, record, detail)}))
        yield _try(lambda record=record: _proof(provider, record, detail))
    for verdict in detail.verdicts:
        dropped = _dropped(provider, verdict, keys)
        yield dropped or _try(lambda verdict=verdict: bundles.update({verdict.sequence: _bundle(provider, verdict, detail)}))
    proofs = {record.digest: record.proof_digest for record in detail.enrolments}
    answers = {verdict.sequence + 1: verdict for verdict in detail.verdicts if verdict.accepted}
    before: State | None = None
    for row in detail.states:
        loaded: list[State] = []
        yield _try(lambda row=row, loaded=loaded: loaded.append(_state(provider, row, detail)))
        state, answer = (loaded[0] if loaded else None), answers.get(row.sequence)
        if state is not None and answer is None:
            yield from _found(lambda: _follows_enrolment(state, enrolments.get(row.enrolment_digest), before, proofs[row.enrolment_digest]))
        elif state is not None and answer is not None:
            yield from _found(lambda: _follows_bundle(state, before, requests.get(answer.request_digest), bundles.get(answer.sequence)))
        before = state


def _enrolment(provider: Provider, record: EnrolmentRecord, detail: ClientDetail) -> Enrolment:
    enrolment = provider.load(Enrolment, record.digest)
    _same(enrolment, "client_id", enrolment.client_id, detail.client_id)
    _same(enrolment, "model.base_digest", enrolment.model.base_digest, record.base_digest)
    return enrolment


def _proof(provider: Provider, record: EnrolmentRecord, detail: ClientDetail) -> None:
    proof = provider.load(EnrolmentProof, record.proof_digest)
    _same(proof, "client_id", proof.client_id, detail.client_id)
    _same(proof, "enrolment_digest", proof.enrolment_digest, record.digest)


def _bundle(provider: Provider, verdict: ClientVerdict, detail: ClientDetail) -> Bundle:
    bundle = provider.load(Bundle, verdict.bundle_digest)
    _same(bundle, "client_id", bundle.client_id, detail.client_id)
    _same(bundle, "request_digest", bundle.request_digest, verdict.request_digest)
    _same(bundle, "enrolment_digest", bundle.enrolment_digest, verdict.enrolment_digest)
    current = [state.digest for state in detail.states if state.sequence < verdict.sequence][-1:]
    _same(bundle, "state_digest", [bundle.state_digest], current)
    return bundle


def _dropped(provider: Provider, verdict: ClientVerdict, keys: tuple[str, ...]) -> Outcome:
    """Of a refused bundle that is not there, with a note that says so; None of any other, also without a note: that one was lost."""
    if verdict.accepted or provider.artefact(verdict.bundle_digest).exists():
        return None
    try:
        return Dropped(verdict.bundle_digest) if read_note(provider, verdict.bundle_digest, keys) else None
    except ZkapexError as error:
        return error


def _state(provider: Provider, row: ClientState, detail: ClientDetail) -> State:
    state = provider.load(State, row.digest)
    _same(state, "client_id", state.client_id, detail.client_id)
    _same(state, "position", state.position, row.position)
    _same(state, "head", state.head, row.head)
    return state


def _follows_enrolment(state: State, enrolment: Enrolment | None, before: State | None, proof_digest: str) -> None:
    """A first state, or the one after a re-enrolment: the new commitments, and what was forgotten so far.

    What is missing was found already.
    """
    if enrolment is None or (before is None and state.position > 0):
        return
    head = first_head(enrolment.digest) if before is None else next_head(before.head, enrolment.digest, proof_digest)
    _same(state, "head", state.head, head)
    _same(state, "c_theta", np.array_equal(state.tensor("c_theta"), enrolment.tensor("c_theta")), True)
    kept = not state.tensor("cumulative").any() if before is None else np.array_equal(state.tensor("cumulative"), before.tensor("cumulative"))
    _same(state, "cumulative", bool(kept), True)


def _follows_bundle(state: State, before: State | None, request: Request | None, bundle: Bundle | None) -> None:
    """The state after an accepted bundle, made again from the one before; what is missing was found already."""
    if before is None or request is None or bundle is None:
        return
    _same(state, "head", state.head, next_head(before.head, request.digest, bundle.digest))
    for name, wanted in next_tensors(before, request, bundle).items():
        _same(state, name, np.array_equal(state.tensor(name), wanted), True)


def _same(artefact: Artefact, field: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise RefusedError("kept artefact says otherwise than the ledger", code="artefact_differs", file=artefact.path, field=field)


def _try(check: Callable[[], object]) -> Outcome:
    try:
        check()
    except ZkapexError as error:
        return error
    return None


def _found(check: Callable[[], object]) -> Iterator[Outcome]:
    """A check beside those that count artefacts: only what it found."""
    if (outcome := _try(check)) is not None:
        yield outcome

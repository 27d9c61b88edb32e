"""Artefacts must speak of one another: the same client, layout, preset, tables and reference string.

Each check raises RefusedError with one sentence that names the file and the field.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zkapex_jax.errors import RefusedError
from zkapex_jax.protocol.artefact import Artefact
from zkapex_jax.protocol.base import Base
from zkapex_jax.protocol.bundle import Bundle
from zkapex_jax.protocol.chain import first_head
from zkapex_jax.protocol.enrolment import ClientSecret, Enrolment
from zkapex_jax.protocol.enrolment_proof import EnrolmentProof
from zkapex_jax.protocol.request import Request
from zkapex_jax.protocol.state import State
from zkapex_jax.protocol.update import Update

Parametrised = Enrolment | Request | Base


def check_parameters(artefact: Parametrised | Bundle, *, preset: str, tables_digest: str, srs_digest: str) -> None:
    """The artefact was made for this preset, these tables and this reference string."""
    _same(artefact, "preset", artefact.preset, preset, "is for another preset than this command uses")
    _same(artefact, "tables_digest", artefact.tables_digest, tables_digest, "is for other constraint tables")
    _same(artefact, "srs_digest", artefact.srs_digest, srs_digest, "is for another reference string (SRS)")


def check_base(base: Base, enrolment: Enrolment) -> None:
    """The enrolment starts from this base model, in its layout and sizes."""
    _same(enrolment, "model", enrolment.model, base.model_ref, "is for another base model than the provider's")
    _same(enrolment, "layout", enrolment.layout, base.layout, "selects other tensors or chunks than the base model")
    check_parameters(enrolment, preset=base.preset, tables_digest=base.tables_digest, srs_digest=base.srs_digest)


def check_enrolment_proof(proof: EnrolmentProof, enrolment: Enrolment, base: Base, state: State | None) -> None:
    """The proof is of this enrolment against this base, and replaces this state (None: it must be a first enrolment's)."""
    _same(proof, "client_id", proof.client_id, enrolment.client_id, "belongs to another client")
    _same(proof, "enrolment_digest", proof.enrolment_digest, enrolment.digest, "proves another enrolment")
    _same(proof, "base_digest", proof.base_digest, base.digest, "was made for another base model")
    _same(proof, "state_digest", proof.state_digest, state.digest if state else "", _state_message(state))
    _same(proof, "chunks", len(proof.chunks), len(enrolment.layout.chunks), "does not prove exactly the chunks of the enrolment")
    _same(proof, "preset", proof.preset, enrolment.preset, "is for another preset than the enrolment")
    _same(proof, "enrol_tables_digest", proof.enrol_tables_digest, base.enrol_tables_digest, "is for other constraint tables")
    _same(proof, "srs_digest", proof.srs_digest, enrolment.srs_digest, "is for another reference string (SRS)")
    insecure = enrolment.srs_insecure or base.srs_insecure or enrolment.preset_sizes.insecure
    _same(proof, "insecure", proof.insecure, insecure, "does not say truly whether it is insecure")


def check_replaced(state: State, enrolment: Enrolment) -> None:
    """A new enrolment replaces the one behind this state: the same client, the same tensors and chunks."""
    _same(enrolment, "client_id", enrolment.client_id, state.client_id, "belongs to another client")
    _same(
        enrolment,
        "layout",
        enrolment.layout,
        state.layout,
        "enrols other tensors or chunks than before, so what was forgotten cannot be carried over",
    )
    _same(enrolment, "c_theta", enrolment.preset_sizes.lanes, state.lanes, "has another number of lanes than before")


def check_request(request: Request, enrolment: Enrolment) -> None:
    """The request is about the enrolled model, in the enrolled layout and sizes."""
    _same(request, "model", request.model, enrolment.model, "names another model than the enrolment")
    _same(request, "layout", request.layout, enrolment.layout, "selects other tensors or chunks than the enrolment")
    check_parameters(request, preset=enrolment.preset, tables_digest=enrolment.tables_digest, srs_digest=enrolment.srs_digest)


def check_state(state: State, enrolment: Enrolment) -> None:
    """The state belongs to this enrolment; a first state holds the enrolled commitments."""
    _same(state, "client_id", state.client_id, enrolment.client_id, "belongs to another client")
    _same(state, "enrolment_digest", state.enrolment_digest, enrolment.digest, "follows another enrolment")
    _same(state, "layout", state.layout, enrolment.layout, "has another layout than the enrolment")
    _same(state, "c_theta", state.lanes, enrolment.preset_sizes.lanes, "has another number of lanes than the preset")
    if state.position == 0:
        _same(state, "head", state.head, first_head(enrolment.digest), "is not the first of this enrolment")
        equal = np.array_equal(state.tensor("c_theta"), enrolment.tensor("c_theta"))
        _same(state, "c_theta", equal, True, "does not hold the enrolled commitments")


def check_secret(secret: ClientSecret, enrolment: Enrolment) -> None:
    """The client's secret opens this enrolment."""
    _same(secret, "client_id", secret.client_id, enrolment.client_id, "belongs to another client")
    _same(secret, "enrolment_digest", secret.enrolment_digest, enrolment.digest, "opens another enrolment")
    _same(secret, "layout", secret.layout, enrolment.layout, "has another layout than the enrolment")


def check_update(update: Update, enrolment: Enrolment, request: Request, state: State) -> None:
    """The update answers this request, from this state."""
    _same(update, "client_id", update.client_id, enrolment.client_id, "belongs to another client")
    _same(update, "enrolment_digest", update.enrolment_digest, enrolment.digest, "was made for another enrolment")
    _same(update, "request_digest", update.request_digest, request.digest, "answers another request")
    _same(update, "state_digest", update.state_digest, state.digest, "starts from another state")
    _same(update, "theta_u", update.weights, enrolment.layout.weights, "holds another number of weights than the model")
    _same(update, "sigma", update.chunks, request.touched, "does not answer for exactly the touched chunks")


def check_bundle(bundle: Bundle, enrolment: Enrolment, request: Request, state: State) -> None:
    """The bundle answers this request (no replay), from this state, for exactly the touched chunks."""
    _same(bundle, "client_id", bundle.client_id, enrolment.client_id, "belongs to another client")
    _same(bundle, "enrolment_digest", bundle.enrolment_digest, enrolment.digest, "was made for another enrolment")
    _same(bundle, "request_digest", bundle.request_digest, request.digest, "answers another request")
    _same(bundle, "state_digest", bundle.state_digest, state.digest, "starts from another state: replayed or out of order")
    _same(bundle, "chunks", bundle.chunks, request.touched, "does not prove exactly the touched chunks")
    check_parameters(bundle, preset=enrolment.preset, tables_digest=enrolment.tables_digest, srs_digest=enrolment.srs_digest)
    _same(bundle, "insecure", bundle.insecure, is_insecure(enrolment, request), "does not say truly whether it is insecure")


def is_insecure(enrolment: Enrolment, request: Request) -> bool:
    """Whether anything that the statement rests on is marked insecure: the preset, or either reference string."""
    return enrolment.srs_insecure or request.srs_insecure or enrolment.preset_sizes.insecure


def check_secure(insecure: bool, *, allowed: bool, what: str) -> None:
    """Refuse insecure artefacts unless the caller allowed them."""
    if insecure and not allowed:
        raise RefusedError(
            f"{what} is marked insecure (test preset or locally made reference string)",
            code="insecure", hint="pass --allow-insecure only for tests",
        )  # fmt: skip


def _state_message(state: State | None) -> str:
    if state is None:
        return "replaces an enrolment of a client that has none here"
    return "does not start from the client's current state: a new enrolment must keep the weights that the ledger holds"


def _same(artefact: Artefact, field: str, found: Any, wanted: Any, message: str) -> None:
    if found != wanted:
        shown = found if isinstance(found, (str, int, bool)) else None
        raise RefusedError(message, code=f"mismatch_{field}", file=artefact.path, field=field, value=shown)

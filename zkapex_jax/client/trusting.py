"""What comes from a provider, held against its keys and against what this client has."""

from __future__ import annotations

import os
from pathlib import Path

from zkapex_jax.client.home import Home
from zkapex_jax.errors import RefusedError
from zkapex_jax.protocol import Base, Bundle, Enrolment, EnrolmentProof, Request, State, check_signature
from zkapex_jax.protocol.admission_receipt import EnrolmentReceipt, check_enrolment_receipt
from zkapex_jax.protocol.checks import check_request, check_state
from zkapex_jax.protocol.receipt import Receipt, check_receipt
from zkapex_jax.protocol.refusal import Refusal, check_refusal


def trusted_base(home: Home, path: Path) -> Base:
    """A base that one of the provider's keys signed. Raises RefusedError."""
    base = Base.from_file(path)
    check_signature(base, home.membership.check_key(base.signer, file=path))
    return base


def trusted_request(home: Home, path: Path) -> Request:
    """A request that one of the provider's keys signed, for this client's model. Raises RefusedError."""
    request = Request.from_file(path)
    check_signature(request, home.membership.check_key(request.signer, file=path))
    if home.folder.enrolment.is_file():
        check_request(request, Enrolment.from_file(home.folder.enrolment, verify=False))
    return request


def trusted_state(home: Home, path: Path) -> State:
    """A state of this client's enrolment, or of the one that waits in its renewal. Raises RefusedError.

    The first one is recomputed. Of a later one `advance` and `adopt` find out whether it follows.
    """
    state, made = State.from_file(path), [home.folder]
    _same(home, state, path)
    if home.folder.renewal.enrolment.is_file():
        made.append(home.folder.renewal)
    enrolments = [Enrolment.from_file(folder.enrolment, verify=False) for folder in made if folder.enrolment.is_file()]
    if not enrolments:
        raise RefusedError("is of an enrolment that was not made here", code="mismatch_enrolment_digest", file=path)
    enrolment = next((one for one in enrolments if one.digest == state.enrolment_digest), enrolments[0])
    check_state(state, enrolment)
    return state


def trusted_receipt(home: Home, data: bytes, bundle: Bundle, request: Request, *, file: str | os.PathLike[str]) -> Receipt:
    """A receipt that one of the provider's keys signed, of this answer. Raises RefusedError or InputError."""
    receipt = Receipt.from_bytes(data, file)
    key = home.membership.check_key(receipt.provider, file=Path(file))
    check_receipt(receipt, key, request=request, bundle=bundle, file=file)
    return receipt


def trusted_admission(
    home: Home, data: bytes, enrolment: Enrolment, proof: EnrolmentProof, *, file: str | os.PathLike[str]
) -> EnrolmentReceipt:
    """A receipt that one of the provider's keys signed, of this enrolment. Raises RefusedError or InputError."""
    receipt = EnrolmentReceipt.from_bytes(data, file)
    key = home.membership.check_key(receipt.provider, file=Path(file))
    check_enrolment_receipt(receipt, key, enrolment=enrolment, proof=proof, file=file)
    return receipt


def trusted_refusal(home: Home, data: bytes, given: Bundle | EnrolmentProof, *, file: str | os.PathLike[str]) -> Refusal:
    """A refusal that one of the provider's keys signed, of this file. Raises RefusedError or InputError."""
    refusal = Refusal.from_bytes(data, file)
    key = home.membership.check_key(refusal.provider, file=Path(file))
    of_bundle = isinstance(given, Bundle)
    check_refusal(refusal, key, bundle=given if of_bundle else None, proof=None if of_bundle else given, file=file)
    return refusal


def _same(home: Home, state: State, path: Path) -> None:
    if state.client_id != home.membership.client_id:
        raise RefusedError("belongs to another client", code="mismatch_client_id", file=path, field="client_id", value=state.client_id)

"""Join, ask who one is, and replace one's key."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from zkapex_jax.service import clients
from zkapex_jax.service.answers import utc
from zkapex_jax.service.context import Calling, Here, Service, Signed
from zkapex_jax.service.keys import Who, serves
from zkapex_jax.service.messages import Join, Me, Rotate, Rotated
from zkapex_jax.service.tables import Client

router = APIRouter(tags=["client"])


@router.post("/clients", status_code=201, response_model=Me)
def join(wanted: Join, service: Here, caller: Signed, response: Response) -> Me:
    """Take an invitation, with a key of one's own that signs every later call."""
    who, new = clients.join(service.store, wanted, caller)
    response.status_code = 201 if new else 200
    return _me(service, who)


@router.get("/me")
def me(who: Calling, service: Here) -> Me:
    """What the provider knows of the caller."""
    return _me(service, who)


@router.post("/key")
def rotate(wanted: Rotate, who: Calling, service: Here, request: Request) -> Rotated:
    """Replace the key that signs this call by another one, which signs that it takes its place. The same again changes nothing."""
    if serves(service.store, who):  # a key that was replaced counts for nothing: a thief may have it
        service.rates.rotation(who.client_id)
    key = clients.rotate(service.store, who, wanted, request.headers["host"].lower())
    return Rotated(client_id=key.client_id, public=key.public, since=utc(key.since))


def _me(service: Service, who: Who) -> Me:
    ledger = service.ledger
    with service.store.read() as session:
        client = session.get_one(Client, who.client_id)
    enrolment = ledger.find_enrolment(who.client_id)
    state = ledger.state(who.client_id) if enrolment else None
    return Me(
        client_id=who.client_id, public=who.public, joined=utc(client.joined), provider_keys=list(ledger.keys()),
        enrolment=enrolment.digest if enrolment else None, position=state.position if state else None,
        state=state.digest if state else None,
        open_requests=[request.request_id for request in ledger.open_requests(who.client_id)] if enrolment else [],
    )  # fmt: skip

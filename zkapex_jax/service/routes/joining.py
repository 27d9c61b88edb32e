"""Join once, and ask who one is."""

from __future__ import annotations

from fastapi import APIRouter, Response

from zkapex_jax.service import clients
from zkapex_jax.service.answers import utc
from zkapex_jax.service.context import ClientName, Here, Service, Signed
from zkapex_jax.service.messages import Join, Me
from zkapex_jax.service.tables import Client

router = APIRouter(tags=["client"])


@router.post("/clients", status_code=201, response_model=Me)
def join(wanted: Join, service: Here, caller: Signed, response: Response) -> Me:
    """Take an invitation, with a key of one's own that signs every later call."""
    client, new = clients.join(service.store, wanted, caller)
    response.status_code = 201 if new else 200
    return _me(service, client)


@router.get("/me")
def me(client_id: ClientName, service: Here) -> Me:
    """What the provider knows of the caller."""
    with service.store.read() as session:
        client = session.get_one(Client, client_id)
    return _me(service, client)


def _me(service: Service, client: Client) -> Me:
    ledger = service.ledger
    enrolment = ledger.find_enrolment(client.client_id)
    state = ledger.state(client.client_id) if enrolment else None
    return Me(
        client_id=client.client_id, public=client.public, joined=utc(client.joined), provider_keys=list(ledger.keys()),
        enrolment=enrolment.digest if enrolment else None, position=state.position if state else None,
        state=state.digest if state else None,
        open_requests=[request.request_id for request in ledger.open_requests(client.client_id)] if enrolment else [],
    )  # fmt: skip

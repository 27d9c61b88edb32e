"""Receipts as the service keeps and hands them out."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from zkapex_jax.formats import canonical
from zkapex_jax.protocol.receipt import Receipt
from zkapex_jax.service.store import Store
from zkapex_jax.service.tables import Receipt as Row
from zkapex_jax.service.tables import moment
from zkapex_jax.service.words import not_found


def of_client(store: Store, client_id: str) -> list[Row]:
    """Newest first."""
    with store.read() as session:
        return list(session.scalars(select(Row).where(Row.client_id == client_id).order_by(Row.made.desc(), Row.digest)))


def need(store: Store, client_id: str, digest: str) -> Row:
    """A receipt of this client. Raises InputError if there is none: another client's is not told from none."""
    with store.read() as session:
        found = session.get(Row, digest)
    if found is None or found.client_id != client_id:
        raise not_found("receipt", digest)
    return found


def keep(session: Session, receipt: Receipt) -> str:
    """Add a receipt within the caller's transaction, unless there is one for this bundle; returns the digest of the one kept."""
    known = session.scalars(select(Row).where(Row.bundle_digest == receipt.bundle_digest)).one_or_none()
    if known is not None:
        return known.digest
    document = receipt.to_bytes()
    digest = canonical.digest(document)
    session.add(
        Row(
            digest=digest, client_id=receipt.client_id, bundle_digest=receipt.bundle_digest, document=document.decode("utf-8"), made=moment()
        )
    )
    return digest

"""Receipts as the service keeps and hands them out."""

from __future__ import annotations

import logging

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from zkapex_jax.errors import RefusedError, ZkapexError
from zkapex_jax.formats import canonical
from zkapex_jax.protocol import Bundle, EnrolmentProof, SigningKey
from zkapex_jax.protocol.receipts import AnyReceipt
from zkapex_jax.protocol.refusal import Refusal
from zkapex_jax.service.store import Store
from zkapex_jax.service.tables import Receipt as Row
from zkapex_jax.service.tables import moment
from zkapex_jax.service.words import not_found
from zkapex_jax.workflow import Provider
from zkapex_jax.workflow.receipts import make_refusal

_LOG = logging.getLogger("zkapex.service")


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


def find(store: Store, subject: str, kind: str, why: str = "") -> Row | None:
    """The one that says this of a file, if there is one."""
    with store.read() as session:
        return session.scalars(_saying(subject, kind, why)).one_or_none()


def _saying(subject: str, kind: str, why: str) -> Select[tuple[Row]]:
    return select(Row).where(Row.subject == subject, Row.kind == kind, Row.why == why)


def keep(session: Session, receipt: AnyReceipt) -> str:
    """Add a receipt within the caller's transaction, unless there is one that says this of the file; returns the digest of the one kept."""
    why = receipt.code if isinstance(receipt, Refusal) else ""
    known = session.scalars(_saying(receipt.subject, receipt.kind, why)).one_or_none()
    if known is not None:
        known.made = moment()
        return known.digest
    document = receipt.to_bytes()
    digest = canonical.digest(document)
    session.add(
        Row(
            digest=digest, client_id=receipt.client_id, kind=receipt.kind, subject=receipt.subject, why=why,
            document=document.decode("utf-8"), made=moment(),
        )
    )  # fmt: skip
    return digest


def kept(store: Store, receipt: AnyReceipt) -> str:
    """As `keep`, in a transaction of its own; another process may be at the same."""
    try:
        with store.write() as session:
            return keep(session, receipt)
    except IntegrityError:  # it was faster
        with store.write() as session:
            return keep(session, receipt)


def refused(store: Store, provider: Provider, key: SigningKey, given: Bundle | EnrolmentProof, error: ZkapexError) -> str | None:
    """Sign and keep a refusal; returns its digest. None where the ledger changed its mind meanwhile: the file may be sent again."""
    try:
        refusal = make_refusal(provider, key, given, error)
    except RefusedError as changed:
        _LOG.warning("no refusal of %s: %s", given.digest, changed)
        return None
    return kept(store, refusal)

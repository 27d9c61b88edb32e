"""What a proof that was not taken leaves in the provider's folder: copies that were made to judge it. They are removed, for a client
may send such proofs for ever. What the ledger names stays.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from zkapex_jax.ledger.schema import EnrolmentRow, VerdictRow
from zkapex_jax.workflow import Provider


def remove_unnamed(provider: Provider, digests: Iterable[str]) -> None:
    """Remove enrolments, their proofs and bundles, and the points of them, but for those that the ledger names.

    One job of a client runs at a time, and artefacts name their client: nobody else is judging these.
    """
    given = set(digests)
    with provider.ledger.reading() as session:
        named = {
            digest
            for column in (EnrolmentRow.digest, EnrolmentRow.proof_digest, VerdictRow.bundle_digest)
            for digest in session.scalars(select(column).where(column.in_(given)))
        }
    for digest in given - named:
        provider.artefact(digest).unlink(missing_ok=True)
        provider.points(digest).unlink(missing_ok=True)

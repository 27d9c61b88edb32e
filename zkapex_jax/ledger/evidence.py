"""Which files the ledger names, and which of them are evidence of a refusal alone: those may go, all others stay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from zkapex_jax.errors import InputError
from zkapex_jax.ledger.schema import BaseRow, EnrolmentRow, RequestRow, StateRow, VerdictRow

_BATCH = 500
#: Every column that holds the digest of an artefact.
_NAMES: tuple[Any, ...] = (
    BaseRow.digest, RequestRow.digest, EnrolmentRow.digest, EnrolmentRow.proof_digest, VerdictRow.bundle_digest, StateRow.state_digest,
)  # fmt: skip


@dataclass(frozen=True)
class Refused:
    """A bundle whose proof failed. `received`: when, UTC to the second; `sequence`: its event."""

    digest: str
    client_id: str
    received: str
    sequence: int

    @property
    def moment(self) -> float:
        """`received`, Unix seconds. Raises InputError: a row's time is sealed by nothing."""
        try:
            return datetime.fromisoformat(self.received).timestamp()
        except ValueError as error:
            raise InputError("is no time", code="damaged", field=f"verdicts.received of event {self.sequence}", value=self.received) from error


def named(session: Session, digests: Iterable[str]) -> set[str]:
    """Those of these digests that any row of the ledger names."""
    return {digest for batch in _batches(digests) for column in _NAMES for digest in session.scalars(select(column).where(column.in_(batch)))}


def refused(session: Session, after: int, upto: int) -> list[Refused]:
    """Bundles that were refused by the verdicts of the events after `after`, up to `upto`, oldest first."""
    columns = (VerdictRow.bundle_digest, EnrolmentRow.client_id, VerdictRow.received, VerdictRow.sequence)
    query = (
        select(*columns).join(EnrolmentRow, EnrolmentRow.id == VerdictRow.enrolment_id)
        .where(VerdictRow.sequence > after, VerdictRow.sequence <= upto, VerdictRow.accepted.is_(False)).order_by(VerdictRow.sequence)
    )  # fmt: skip
    return [Refused(*row) for row in session.execute(query)]


def refused_only(session: Session, digests: Iterable[str]) -> set[str]:
    """Those of these bundles whose every verdict is a refusal; what nobody judged is none."""
    outcomes: dict[str, set[bool]] = {}
    for batch in _batches(digests):
        query = select(VerdictRow.bundle_digest, VerdictRow.accepted).where(VerdictRow.bundle_digest.in_(batch))
        for digest, accepted in session.execute(query):
            outcomes.setdefault(digest, set()).add(accepted)
    return {digest for digest, seen in outcomes.items() if seen == {False}}


def _batches(digests: Iterable[str]) -> Iterable[list[str]]:
    ordered = sorted(set(digests))
    return (ordered[start : start + _BATCH] for start in range(0, len(ordered), _BATCH))

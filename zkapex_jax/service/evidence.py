"""Refused bundles are kept as evidence of their verdict, for so long and so many bytes a client; then a signed note takes their place.

The ledger says which there are: it is read on from where it was read last. What is done goes by small batches.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from zkapex_jax.errors import ZkapexError
from zkapex_jax.ledger.evidence import Refused, refused, refused_only
from zkapex_jax.protocol import SigningKey
from zkapex_jax.service.settings import Settings
from zkapex_jax.service.store import Store
from zkapex_jax.service.tables import Evidence, Place, moment
from zkapex_jax.service.watching import tallies
from zkapex_jax.workflow import Provider
from zkapex_jax.workflow.keeping import Keep
from zkapex_jax.workflow.keeping.removing import drop_evidence

_LOG = logging.getLogger("zkapex.service")
_NAME = "evidence"
#: Events of the ledger that are read at once, files that are dropped, and clients whose share is looked at, in one run.
EVENTS, FILES, CLIENTS = 2000, 200, 500
#: Files of one run that are passed over from then on; a server that starts anew tries them again.
_STUCK = 20


def keep_of(settings: Settings) -> Keep:
    """The provider's rules, as the folder goes by them. No worker is at a file for longer than a job may take."""
    return Keep(settings.keep.evidence, settings.keep.evidence_bytes, settings.queue.longest)


def gather(store: Store, provider: Provider, events: int = EVENTS) -> bool:
    """Note the refused bundles of the next events; False where there are no newer ones."""
    last, (newest, _) = _place(store), provider.ledger.head()
    upto = min(last + events, newest)
    if upto <= last:
        return False
    with provider.ledger.reading() as ledger:
        found = refused(ledger, last, upto)
        alone = refused_only(ledger, (one.digest for one in found))
    sizes = {one: size for one in found if one.digest in alone and (size := _size(provider, one.digest)) is not None}
    try:
        with store.write() as session:
            _note(session, sizes, last, upto)
    except IntegrityError:  # another server is at the same
        _LOG.warning("the evidence of events %d to %d was noted by somebody else", last + 1, upto)
    return True


@dataclass(frozen=True)
class Dropped:
    """Digests of what went; of what cannot go, for the ledger's files are damaged, and is passed over from then on; and the last
    client that was looked at, empty when all were.
    """

    gone: tuple[str, ...] = ()
    stuck: frozenset[str] = frozenset()
    client: str = ""


def drop(store: Store, settings: Settings, provider: Provider, key: SigningKey, before: Dropped = Dropped()) -> Dropped:
    """Drop what had its time, and what is over the share of the clients behind the last one of the run before."""
    keep, after = keep_of(settings), before.client
    aged = select(Evidence.digest).where(Evidence.judged < moment() - int(1000 * keep.evidence), Evidence.digest.not_in(before.stuck))
    with store.read() as session:
        old = list(session.scalars(aged.order_by(Evidence.judged).limit(FILES)))
        page = select(Evidence.client_id, func.sum(Evidence.size)).where(Evidence.client_id > after).group_by(Evidence.client_id)
        shares = list(session.execute(page.order_by(Evidence.client_id).limit(CLIENTS)))
        over = [digest for client, total in shares if total > keep.evidence_bytes for digest in _over(session, client, int(total) - keep.evidence_bytes)]
    wanted = [digest for digest in dict.fromkeys(old + over) if digest not in before.stuck]
    came = {digest: _drop(store, provider, key, digest, keep) for digest in wanted}
    gone, stuck = (tuple(digest for digest, one in came.items() if one is what) for what in (True, None))
    return Dropped(gone, before.stuck.union(stuck[:_STUCK]), shares[-1][0] if len(shares) == CLIENTS else "")


def _drop(store: Store, provider: Provider, key: SigningKey, digest: str, keep: Keep) -> bool | None:
    """Whether it went; None where it cannot. The file first, then its row: after a kill between the two the next run finds the row alone."""
    gone: bool | None = False
    needed = False
    try:
        gone = drop_evidence(provider, key, digest, keep)
    except ZkapexError as error:  # accepted since; or what the receipt is made from is damaged, which holds up no other
        needed = error.code == "still_needed"
        gone = False if needed else None
        _LOG.log(logging.INFO if needed else logging.WARNING, "evidence %s stays: %s", digest, error)
    if needed or not provider.artefact(digest).exists():
        with store.write() as session:
            if (row := session.get(Evidence, digest)) is not None:
                session.delete(row)
                tallies.evidence(session, -1, -row.size)
    return gone


def _over(session: Session, client_id: str, excess: int) -> list[str]:
    """A client's oldest bundles that together are as large as the excess."""
    found: list[str] = []
    query = select(Evidence.digest, Evidence.size).where(Evidence.client_id == client_id).order_by(Evidence.judged, Evidence.digest)
    for digest, size in session.execute(query.limit(FILES)):
        if excess <= 0:
            break
        found.append(digest)
        excess -= size
    return found


def _place(store: Store) -> int:
    with store.read() as session:
        row = session.get(Place, _NAME)
        return row.place if row else 0


def _note(session: Session, sizes: dict[Refused, int], last: int, upto: int) -> None:
    """Unless somebody has come further meanwhile."""
    row = session.get(Place, _NAME, with_for_update=True)
    if (row.place if row else 0) != last:
        return
    if row is None:
        session.add(Place(name=_NAME, place=upto))
    else:
        row.place = upto
    files = total = 0
    for one, size in sizes.items():
        known = session.get(Evidence, one.digest)
        files, total = files + (known is None), total + size - (known.size if known else 0)
        session.merge(Evidence(digest=one.digest, client_id=one.client_id, size=size, judged=int(1000 * one.moment)))
    tallies.evidence(session, files, total)


def _size(provider: Provider, digest: str) -> int | None:
    try:
        return provider.artefact(digest).stat().st_size
    except FileNotFoundError:
        return None

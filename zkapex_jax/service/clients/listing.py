"""The fleet by its keys: who has joined, who is invited, whose key was revoked. A page at a time: there may be very many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Select, case, func, select, union
from sqlalchemy.orm import Session

from zkapex_jax.service.store import Store
from zkapex_jax.service.tables import Client, Invitation, Key, moment

Standing = Literal["joined", "invited", "revoked"]
STANDINGS: tuple[Standing, ...] = get_args(Standing)


@dataclass(frozen=True)
class Member:
    """One client: `keys`, oldest first; `invited_until` of its newest unused invitation (Unix milliseconds), also one that expired."""

    client_id: str
    standing: Standing
    joined: int | None
    invited_until: int | None
    keys: tuple[Key, ...]


@dataclass(frozen=True)
class Fleet:
    """One page of clients in order of their names, how many the filter finds in all, and how many of each standing there are."""

    members: tuple[Member, ...]
    total: int
    counts: dict[Standing, int]


def fleet(store: Store, *, standing: Standing | None = None, page: int = 1, rows: int = 100) -> Fleet:
    """Page `page` (from 1) of the clients, or of those of one standing."""
    everybody = _everybody(moment()).subquery()
    with store.read() as session:
        found = {name: count for name, count in session.execute(select(everybody.c.standing, func.count()).group_by(everybody.c.standing))}
        counts: dict[Standing, int] = {name: found.get(name, 0) for name in STANDINGS}
        query = select(everybody).order_by(everybody.c.client_id).offset((page - 1) * rows).limit(rows)
        if standing is not None:
            query = query.where(everybody.c.standing == standing)
        members = _members(session, query)
    return Fleet(members, sum(counts.values()) if standing is None else counts[standing], counts)


def member(store: Store, client_id: str) -> Member | None:
    """One client; None if it was never invited."""
    everybody = _everybody(moment()).subquery()
    with store.read() as session:
        found = _members(session, select(everybody).where(everybody.c.client_id == client_id))
    return found[0] if found else None


def _everybody(now: int) -> Select[str, str, int | None, int | None]:
    """Every name that joined or was invited: its standing, when it joined, until when it is invited."""
    names = union(select(Client.client_id), select(Invitation.client_id)).subquery()
    until = (
        select(Invitation.client_id, func.max(Invitation.expires).label("until")).where(Invitation.used.is_(None))
        .group_by(Invitation.client_id).subquery()
    )  # fmt: skip
    keys = (
        select(Key.client_id, func.sum(case((Key.ended.is_(None), 1), else_=0)).label("serving")).group_by(Key.client_id).subquery()
    )
    query = select(names.c.client_id, _standing(keys.c.serving, until.c.until, now).label("standing"), Client.joined, until.c.until)
    return (
        query.outerjoin(Client, Client.client_id == names.c.client_id).outerjoin(keys, keys.c.client_id == names.c.client_id)
        .outerjoin(until, until.c.client_id == names.c.client_id)
    )  # fmt: skip


def _standing(serving: ColumnElement[int], until: ColumnElement[int], now: int) -> ColumnElement[str]:
    """A client whose key was revoked and who is invited again is invited; one who never joined stays so when its invitation expires."""
    return case((serving > 0, "joined"), (until >= now, "invited"), (serving == 0, "revoked"), else_="invited")


def _members(session: Session, query: Select[str, Standing, int | None, int | None]) -> tuple[Member, ...]:
    found: Sequence[Any] = session.execute(query).all()
    keys: dict[str, list[Key]] = {}
    of_these = Key.client_id.in_([name for name, *_ in found])
    for key in session.scalars(select(Key).where(of_these).order_by(Key.since, Key.ended.is_(None), Key.ended)):
        keys.setdefault(key.client_id, []).append(key)
    return tuple(Member(name, standing, joined, until, tuple(keys.get(name, ()))) for name, standing, joined, until in found)

"""`zkapex clients`."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zkapex_jax.cli.extras import service_libraries
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, Quiet, option
from zkapex_jax.cli.output import Output
from zkapex_jax.cli.provider.serve import Database
from zkapex_jax.errors import InputError

if TYPE_CHECKING:
    from zkapex_jax.service.clients import Fleet, Member
    from zkapex_jax.service.tables import Key

Folder = Annotated[Path, typer.Argument(metavar="PROVIDER", help="The provider's folder.")]
Utc = Callable[[int], str]


class Status(StrEnum):
    """Filters by standing."""

    JOINED = "joined"
    INVITED = "invited"
    REVOKED = "revoked"


@guarded
def clients(
    folder: Folder,
    status: Annotated[Status | None, option("status", "STATUS", "Only those: joined (a key serves), invited (none does yet), revoked.")] = None,
    client: Annotated[str | None, option("client", "ID", "One client alone, with every key that it ever had.")] = None,
    page: Annotated[int, typer.Option("--page", min=1, max=1_000_000, metavar="N", help="Which page of the list.")] = 1,
    rows: Annotated[int, typer.Option("--rows", min=1, max=10_000, metavar="N", help="Clients a page.")] = 100,
    database: Database = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Provider: list who has joined your service, who is invited, and whose key was revoked; a client's keys with their history.

    What each client has answered is on the dashboard, and in [bold]zkapex state[/].
    """
    with service_libraries():
        from zkapex_jax.service import clients as room
        from zkapex_jax.service.answers import utc
        from zkapex_jax.service.context import open_provider
        from zkapex_jax.service.settings import Settings
        from zkapex_jax.service.store import Store

    settings = Settings(provider=folder, database=database)
    open_provider(settings, check=False)
    output, store = Output(as_json, quiet), Store.open(settings)
    if client is None:
        _tell_fleet(output, room.fleet(store, standing=None if status is None else status.value, page=page, rows=rows), page, rows, utc)
        return
    found = room.member(store, client)
    if found is None:
        raise InputError("was never invited", code="not_found", field="client", value=client)
    output.table(client, ["key", "since", "ended", "why"], [[key.public, utc(key.since), utc(key.ended) if key.ended else "", _why(key)] for key in found.keys])
    output.result(_document(found, utc), _sentence(found, utc))


def _tell_fleet(output: Output, found: Fleet, page: int, rows: int, utc: Utc) -> None:
    pages = max(1, -(-found.total // rows))
    output.table(
        "", ["client", "status", "key", "since", "keys", "last ended"],
        [[one.client_id, one.standing, *_present(one, utc), len(one.keys) or "", _last_ended(one, utc)] for one in found.members],
    )  # fmt: skip
    counts = " · ".join(f"{count:,} {name}" for name, count in found.counts.items())
    document = {"page": page, "pages": pages, "total": found.total, "counts": found.counts, "clients": [_document(one, utc) for one in found.members]}
    more = f"page {page} of {pages:,}" + ("; the next: --page " + str(page + 1) if page < pages else "")
    output.result(document, f"{counts}; {more}")


def _present(one: Member, utc: Utc) -> tuple[str, str]:
    """The key that serves, shortened, and since when; of who is invited, until when."""
    if one.standing == "joined":
        key = one.keys[-1]
        return f"{key.public[:16]}…", utc(key.since)
    return "", f"until {utc(one.invited_until)}" if one.standing == "invited" and one.invited_until else ""


def _last_ended(one: Member, utc: Utc) -> str:
    ended = [key for key in one.keys if key.ended is not None]
    return f"{utc(ended[-1].ended or 0)} {_why(ended[-1])}" if ended else ""


def _why(key: Key) -> str:
    return f"{key.why}: {key.words}" if key.words else key.why


def _sentence(one: Member, utc: Utc) -> str:
    if one.standing == "joined":
        return f"{one.client_id} has joined: the key that signs its calls is {one.keys[-1].public}"
    if one.standing == "revoked":
        return f"{one.client_id}: its key was revoked, and no other has joined"
    return f"{one.client_id}: invited until {utc(one.invited_until or 0)}, and no key has joined by it"


def _document(one: Member, utc: Utc) -> dict[str, Any]:
    return {
        "client": one.client_id, "status": one.standing, "joined": utc(one.joined) if one.joined is not None else None,
        "invited_until": utc(one.invited_until) if one.invited_until is not None else None,
        "keys": [
            {"public": key.public, "since": utc(key.since), "ended": utc(key.ended) if key.ended is not None else None,
             "why": key.why or None, "words": key.words or None}
            for key in one.keys
        ],
    }  # fmt: skip

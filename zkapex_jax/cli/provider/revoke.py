"""`zkapex revoke`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from zkapex_jax.cli.extras import service_libraries
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, Quiet, option
from zkapex_jax.cli.output import Output
from zkapex_jax.cli.provider.serve import Database
from zkapex_jax.errors import InputError

if TYPE_CHECKING:
    from zkapex_jax.service.clients import Revoked

Folder = Annotated[Path, typer.Argument(metavar="PROVIDER", help="The provider's folder.")]
_MOST_WORDS = 200


@guarded
def revoke(
    folder: Folder,
    client: Annotated[str, option("client", "ID", "The client's name.")],
    why: Annotated[str, option("why", "WORDS", "Why, for your own records: `zkapex clients` and the dashboard show it, clients never see it.")],
    database: Database = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Provider: take a client's key back, as when it was stolen. Works while the service runs; again, it changes nothing.

    From that moment no call that the key signs is taken, and it never joins again. Open invitations of the client are withdrawn, and
    uploads that no job needs are dropped. What the service has acknowledged is judged: a proof cannot be made without the client's
    secrets, so that it is the client's, whoever handed it in. One exception: a first enrolment, which rests on the key alone, ends
    unjudged unless a worker is at it. Enrolment, states and receipts stay.

    [bold]zkapex invite[/] then lets the client join again, with a new key.
    """
    with service_libraries():
        from zkapex_jax.service import clients
        from zkapex_jax.service.answers import utc
        from zkapex_jax.service.context import open_provider
        from zkapex_jax.service.settings import Settings
        from zkapex_jax.service.store import Store

    settings = Settings(provider=folder, database=database)
    open_provider(settings, check=False)
    found = clients.revoke(Store.open(settings), settings, client, _words(why))
    key = None if found.key is None or found.key.ended is None else {"public": found.key.public, "ended": utc(found.key.ended), "words": found.key.words}
    document = {"client": client, "key": key, "revoked_now": found.new, "cancelled": found.cancelled, "judged_on": found.judged_on,
                "uploads_dropped": found.dropped, "invitations_withdrawn": found.withdrawn}  # fmt: skip
    Output(as_json, quiet).result(document, *_lines(found, utc), f"  then  {escape(f'zkapex invite {folder} --client {client}')}  lets it join again, with a new key")


def _words(text: str) -> str:
    """One line for the records."""
    words = text.strip()
    if not words or not words.isprintable() or len(words) > _MOST_WORDS:
        raise InputError(f"must be one line of 1 to {_MOST_WORDS} characters", field="why", value=text)
    return words


def _lines(found: Revoked, utc: Callable[[int], str]) -> list[str]:
    name, key = escape(found.client_id), found.key
    if key is None or key.ended is None:
        lines = [f"{name} has never joined: there is no key to revoke"]
    elif found.new:
        lines = [f"[bold]revoked[/] the key of {name}, {key.public}"]
    else:
        lines = [f"the key of {name}, {key.public}, was revoked at {utc(key.ended)} already ({escape(key.words)})"]
    counted = ((found.withdrawn, "invitations withdrawn"), (found.dropped, "uploads dropped"), (len(found.cancelled), "first enrolments end unjudged"),
               (len(found.judged_on), "jobs that it handed in are judged all the same"))  # fmt: skip
    return lines + [f"  {count} {words}" for count, words in counted if count]

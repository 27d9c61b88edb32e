"""`zkapex invite`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zkapex_jax.cli.extras import service_libraries
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, Quiet, option
from zkapex_jax.cli.output import Output
from zkapex_jax.cli.provider.serve import Database

Folder = Annotated[Path, typer.Argument(metavar="PROVIDER", help="The provider's folder.")]


@guarded
def invite(
    folder: Folder,
    client: Annotated[str, option("client", "ID", "The client's name: letters, digits, dot, dash, underscore.")],
    count: Annotated[int, typer.Option("--count", min=1, max=100_000, metavar="N", help="So many clients, counting up the number that the name ends in.")] = 1,
    days: Annotated[float, typer.Option("--days", min=0.001, metavar="DAYS", help="How long the invitation is good for.")] = 30.0,
    database: Database = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Provider: make invitations. Each lets one client join once; send it by a way that nobody else reads."""
    with service_libraries():
        from zkapex_jax.service import clients
        from zkapex_jax.service.context import open_provider
        from zkapex_jax.service.settings import Settings
        from zkapex_jax.service.store import Store

    settings = Settings(provider=folder, database=database)
    open_provider(settings, check=False)
    names = clients.numbered(client, count)
    tokens = clients.invite(Store.open(settings), names, lifetime=86400 * days)
    invitations = [{"client": name, "invitation": token} for name, token in zip(names, tokens, strict=True)]
    Output(as_json, quiet).result({"invitations": invitations}, *(f"{name}  {token}" for name, token in zip(names, tokens, strict=True)))

"""`zkapex keygen`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, Force, Quiet, option
from zkapex_jax.cli.output import Output
from zkapex_jax.formats.atomic import make_directory, write_text
from zkapex_jax.ledger import Ledger
from zkapex_jax.protocol import SigningKey, generate_key
from zkapex_jax.workflow import Provider
from zkapex_jax.workflow.ledger_place import keep_url, ledger_place

KEY_NAME = "provider.key"


@guarded
def keygen(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The provider's folder; made if absent.")],
    database: Annotated[
        str | None,
        option("database", "URL", "Keep the ledger in this PostgreSQL database: postgresql://USER@HOST/NAME. Needs zkapex\\[service]."),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make a provider: a signing key and an empty ledger.

    Writes DIR/provider.key (owner-only), DIR/provider.key.pub (give it to clients) and DIR/ledger.sqlite, or with
    --database DIR/ledger.url (owner-only), by which every command finds the database. An existing ledger is kept and
    trusts the new key too. A run that was killed is finished by the next.
    """
    path = make_directory(folder) / KEY_NAME
    if database is not None:
        keep_url(folder, database)
    begun = None if force else _begun(folder, path)
    key = begun or generate_key(path, force=force)
    with Provider.open(folder, create=True) as provider:
        provider.ledger.trust(key.public)
    document = {
        "key": folder / KEY_NAME,
        "public_key": f"{folder / KEY_NAME}.pub",
        "public": key.public,
        "ledger": provider.ledger.path,
    }
    Output(as_json, quiet).result(document, f"made {folder / KEY_NAME} and its public half {key.public}")


def _begun(folder: Path, path: Path) -> SigningKey | None:
    """The key of a run that was killed before a ledger trusted it, its public half written again; None if there is no such key.

    A folder that has kept artefacts has lost its ledger: it gets no empty one in its place.
    """
    if not path.exists() or (folder / "artefacts").exists():
        return None
    key = SigningKey.load(path)
    ledger = ledger_place(folder)
    if Ledger.exists(ledger) and key.public in Ledger.open(ledger).keys():
        return None
    write_text(f"{path}.pub", key.public + "\n", force=True)
    return key

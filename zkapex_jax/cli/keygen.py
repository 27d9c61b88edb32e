"""`zkapex keygen`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, Force, Quiet
from zkapex_jax.cli.output import Output
from zkapex_jax.formats.atomic import make_directory
from zkapex_jax.protocol import generate_key
from zkapex_jax.workflow import Provider

KEY_NAME = "provider.key"


@guarded
def keygen(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The provider's folder; made if absent.")],
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make a provider: a signing key and an empty ledger.

    Writes DIR/provider.key (owner-only), DIR/provider.key.pub (give it to clients) and DIR/ledger.sqlite. An existing
    ledger is kept and trusts the new key too.
    """
    key = generate_key(make_directory(folder) / KEY_NAME, force=force)
    with Provider.open(folder, create=True) as provider:
        provider.ledger.trust(key.public)
    document = {
        "key": folder / KEY_NAME,
        "public_key": f"{folder / KEY_NAME}.pub",
        "public": key.public,
        "ledger": folder / "ledger.sqlite",
    }
    Output(as_json, quiet).result(document, f"made {folder / KEY_NAME} and its public half {key.public}")

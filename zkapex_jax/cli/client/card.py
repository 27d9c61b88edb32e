"""`zkapex card`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, Force, Quiet, RequestFile, option
from zkapex_jax.cli.output import Output
from zkapex_jax.protocol import load_public

_WORDS = {"computed": "computed, not proven yet", "proven": "proven", "accepted": "proven, and accepted by the provider"}


@guarded
def card(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="The unlearned model, as `zkapex unlearn --save-model` wrote it; with --from, where to write it.")],
    folder: Annotated[Path, option("client", "DIR", "The client's folder.")],
    request: RequestFile,
    provider_key: Annotated[str, option("provider-key", "KEY", "The provider's public key: a .pub file, or its hex.")],
    bundle: Annotated[Path | None, option("bundle", "FILE", "The bundle. Default: the one in the client's folder.")] = None,
    receipt: Annotated[Path | None, option("receipt", "FILE", "The provider's receipt for the bundle.")] = None,
    source: Annotated[Path | None, option("from", "DIR", "Write MODEL first, in the format of this checkpoint: where none was saved.")] = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Client: state in the model's card (README.md) what is proven of it, and what is not.

    Reads the weights back and refuses if they are not those of the answer. What stands in the card outside the section's markers is
    kept; the section is replaced, so run it again when the bundle is made and when the receipt arrives. With [bold]--from[/] it
    writes the unlearned model itself, from the answer that the client's folder keeps.
    """
    from zkapex_jax.workflow import save_unlearned, state_proof

    signer = load_public(provider_key)
    if source is not None:
        save_unlearned(model=source, out=model, folder=folder, request=request, provider_key=signer, force=force)
    saved = state_proof(model=model, folder=folder, request=request, provider_key=signer, bundle=bundle, receipt=receipt)
    kept = "exactly as proven" if saved.exact else f"as proven, rounded to {saved.stored}"
    Output(as_json, quiet).result({"result": saved}, f"{saved.card}: {_WORDS[saved.status]}; the files hold the weights {kept}")

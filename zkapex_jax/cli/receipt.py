"""`zkapex receipt make | check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import ANYONE, PROVIDER, AsJson, Force, KeyFile, ProviderDir, Quiet, epilog, option
from zkapex_jax.cli.output import Output
from zkapex_jax.formats.atomic import refuse_existing
from zkapex_jax.protocol import Bundle, Request, SigningKey, State, load_public
from zkapex_jax.protocol.receipt import Receipt, check_receipt

receipt_app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="The provider's signed word on a bundle: make it, check it.")

_MAKE = "zkapex receipt make --provider provider --client alice --request r-7f3a --out alice.receipt.json"
_CHECK = "zkapex receipt check alice.receipt.json --provider-key provider.key.pub --bundle alice.bundle"


@receipt_app.command("make", rich_help_panel=PROVIDER, epilog=epilog(_MAKE))
@guarded
def make(
    provider: ProviderDir,
    client: Annotated[str, option("client", "ID", "Whose answer.")],
    request: Annotated[str, option("request", "ID", "Which request: its id or digest.")],
    out: Annotated[Path, option("out", "FILE", "Where to write the receipt.")],
    key: KeyFile = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Sign a receipt of the ledger's last verdict on a client's answer. The same verdict gives the same bytes."""
    from zkapex_jax.workflow import Provider
    from zkapex_jax.workflow.receipts import receipt_for

    refuse_existing(out, force=force)
    with Provider.open(provider) as opened:
        receipt = receipt_for(opened, SigningKey.load(key or provider / "provider.key"), client_id=client, request=request)
    receipt.to_file(out, force=force)
    _show(Output(as_json, quiet), receipt, out, f"wrote {out}")


@receipt_app.command("check", rich_help_panel=ANYONE, epilog=epilog(_CHECK))
@guarded
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The receipt.")],
    provider_key: Annotated[str, option("provider-key", "FILE", "The provider's public key: a .pub file, or its hex.")],
    request: Annotated[Path | None, option("request", "FILE", "It must be for this request.")] = None,
    bundle: Annotated[Path | None, option("bundle", "FILE", "It must be for this bundle.")] = None,
    state: Annotated[Path | None, option("state", "FILE", "It must lead to this state.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Check a receipt without a ledger: the provider signed it, and it speaks of the files given.

    It says what the provider recorded. Whether the proof holds, `zkapex audit BUNDLE` finds out. Exit code 3 if the
    receipt is not what it should be; a receipt of a refusal is a good receipt, and ends with 0.
    """
    receipt = Receipt.from_file(file)
    check_receipt(
        receipt, load_public(provider_key),
        request=Request.from_file(request) if request else None,
        bundle=Bundle.from_file(bundle) if bundle else None,
        state=State.from_file(state) if state else None,
        file=file,
    )  # fmt: skip
    given = [name for name, value in (("request", request), ("bundle", bundle), ("state", state)) if value]
    _show(Output(as_json, quiet), receipt, file, f"signed by the provider{', for this ' + ', '.join(given) if given else ''}")


def _show(output: Output, receipt: Receipt, file: Path, words: str) -> None:
    verdict = "accepted" if receipt.verdict.accepted else f"refused: {receipt.verdict.reason}"
    output.result(
        {"file": file, "receipt": receipt.model_dump()},
        f"{receipt.client_id}, {receipt.request_id}: {verdict.replace('[', chr(92) + '[')}"
        + (" [yellow](insecure: a test)[/]" if receipt.verdict.insecure else ""),
        f"event {receipt.ledger.sequence} of the ledger, {receipt.time}; {words}",
    )  # fmt: skip

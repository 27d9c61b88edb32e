"""`zkapex ledger show | check | close | head | upgrade`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, Force, KeyFile, Quiet, epilog, option
from zkapex_jax.cli.output import Output
from zkapex_jax.formats.atomic import refuse_existing
from zkapex_jax.ledger import Ledger
from zkapex_jax.protocol import SigningKey
from zkapex_jax.workflow import Provider
from zkapex_jax.workflow.ledger_place import ledger_place
from zkapex_jax.workflow.receipts import publish_head

ledger_app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="Provider: read, check and tend the ledger.")
Folder = Annotated[Path, typer.Argument(metavar="PROVIDER", help="The provider's folder.")]


@ledger_app.command("show", epilog=epilog("zkapex ledger show provider"))
@guarded
def show(folder: Folder, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """List enrolments, requests and verdicts."""
    output = Output(as_json, quiet)
    with Provider.open(folder) as provider:
        ledger = provider.ledger
        enrolments, requests, verdicts, keys = ledger.enrolments(), ledger.requests(), ledger.verdicts(), ledger.keys()
    output.table(
        "Enrolments", ["client", "digest", "received", "replaced"],
        [[e.client_id, e.digest[:16], e.received, "yes" if e.replaced else ""] for e in enrolments],
    )  # fmt: skip
    output.table(
        "Requests",
        ["request", "digest", "received", "closed"],
        [[r.request_id, r.digest[:16], r.received, r.closed or ""] for r in requests],
    )
    output.table(
        "Verdicts", ["bundle", "verdict", "received", "verifier seconds"],
        [[v.bundle_digest[:16], "accepted" if v.accepted else f"refused: {v.reason}", v.received, f"{v.verifier_seconds:.2f}"] for v in verdicts],
    )  # fmt: skip
    document = {"ledger": ledger.path, "keys": keys, "enrolments": enrolments, "requests": requests, "verdicts": verdicts}
    output.result(
        document, f"{len(keys)} provider keys, {len(enrolments)} enrolments, {len(requests)} requests, {len(verdicts)} verdicts"
    )


@ledger_app.command("check", epilog=epilog("zkapex ledger check provider --json"))
@guarded
def check(folder: Folder, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Recompute the hash chain and compare every row with its sealed event."""
    ledger = Ledger.open(ledger_place(folder), check=False)
    events = ledger.check()
    Output(as_json, quiet).result(
        {"ledger": ledger.path, "events": events, "whole": True}, f"whole: {events} events in an unbroken chain"
    )


@ledger_app.command("close", epilog=epilog("zkapex ledger close provider r-7f3a"))
@guarded
def close(
    folder: Folder,
    request_id: Annotated[str, typer.Argument(metavar="REQUEST_ID", help="The request, by its id.")],
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Stop waiting for answers to a request: later bundles for it are refused, and clients may enrol anew."""
    with Provider.open(folder) as provider:
        provider.ledger.close_request(request_id)
    Output(as_json, quiet).result({"request_id": request_id, "closed": True}, f"closed {request_id}")


@ledger_app.command("head", epilog=epilog("zkapex ledger head provider --out head.json"))
@guarded
def head(
    folder: Folder,
    out: Annotated[Path | None, option("out", "FILE", "Write the signed head here; publish it where clients and auditors look.")] = None,
    key: KeyFile = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Sign the newest head of the hash chain: one line that seals all of the ledger's history.

    Who keeps a published head can tell later whether events were removed or rewritten: `zkapex audit ledger --head`.
    """
    if out is not None:
        refuse_existing(out, force=force)
    with Provider.open(folder) as provider:
        signed = publish_head(provider, SigningKey.load(key or folder / "provider.key"))
    if out is not None:
        signed.to_file(out, force=force)
    Output(as_json, quiet).result(
        {"head": signed.model_dump(), "file": out},
        f"event {signed.sequence}, head {signed.head}", *([f"wrote {out}"] if out else []),
    )  # fmt: skip


@ledger_app.command("upgrade", epilog=epilog("zkapex ledger upgrade provider"))
@guarded
def upgrade(folder: Folder, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Bring a ledger of an older zkapex to this version, in one transaction; then recompute its chain.

    Keep a copy of the ledger first: an older zkapex cannot open it afterwards.
    """
    from zkapex_jax.ledger.upgrading import upgrade as run

    before, after = run(ledger_place(folder))
    words = f"is of version {after} already" if before == after else f"upgraded from version {before} to {after}; its chain is whole"
    Output(as_json, quiet).result({"before": before, "after": after}, words)

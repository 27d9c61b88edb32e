"""`zkapex ledger show | check | close`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, Quiet
from zkapex_jax.cli.output import Output
from zkapex_jax.workflow import Provider

ledger_app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="Provider: read, check and tend the ledger.")
Folder = Annotated[Path, typer.Argument(metavar="PROVIDER", help="The provider's folder.")]


@ledger_app.command("show")
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


@ledger_app.command("check")
@guarded
def check(folder: Folder, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Recompute the hash chain and compare every row with its sealed event."""
    with Provider.open(folder) as provider:
        events = provider.ledger.check()
    Output(as_json, quiet).result(
        {"ledger": provider.ledger.path, "events": events, "whole": True}, f"whole: {events} events in an unbroken chain"
    )


@ledger_app.command("close")
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

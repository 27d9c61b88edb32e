"""`zkapex audit ledger`, and how `zkapex audit` keeps its own argument beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from zkapex_jax.cli.auditor.audit import audit
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, Quiet, ShowProgress, epilog, option
from zkapex_jax.cli.output import Output
from zkapex_jax.cli.readable import Group
from zkapex_jax.errors import RefusedError
from zkapex_jax.protocol import load_public

_BUNDLE = "zkapex audit alice.bundle --provider provider --html audit.html"
_LEDGER = "zkapex audit ledger provider --receipts receipts --head head.json"
_SHOWN = 50


class _OrBundle(Group):
    """`zkapex audit FILE` is `zkapex audit bundle FILE`: a file is what is audited most."""

    default = "bundle"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or args[0] not in {*self.commands, "--help", "-h"}:
            args = [self.default, *args]
        return super().parse_args(ctx, args)


audit_app = typer.Typer(
    cls=_OrBundle, rich_markup_mode="rich", epilog=epilog(_BUNDLE, _LEDGER),
    help="Check a bundle or an enrolment with two verifiers ([bold]zkapex audit FILE[/]), or a provider's whole ledger.",
)  # fmt: skip
audit_app.command("bundle", epilog=epilog(_BUNDLE))(audit)


@audit_app.command("ledger", epilog=epilog(_LEDGER))
@guarded
def audit_ledger(
    folder: Annotated[Path, typer.Argument(metavar="PROVIDER", help="The provider's folder. It is not changed.")],
    provider_key: Annotated[
        str | None,
        option("provider-key", "FILE", "Who must have signed receipts and head: a .pub file, or hex. Default: any key that the ledger trusts."),
    ] = None,
    receipts: Annotated[Path | None, option("receipts", "DIR", "Receipts (*.json) that the ledger must agree with.")] = None,
    head: Annotated[Path | None, option("head", "FILE", "A published head that must lie on the ledger's chain.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    progress: ShowProgress = None,
) -> None:
    """Check all of a ledger: the hash chain, every row, the artefacts that they name, receipts, a published head.

    Signatures are verified, states are made again from the bundles that led to them. The proofs in the bundles are not:
    `zkapex audit FILE --provider DIR` judges those one by one. Exit code 3 if anything is not as it should be.
    """
    from zkapex_jax.workflow import Provider
    from zkapex_jax.workflow.audit.ledger import audit_ledger as run

    output = Output(as_json, quiet, progress)
    key = load_public(provider_key) if provider_key else None
    with output.bars() as on_progress, Provider.open(folder, whole=True) as provider:
        found = run(provider, provider_key=key, receipts=receipts, head=head, on_progress=on_progress)
    sequence, digest = found.head
    published = "" if found.published is None else f", the published head of event {found.published} on it"
    dropped = f"; {found.dropped} refused bundles are kept no longer, a signed note names each" if found.dropped else ""
    words = f"whole: {sequence} events, head {digest}{published}; {found.artefacts} artefacts and {found.receipts} receipts agree with it{dropped}"
    output.result(
        {"ledger": provider.ledger.path, "whole": found.whole, "events": sequence, "head": digest, "keys": found.keys,
         "artefacts": found.artefacts, "dropped": found.dropped, "receipts": found.receipts, "published": found.published, "found": found.found,
         "findings": found.findings},
        *([words] if found.whole else [f"[red]{found.found} findings[/]", *(escape(one.sentence) for one in found.findings[:_SHOWN])]),
    )  # fmt: skip
    if not found.whole:
        raise typer.Exit(RefusedError.exit_code)

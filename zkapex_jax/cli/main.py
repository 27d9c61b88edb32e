"""Entry point of `zkapex`: the commands, grouped by who runs them."""

from __future__ import annotations

from typing import Annotated

import typer

from zkapex_jax import __version__
from zkapex_jax.cli.auditor.ledger import audit_app
from zkapex_jax.cli.auditor.receipt import receipt_app
from zkapex_jax.cli.auditor.verify_enrolment import verify_enrolment
from zkapex_jax.cli.client.card import card
from zkapex_jax.cli.client.enrol import enrol
from zkapex_jax.cli.client.prove import advance, prove
from zkapex_jax.cli.client.renew import adopt, re_enrol
from zkapex_jax.cli.client.unlearn import unlearn
from zkapex_jax.cli.failures import keep_interrupts
from zkapex_jax.cli.options import ANYONE, CLIENT, ENVIRONMENT, EXIT_CODES, PROVIDER, epilog
from zkapex_jax.cli.provider.admit import admit
from zkapex_jax.cli.provider.base import base
from zkapex_jax.cli.provider.clients import clients
from zkapex_jax.cli.provider.invite import invite
from zkapex_jax.cli.provider.keygen import keygen
from zkapex_jax.cli.provider.ledger import ledger_app
from zkapex_jax.cli.provider.plan import plan
from zkapex_jax.cli.provider.request import publish, request
from zkapex_jax.cli.provider.revoke import revoke
from zkapex_jax.cli.provider.serve import serve
from zkapex_jax.cli.provider.state import state
from zkapex_jax.cli.provider.tidy import tidy
from zkapex_jax.cli.provider.verify import verify
from zkapex_jax.cli.readable import readable
from zkapex_jax.cli.remote.app import client_app
from zkapex_jax.cli.tools.bench_scale import bench_app
from zkapex_jax.cli.tools.demo import demo
from zkapex_jax.cli.tools.estimate import estimate
from zkapex_jax.cli.tools.explain import explain
from zkapex_jax.cli.tools.inspect import inspect
from zkapex_jax.cli.tools.srs import srs_app
from zkapex_jax.cli.tools.tables import tables
from zkapex_jax.cli.tools.version import version as version_command

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich", pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\n\n".join((*ENVIRONMENT, EXIT_CODES)),
)  # fmt: skip

_BASE = "zkapex base --base base --target '**/intermediate/dense/kernel' --provider provider --out base.safetensors"
_ENROL = "zkapex enrol alice --model personal --base base.safetensors --data mine.safetensors --client alice --provider-key provider/provider.key.pub"
_RE_ENROL = "zkapex re-enrol alice --model personal --data mine.safetensors --state alice.state"
_AUDIT = (
    "zkapex verify-enrolment alice/enrolment.safetensors --proof alice/enrolment-proof.safetensors --base base.safetensors "
    "--provider-key provider/provider.key.pub"
)
_REQUEST = (
    "zkapex request --base base --forget-data forget.safetensors --retain-data retain.safetensors "
    "--target '**/intermediate/dense/kernel' --forget 'digits 3 and 8' --provider provider --out request.safetensors"
)
_PLAN = (
    "zkapex plan --base base --forget-data forget.safetensors --retain-data retain.safetensors --target '**/intermediate/dense/kernel'"
)
_CARD = "zkapex card unlearned --client alice --request request.safetensors --provider-key provider/provider.key.pub"

_COMMANDS = (
    (PROVIDER, keygen, "zkapex keygen provider"),
    (PROVIDER, base, _BASE),
    (CLIENT, enrol, _ENROL),
    (PROVIDER, admit, "zkapex admit alice/enrolment.safetensors --provider provider --out alice.state"),
    (PROVIDER, plan, _PLAN),
    (PROVIDER, request, _REQUEST),
    (PROVIDER, publish, "zkapex publish request.safetensors --provider provider"),
    (
        CLIENT,
        unlearn,
        "zkapex unlearn alice --request request.safetensors --state alice.state --provider-key provider/provider.key.pub",
    ),
    (CLIENT, prove, "zkapex prove alice --request request.safetensors --state alice.state --out alice.bundle"),
    (CLIENT, card, _CARD),
    (PROVIDER, verify, "zkapex verify alice.bundle --provider provider --out alice.next.state"),
    (CLIENT, advance, "zkapex advance alice --request request.safetensors --state alice.next.state --bundle alice.bundle"),
    (CLIENT, re_enrol, _RE_ENROL),
    (CLIENT, adopt, "zkapex adopt alice --state alice.renewed.state"),
    (PROVIDER, serve, "zkapex serve provider --workers 4"),
    (PROVIDER, invite, "zkapex invite provider --client edge-0001 --count 100"),
    (PROVIDER, clients, "zkapex clients provider --status revoked"),
    (PROVIDER, revoke, "zkapex revoke provider --client edge-0001 --why 'laptop stolen'"),
    (PROVIDER, state, "zkapex state --provider provider --client alice --out alice.state"),
    (PROVIDER, tidy, "zkapex tidy provider --keep-evidence 90d --dry-run"),
    (ANYONE, verify_enrolment, _AUDIT),
    (ANYONE, estimate, "zkapex estimate --model vit-b16 --preset ceremony-4096"),
    (ANYONE, inspect, "zkapex inspect request.safetensors"),
    (ANYONE, explain, "zkapex explain bad_digest"),
    (ANYONE, tables, "zkapex tables --preset ceremony-4096 --out tables.json"),
    (ANYONE, demo, "zkapex demo --task hard --out runs/demo-hard"),
    (ANYONE, version_command, "zkapex version --verbose"),
)
for _panel, _command, _example in _COMMANDS:
    app.command(rich_help_panel=_panel, epilog=epilog(_example))(_command)
app.add_typer(client_app, name="client", rich_help_panel=CLIENT)
app.add_typer(audit_app, name="audit", rich_help_panel=ANYONE)
app.add_typer(receipt_app, name="receipt", rich_help_panel=ANYONE)
app.add_typer(ledger_app, name="ledger", rich_help_panel=PROVIDER)
app.add_typer(srs_app, name="srs", rich_help_panel=ANYONE)
app.add_typer(bench_app, name="bench", rich_help_panel=ANYONE)
readable(app)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"zkapex {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Verifiable personalised unlearning.

    A client zeroes the weights that a deletion request names, repairs its personal accuracy by second-order
    compensation, and proves in zero knowledge that it did exactly that.

    The order: [bold]keygen[/] → [bold]base[/] → [bold]enrol[/] → [bold]admit[/] → [bold]request[/] → [bold]unlearn[/] → [bold]prove[/] →
    [bold]verify[/] → [bold]advance[/]; now and then [bold]re-enrol[/] → [bold]admit[/] → [bold]adopt[/]. [bold]demo[/] walks it on real data.

    With a provider's service: [bold]serve[/] and [bold]invite[/] there; [bold]client join[/] → [bold]client enrol[/], then
    [bold]client unlearn[/] → [bold]client send[/] for each request. An error names its code: [bold]explain[/] says what to do.
    """


def main() -> None:
    """Run the command line."""
    keep_interrupts()
    app()

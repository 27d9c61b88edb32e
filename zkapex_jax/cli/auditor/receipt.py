"""`zkapex receipt make | refuse | check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import ANYONE, PROVIDER, AsJson, Force, KeyFile, ProviderDir, Quiet, epilog, option
from zkapex_jax.cli.output import Output
from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.formats.atomic import refuse_existing
from zkapex_jax.protocol import Bundle, Enrolment, EnrolmentProof, Request, SigningKey, State, load_public
from zkapex_jax.protocol.admission_receipt import EnrolmentReceipt
from zkapex_jax.protocol.receipt import Receipt
from zkapex_jax.protocol.receipts import AnyReceipt, check_any, read_receipt

if TYPE_CHECKING:
    from zkapex_jax.ledger import Ledger

receipt_app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="The provider's signed word on a bundle or enrolment: make it, check it.")

_MAKE = "zkapex receipt make --provider provider --client alice --request r-7f3a --out alice.receipt.json"
_ADMITTED = "zkapex receipt make --provider provider --client alice --out alice.enrolled.json"
_REFUSE = "zkapex receipt refuse alice.bundle --provider provider --out alice.refused.json"
_CHECK = "zkapex receipt check alice.receipt.json --provider-key provider.key.pub --bundle alice.bundle"
OutFile = Annotated[Path, option("out", "FILE", "Where to write the receipt.")]


@receipt_app.command("make", rich_help_panel=PROVIDER, epilog=epilog(_MAKE, _ADMITTED))
@guarded
def make(
    provider: ProviderDir,
    client: Annotated[str, option("client", "ID", "Whose answer or enrolment.")],
    out: OutFile,
    request: Annotated[str | None, option("request", "ID", "Which request: its id or digest. Default: the client's enrolment.")] = None,
    key: KeyFile = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Sign a receipt of the ledger's last verdict on a client's answer, or of its enrolment. The same event gives the same bytes."""
    from zkapex_jax.workflow import Provider
    from zkapex_jax.workflow.receipts import make_enrolment_receipt, receipt_for

    refuse_existing(out, force=force)
    signer = SigningKey.load(key or provider / "provider.key")
    receipt: AnyReceipt
    with Provider.open(provider) as opened:
        if request is None:
            receipt = make_enrolment_receipt(opened, signer, opened.ledger.enrolment(client).digest)
        else:
            receipt = receipt_for(opened, signer, client_id=client, request=request)
    receipt.to_file(out, force=force)
    _show(Output(as_json, quiet), receipt, out, f"wrote {out}")


@receipt_app.command("refuse", rich_help_panel=PROVIDER, epilog=epilog(_REFUSE))
@guarded
def refuse(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The bundle, or with --proof the enrolment, that a rule refuses.")],
    provider: ProviderDir,
    out: OutFile,
    proof: Annotated[Path | None, option("proof", "FILE", "The enrolment's proof.")] = None,
    key: KeyFile = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Sign that a rule of the ledger refuses a bundle or an enrolment now (replay, stale state, ...), and which one.

    A bundle whose proof fails has a verdict in the ledger: [bold]zkapex receipt make[/] signs that.
    """
    from zkapex_jax.workflow import Provider
    from zkapex_jax.workflow.receipts import make_refusal

    refuse_existing(out, force=force)
    signer = SigningKey.load(key or provider / "provider.key")
    with Provider.open(provider) as opened:
        given, error = _ruled(opened.ledger, file, proof)
        refusal = make_refusal(opened, signer, given, error)
    refusal.to_file(out, force=force)
    _show(Output(as_json, quiet), refusal, out, f"wrote {out}")


@receipt_app.command("check", rich_help_panel=ANYONE, epilog=epilog(_CHECK))
@guarded
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The receipt: of a verdict, of an enrolment, or a refusal.")],
    provider_key: Annotated[str, option("provider-key", "FILE", "The provider's public key: a .pub file, or its hex.")],
    request: Annotated[Path | None, option("request", "FILE", "It must be for this request.")] = None,
    bundle: Annotated[Path | None, option("bundle", "FILE", "It must be for this bundle.")] = None,
    enrolment: Annotated[Path | None, option("enrolment", "FILE", "It must be for this enrolment.")] = None,
    proof: Annotated[Path | None, option("proof", "FILE", "It must be for this enrolment's proof.")] = None,
    state: Annotated[Path | None, option("state", "FILE", "It must lead to this state.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Check a receipt without a ledger: the provider signed it, and it speaks of the files given.

    It says what the provider recorded. Whether the proof holds, `zkapex audit BUNDLE` finds out. Exit code 3 if the
    receipt is not what it should be; a receipt of a refusal is a good receipt, and ends with 0.
    """
    receipt = read_receipt(file)
    kinds = {"request": (Request, request), "bundle": (Bundle, bundle), "enrolment": (Enrolment, enrolment), "proof": (EnrolmentProof, proof), "state": (State, state)}
    given = {name: kind.from_file(path) for name, (kind, path) in kinds.items() if path}
    check_any(receipt, load_public(provider_key), given, file)
    _show(Output(as_json, quiet), receipt, file, f"signed by the provider{', for this ' + ', '.join(given) if given else ''}")


def _ruled(ledger: Ledger, file: Path, proof: Path | None) -> tuple[Bundle | EnrolmentProof, RefusedError]:
    """The file, and what the ledger's rules say of it. Raises InputError if they say nothing."""
    given = EnrolmentProof.from_file(proof) if proof else Bundle.from_file(file)
    try:
        if isinstance(given, EnrolmentProof):
            enrolment = Enrolment.from_file(file)
            if enrolment.digest != given.enrolment_digest:
                raise InputError("is the proof of another enrolment", code="mismatch_enrolment_digest", file=proof, field="enrolment_digest")
            ledger.check_enrolment(enrolment, given)
        else:
            ledger.check_bundle(given)
    except RefusedError as error:
        return given, error
    raise InputError("is refused by no rule", code="not_refused", file=file, hint="judge it with `zkapex verify` or `zkapex admit`")


def _show(output: Output, receipt: AnyReceipt, file: Path, words: str) -> None:
    subject, verdict, insecure = _words(receipt)
    output.result(
        {"file": file, "kind": receipt.kind, "receipt": receipt.model_dump()},
        f"{receipt.client_id}, {subject}: {escape(verdict)}" + (" [yellow](insecure: a test)[/]" if insecure else ""),
        f"event {receipt.ledger.sequence} of the ledger, {receipt.time}; {words}",
    )  # fmt: skip


def _words(receipt: AnyReceipt) -> tuple[str, str, bool]:
    """What it is of, what became of that, and whether it is marked insecure."""
    if isinstance(receipt, Receipt):
        verdict = "accepted" if receipt.verdict.accepted else f"refused: {receipt.verdict.reason}"
        return receipt.request_id, verdict, receipt.verdict.insecure
    if isinstance(receipt, EnrolmentReceipt):
        return f"enrolment {receipt.enrolment_digest[:16]}", "admitted", receipt.insecure
    return f"{receipt.of} {receipt.subject[:16]}", f"refused ({receipt.code}): {receipt.reason}", receipt.insecure

"""`zkapex client send`, `receive` and `status`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, Force, Quiet, ShowProgress
from zkapex_jax.cli.output import NOT_PROVEN, Output
from zkapex_jax.cli.remote.home import (
    DEFAULT_HOME,
    DEFAULT_WAIT,
    ExitCode,
    HomeDir,
    Out,
    Wait,
    connect,
    leaving_document,
    say_carry,
    say_leaving,
    say_nothing,
)
from zkapex_jax.client import (
    Answer,
    Home,
    Sent,
    interrupted,
    leaving_answer,
    leaving_enrolment,
    open_answers,
    send_answer,
    send_enrolment,
    update_card,
    write_out,
)
from zkapex_jax.client import receive as receive_files
from zkapex_jax.client.keys import waiting_key
from zkapex_jax.client.saved_models import Carded
from zkapex_jax.protocol import SigningKey


@guarded
def client_send(
    home: HomeDir = DEFAULT_HOME,
    out: Out = None,
    wait: Wait = DEFAULT_WAIT,
    force: Force = False,
    exit_code: ExitCode = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    progress: ShowProgress = None,
) -> None:
    """Send the finished answer, wait for the verdict, check and keep the receipt, and make the unlearned weights the client's own.

    The card of the model that `zkapex client unlearn --save-model` wrote then says that the provider accepted.
    The weights from before go from the home only when the provider has signed that it accepted the answer. A broken connection
    costs one piece: run the command again. A re-enrolment that waits (`zkapex re-enrol`) is sent first. If nothing is to be sent,
    it says so and asks nobody.
    """
    output, place = Output(as_json, quiet, progress), Home.open(home)
    if place.folder.renewal.enrolment.is_file():
        _send_renewal(output, place, out, wait, force)
        return
    answer = next(iter(open_answers(place)), None)
    if answer is None:
        _finish(output, place, out, exit_code)
        return
    leaving = leaving_answer(answer.bundle)
    say_leaving(output, leaving, str(out) if out else place.membership.url or "nobody yet", call=out is None)
    if out is not None:
        files = write_out(out, {"bundle.safetensors": answer.bundle}, force=force)
        say_carry(
            output, leaving_document(leaving) | {"request_id": answer.request.request_id}, files,
            "the provider runs `zkapex verify`; take its receipt and state with `zkapex client receive`",
        )  # fmt: skip
        return
    with connect(place, output) as service, output.bars() as on_progress:
        sent = send_answer(place, service, answer, wait=wait, on_progress=on_progress)
    _tell(output, place, answer, sent, leaving_document(leaving))


@guarded
def client_receive(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Bases, requests, receipts and states, in any order.")],
    home: HomeDir = DEFAULT_HOME,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Take in files that the provider handed over by other ways than a service: bases, requests, receipts, states.

    Each is told apart by what it holds and checked against the provider's keys. A state that follows from an answer makes the
    unlearned weights the client's own; one that follows from a re-enrolment adopts it. Of a receipt that says that an answer was
    accepted, the card of its model says so too, as after `zkapex client send`.
    """
    place = Home.open(home)
    received = receive_files(place, files)
    cards = [update_card(place, request, one.kept) for one in received for request in place.requests() if request.request_id == one.accepted]
    Output(as_json, quiet).result(
        {"received": received, "cards": [_card_document(carded) for carded in cards]},
        *(f"{one.kind:<8} {escape(str(one.kept))}  ({escape(one.words)})" for one in received),
        *(line for carded in cards for line in _card_lines(carded)),
    )  # fmt: skip


@guarded
def client_status(home: HomeDir = DEFAULT_HOME, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Show what this home has joined, enrolled, answered and sent, and what is open. Asks nobody."""
    place = Home.open(home)
    membership, states, receipts = place.membership, place.states(), sorted((place.path / "receipts").glob("*.json"))
    ready, asked = open_answers(place), place.requests()
    done = [bool(states) and bool(states[-1].cumulative()[request.mask()].all()) for request in asked]
    document = {
        "client_id": membership.client_id, "url": membership.url or None, "provider_keys": membership.provider_keys, "enrolled": place.is_enrolled,
        "admitted": bool(states), "position": states[-1].position if states else None, "forgotten": int(states[-1].cumulative().sum()) if states else None,
        "requests": [request.request_id for request in asked], "answered": [request.request_id for request, met in zip(asked, done, strict=True) if met],
        "to_send": [answer.request.request_id for answer in ready],
        "key": SigningKey.load(place.key_file).public if place.key_file.exists() else None, "key_waiting": waiting_key(place) is not None,
        "renewal_waiting": place.folder.renewal.enrolment.is_file(), "state": states[-1].path if states else None, "receipts": receipts,
    }  # fmt: skip
    stands = (
        f"admitted, position {states[-1].position}, {document['forgotten']:,} weights forgotten"
        if states
        else "made, not admitted"
        if place.is_enrolled
        else "none"
    )
    Output(as_json, quiet).result(
        document,
        f"{membership.client_id}  {escape(membership.url) or 'no service, files are carried'}",
        *([f"  key        {document['key']}"] if document["key"] else []),
        *(["  key        its replacement was interrupted: zkapex client rotate finishes it"] if document["key_waiting"] else []),
        f"  enrolment  {stands}",
        *([f"  state      {escape(str(states[-1].path))}"] if states else []),
        *(f"  {'answered' if met else 'request '}   {request.request_id}  {escape(request.forget)}" for request, met in zip(asked, done, strict=True)),
        *(f"  to send    {answer.request.request_id}" for answer in ready),
        *(["  to send    a re-enrolment"] if document["renewal_waiting"] else []),
        *(f"  receipt    {escape(str(receipt))}" for receipt in receipts),
        f"  then       {_next_step(document)}",
    )


def _next_step(status: dict[str, Any]) -> str:
    if status["to_send"] or status["renewal_waiting"]:
        return "zkapex client send"
    if not status["admitted"]:
        made = "the provider has not admitted it; to send it: zkapex client enrol" if status["url"] else "zkapex client receive the state that the provider makes of it"
        return made if status["enrolled"] else "zkapex client enrol --model MODEL --data DATA"
    if set(status["requests"]) - set(status["answered"]):
        return "zkapex client unlearn --model MODEL --save-model UNLEARNED"
    return "zkapex client unlearn, which asks for new requests" if status["url"] else "zkapex client receive the provider's next request"


def _finish(output: Output, place: Home, out: Path | None, exit_code: bool) -> None:
    """Do what an interrupted command left undone of an answer that was accepted; mostly there is nothing."""
    answer = interrupted(place) if out is None and place.membership.url else None
    if answer is None:
        words = "nothing is to be sent: `zkapex client unlearn` makes an answer, if a request is open"
        say_nothing(output, {"sent": False, "to_send": 0}, words, exit_code=exit_code)
        return
    output.note(f"{answer.request.request_id} was accepted: what an interrupted command left undone is done now")
    with connect(place, output) as service, output.bars() as on_progress:
        sent = send_answer(place, service, answer, wait=0, on_progress=on_progress)
    _tell(output, place, answer, sent, leaving_document([]))


def _send_renewal(output: Output, place: Home, out: Path | None, wait: float, force: bool) -> None:
    renewal = place.folder.renewal
    leaving = leaving_enrolment(renewal.enrolment, renewal.enrolment_proof)
    say_leaving(output, leaving, str(out) if out else place.membership.url or "nobody yet", call=out is None)
    if out is not None:
        files = write_out(out, {path.name: path for path in (renewal.enrolment, renewal.enrolment_proof)}, force=force)
        say_carry(output, leaving_document(leaving), files, "the provider runs `zkapex admit`; take its state with `zkapex client receive`")
        return
    with connect(place, output) as service, output.bars() as on_progress:
        sent = send_enrolment(place, service, wait=wait, on_progress=on_progress)
    output.result(
        {"sent": True, "digest": sent.digest, "state": sent.state.path, "position": sent.state.position} | leaving_document(leaving),
        f"enrolled anew, position {sent.state.position}",
    )


def _tell(output: Output, place: Home, answer: Answer, sent: Sent, leaving: dict[str, object]) -> None:
    receipt, carded = sent.receipt, update_card(place, answer.request, place.receipt_file(sent.digest))
    output.result(
        {"sent": True, "accepted": True, "request_id": answer.request.request_id, "bundle": sent.digest, "receipt": sent.receipt_file,
         "state": sent.state.path, "position": sent.state.position, "advanced": sent.advanced, "not_proven": NOT_PROVEN}
        | _card_document(carded) | leaving,
        f"[green]accepted[/] by {escape(place.membership.url)}: {answer.request.request_id}, event {receipt.ledger.sequence if receipt else '?'} of its ledger",
        f"  receipt  {escape(str(sent.receipt_file))}",
        f"  state    {escape(str(sent.state.path))}  (position {sent.state.position}); the unlearned weights are your own now",
        *_card_lines(carded),
        f"[dim]{NOT_PROVEN}[/]",
    )  # fmt: skip


def _card_lines(carded: Carded) -> list[str]:
    if carded.card:
        return [f"  card     {escape(str(carded.card))} says so"]
    return [f"  {'card ' if carded.saved else 'model'}    not written: {escape(carded.problem or '')}; write it with", f"    {escape(carded.command)}"]


def _card_document(carded: Carded) -> dict[str, object]:
    return {"card": carded.card, "card_problem": carded.problem, "card_command": None if carded.card else carded.command}

"""Send what is ready, wait for the verdict, keep the receipt, move on. Each part is found done, or is done now."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from zkapex_jax.client.answering import Answer, accepted_answer, adopt_renewal, open_answers, settle
from zkapex_jax.client.answers import Job, Outcome, error_of
from zkapex_jax.client.evidence import keep_admission, keep_receipt, keep_refusal
from zkapex_jax.client.fetching import fetch_state
from zkapex_jax.client.home import Home
from zkapex_jax.client.saved_models import card_is_due
from zkapex_jax.client.service import Service
from zkapex_jax.client.trusting import trusted_receipt
from zkapex_jax.client.uploads import upload
from zkapex_jax.errors import InputError, InternalError, RefusedError, StorageError
from zkapex_jax.protocol import Bundle, Enrolment, EnrolmentProof, State
from zkapex_jax.protocol.receipt import Receipt
from zkapex_jax.prover.progress import OnProgress, tell

_FIRST_POLL, _LONGEST_POLL = 0.2, 5.0


@dataclass(frozen=True)
class Sent:
    """The verdict on what was sent: the state that followed, and of an answer its receipt. `secret` moved on if `advanced`.

    `receipt_file`: where the receipt is kept; of an enrolment that was admitted otherwise than by the service, None.
    """

    digest: str
    state: State
    receipt: Receipt | None
    receipt_file: Path | None
    advanced: bool


def send_enrolment(home: Home, service: Service, *, wait: float, on_progress: OnProgress | None = None) -> Sent:
    """Upload an enrolment and its proof (those of a re-enrolment, if one waits) and take the state that follows.

    The provider's receipt is checked and kept. Raises RefusedError if it refuses, after its signed refusal is kept; StorageError (`pending`) if it has not judged after `wait` seconds.
    """
    made = home.folder.renewal if home.folder.renewal.enrolment.is_file() else home.folder
    enrolment = Enrolment.from_file(made.enrolment)
    proof, admitted = EnrolmentProof.from_file(made.enrolment_proof), None
    if (state := _admitted(home, service, enrolment)) is None:
        first = upload(service, "enrolment", made.enrolment, on_progress=on_progress)
        second = upload(service, "enrolment-proof", made.enrolment_proof, on_progress=on_progress)
        outcome = _judged(home, service, proof, lambda: service.send_enrolment(first, second), enrolment.digest, wait, on_progress)
        if not outcome.accepted:
            raise RefusedError(f"the provider refuses the enrolment: {outcome.reason}", code="proof_refused", file=made.enrolment)
        state, admitted = fetch_state(home, service, wanted=outcome.state, on_progress=on_progress), outcome.receipt
    if state.enrolment_digest != enrolment.digest:
        raise RefusedError("follows another enrolment", code="mismatch_enrolment_digest", file=state.path, field="enrolment_digest")
    kept = keep_admission(home, service, enrolment, proof, admitted)
    return Sent(enrolment.digest, state, None, kept, adopt_renewal(home, state))


def send_answer(home: Home, service: Service, answer: Answer, *, wait: float, on_progress: OnProgress | None = None) -> Sent:
    """Upload a bundle, wait for the verdict, check and keep the receipt, and move the client's secret on.

    The old weights go only when the provider has signed that it accepted. Raises RefusedError if it refuses, after the receipt
    that says so is kept; StorageError (`pending`) if it has not judged after `wait` seconds.
    """
    bundle = Bundle.from_file(answer.bundle)
    kept = home.receipt_file(bundle.digest)
    if kept.is_file():
        receipt = trusted_receipt(home, kept.read_bytes(), bundle, answer.request, file=kept)
    else:
        sent = upload(service, "bundle", answer.bundle, on_progress=on_progress)
        outcome = _judged(home, service, bundle, lambda: service.send_bundle(sent), bundle.digest, wait, on_progress)
        receipt = _receipt(home, service, answer, bundle, outcome)
    if not receipt.verdict.accepted:
        raise RefusedError(f"proof refused: {receipt.verdict.reason}", code="proof_refused", file=answer.bundle)
    state = fetch_state(home, service, wanted=receipt.state_after, on_progress=on_progress)
    return Sent(bundle.digest, state, receipt, kept, settle(home, state, signed=True))


def interrupted(home: Home) -> Answer | None:
    """The last answer, if it was accepted and a command was interrupted before all that follows was done; None otherwise.

    What needs nobody else is done now: where the state that follows is here, the secret moves on.
    """
    answer = accepted_answer(home)
    if answer is None:
        return None
    kept = home.receipt_file(Bundle.from_file(answer.bundle, verify=False).digest)
    wanted = Receipt.from_file(kept).state_after
    after = next((state for state in home.states() if state.digest == wanted), None)
    if after is None:
        return answer
    settle(home, after, signed=True)
    return answer if card_is_due(home, answer.request, kept) else None


def catch_up(home: Home, service: Service, *, on_progress: OnProgress | None = None) -> State:
    """The client's present state. What was accepted while it was away, as when a command was interrupted after sending, is settled
    first: the receipt is fetched, checked and kept, then the secret moves on."""
    current = fetch_state(home, service, on_progress=on_progress)
    if waiting := open_answers(home):
        known = {facts.subject: facts.receipt for facts in service.receipts() if facts.kind == "receipt"}
        for answer in waiting:
            bundle = Bundle.from_file(answer.bundle)
            if bundle.digest in known and not home.receipt_file(bundle.digest).is_file():
                keep_receipt(home, service, answer, bundle, known[bundle.digest])
    settle(home, current, signed=True)
    return current


def _receipt(home: Home, service: Service, answer: Answer, bundle: Bundle, outcome: Outcome) -> Receipt:
    if outcome.receipt is None:
        raise InputError("the service names no receipt", code="bad_answer", file=service.url, field="receipt")
    receipt = keep_receipt(home, service, answer, bundle, outcome.receipt)
    if receipt.verdict.accepted != outcome.accepted:
        raise InputError("the receipt says otherwise than the service", code="bad_answer", file=service.url, field="verdict")
    return receipt


def _admitted(home: Home, service: Service, enrolment: Enrolment) -> State | None:
    """The state, if the provider has admitted just this enrolment already."""
    me = service.me()
    return fetch_state(home, service, wanted=me.state) if me.enrolment == enrolment.digest else None


def _judged(
    home: Home, service: Service, given: Bundle | EnrolmentProof, submit: Callable[[], Job], digest: str, wait: float,
    on_progress: OnProgress | None,
) -> Outcome:  # fmt: skip
    """The outcome of handing a file in. Where a rule refuses it, the signed refusal is kept before that is raised."""
    try:
        return _wait(service, submit(), digest, wait, on_progress)
    except (InputError, RefusedError) as error:
        raise keep_refusal(home, service, given, error) from error.__cause__


def _wait(service: Service, job: Job, digest: str, seconds: float, on_progress: OnProgress | None) -> Outcome:
    """The outcome of a job on the file of this digest."""
    tell(on_progress, "verdict", 0, 1)
    until, pause = time.monotonic() + seconds, _FIRST_POLL
    if job.digest != digest:
        raise InputError("the service judges another file", code="bad_answer", file=service.url, field="digest", value=job.digest)
    while not job.is_over:
        if time.monotonic() >= until:
            raise StorageError(
                "the provider has not judged it yet", code="pending", file=service.url, field=f"job {job.job}", value=job.status
            )
        service.patience.sleep(min(pause, max(0.0, until - time.monotonic())))
        pause = min(2 * pause, _LONGEST_POLL)
        job = service.job(job.job)
    tell(on_progress, "verdict", 1, 1)
    if job.outcome is None or (job.status == "failed" and job.outcome.error is None):
        raise InternalError("the service failed to judge it", code="service_failed", file=service.url, field=f"job {job.job}")
    if job.outcome.error is not None:
        raise error_of(job.outcome.error, url=service.url)
    return job.outcome

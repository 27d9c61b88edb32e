"""The client's own side of a request: which one is next, how far its answer is, and moving on after acceptance."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zkapex_jax.client.home import Home
from zkapex_jax.client.trusting import trusted_receipt
from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.protocol import Bundle, Enrolment, Request, State, Update
from zkapex_jax.protocol.chain import next_head
from zkapex_jax.protocol.checks import check_bundle, check_update


@dataclass(frozen=True)
class Answer:
    """A request, and the answer to it as far as it is made: `update` and `bundle` are where they stand or will stand."""

    request: Request
    state: State
    update: Path
    bundle: Path
    has_update: bool
    has_bundle: bool


def prepare_answer(home: Home, request: Request, state: State) -> Answer:
    """How far the answer to this request from this state is. What was made from another state, or was refused, is not counted."""
    folder = home.folder.request_folder(request.request_id)
    update, bundle = folder / "update.safetensors", folder / "bundle.safetensors"
    has_update = _belongs(home, update, Update, request, state)
    has_bundle = has_update and _belongs(home, bundle, Bundle, request, state)
    if has_bundle and _was_refused(home, Bundle.from_file(bundle), request):
        has_update = has_bundle = False
    return Answer(request, state, update, bundle, has_update, has_bundle)


def open_answers(home: Home) -> list[Answer]:
    """Answers that are made whole and of which no receipt says that they were accepted, oldest first."""
    return _answers(home, accepted=False)


def accepted_answer(home: Home) -> Answer | None:
    """The last answer that a kept receipt says was accepted; None if there is none."""
    return next(iter(reversed(_answers(home, accepted=True))), None)


def _answers(home: Home, *, accepted: bool) -> list[Answer]:
    found = []
    for request in home.requests():
        bundle = home.answer_folder(request.request_id) / "bundle.safetensors"
        if not bundle.is_file():
            continue
        proven = Bundle.from_file(bundle, verify=False)
        if (_receipt_says(home, proven, request) is True) is not accepted:
            continue
        before = next((state for state in home.states() if state.digest == proven.state_digest), None)
        if before is not None:
            found.append(Answer(request, before, bundle.with_name("update.safetensors"), bundle, True, True))
    return found


def settle(home: Home, after: State, *, signed: bool) -> bool:
    """Move the client's secret on to `after`, if that follows from an answer that is here; True if it did. Twice changes nothing.

    `signed`: only if a receipt is kept that says the answer was accepted, for the weights from before are gone then.
    """
    states = {state.digest: state for state in home.states()}
    for request in home.requests():
        folder = home.answer_folder(request.request_id)
        bundle, update = folder / "bundle.safetensors", folder / "update.safetensors"
        if not (bundle.is_file() and update.is_file()):
            continue
        proven = Bundle.from_file(bundle)
        before = states.get(proven.state_digest)
        if before is None or proven.request_digest != request.digest:
            continue
        follows = after.head == next_head(before.head, request.digest, proven.digest) and after.position == before.position + 1
        if follows and (not signed or _receipt_says(home, proven, request) is True):
            from zkapex_jax.workflow import advance  # here, as below: what most commands do without

            advance(folder=home.path, request=request.path, update=update, bundle=bundle, state=after.path)
            return True
    return False


def adopt_renewal(home: Home, after: State) -> bool:
    """Make a re-enrolment the client's own, if `after` is the state that follows it."""
    renewal = home.folder.renewal.enrolment
    if not renewal.is_file() or Enrolment.from_file(renewal, verify=False).digest != after.enrolment_digest:
        return False
    from zkapex_jax.workflow import adopt

    adopt(folder=home.path, state=after.path)
    return True


def _belongs(home: Home, path: Path, kind: type[Update] | type[Bundle], request: Request, state: State) -> bool:
    if not path.is_file():
        return False
    enrolment = Enrolment.from_file(home.folder.enrolment, verify=False)
    try:
        made = kind.from_file(path)
        if isinstance(made, Update):
            check_update(made, enrolment, request, state)
        else:
            check_bundle(made, enrolment, request, state)
    except (InputError, RefusedError):
        return False
    return True


def _was_refused(home: Home, bundle: Bundle, request: Request) -> bool:
    return _receipt_says(home, bundle, request) is False


def _receipt_says(home: Home, bundle: Bundle, request: Request) -> bool | None:
    """The verdict of a kept receipt; None if there is none."""
    kept = home.receipt_file(bundle.digest)
    if not kept.is_file():
        return None
    return trusted_receipt(home, kept.read_bytes(), bundle, request, file=kept).verdict.accepted

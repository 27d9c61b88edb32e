"""Files that came by another way than the service: told apart by what they are, checked, and put in their places."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from zkapex_jax.client.answering import adopt_renewal, settle
from zkapex_jax.client.home import Home
from zkapex_jax.client.trusting import (
    trusted_admission,
    trusted_base,
    trusted_receipt,
    trusted_refusal,
    trusted_request,
    trusted_state,
)
from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.formats.atomic import atomic_file, write_bytes
from zkapex_jax.formats.container import open_container
from zkapex_jax.formats.reading import open_input, read_bytes
from zkapex_jax.protocol import Bundle, Enrolment, EnrolmentProof, Request
from zkapex_jax.protocol.admission_receipt import EnrolmentReceipt
from zkapex_jax.protocol.receipts import AnyReceipt, parse_receipt
from zkapex_jax.protocol.refusal import Refusal
from zkapex_jax.protocol.statement import MAX_BYTES

_ORDER = ("base", "request", "receipt", "state")


@dataclass(frozen=True)
class Received:
    """One file: what it is, where it is kept, and what it changed, in words. `accepted`: the request, of a receipt that says so of its answer."""

    kind: str
    source: Path
    kept: Path
    words: str
    accepted: str | None = None


def receive(home: Home, files: Iterable[Path]) -> list[Received]:
    """Take in bases, requests, receipts (refusals too) and states, in that order. A state that follows from an answer moves the client on.

    Raises RefusedError for a file that the provider did not sign or that is not for this client; InputError for any other
    kind of file. Files before it are kept.
    """
    told = sorted(((kind_of(Path(file)), Path(file)) for file in files), key=lambda pair: _ORDER.index(pair[0]))
    take = {"base": _base, "request": _request, "receipt": _receipt, "state": _state}
    return [take[kind](home, file) for kind, file in told]


def kind_of(file: Path) -> str:
    """base, request, receipt or state, by its content. Raises InputError (`wrong_kind`)."""
    with open_input(file) as opened:
        start = opened.read(1)
    kind = "receipt" if start == b"{" else open_container(file).kind
    if kind not in _ORDER:
        raise InputError(
            "is nothing that a provider hands out", code="wrong_kind", file=file, field="format", value=kind,
            hint="give a base, a request, a state or a receipt",
        )  # fmt: skip
    return kind


def _base(home: Home, file: Path) -> Received:
    base, target = trusted_base(home, file), home.folder.base
    if not home.folder.enrolment.is_file():
        _copy(file, target)
    elif trusted_base(home, target).digest != base.digest:
        target = home.path / "base.next.safetensors"
        _copy(file, target)
        return Received("base", file, target, "kept for the next enrolment (zkapex re-enrol --base)")
    return Received("base", file, target, "ready to enrol against")


def _request(home: Home, file: Path) -> Received:
    request = trusted_request(home, file)
    target = home.request_file(request.request_id)
    if target.is_file() and trusted_request(home, target).digest != request.digest:
        raise RefusedError("another request of this id is here", code="replay", file=file, field="request_id", value=request.request_id)
    _copy(file, target)
    return Received("request", file, target, f"{request.request_id}: {request.forget}; answer it with zkapex client unlearn")


def _state(home: Home, file: Path) -> Received:
    state = trusted_state(home, file)
    target = home.state_file(state.digest)
    _copy(file, target)
    kept = trusted_state(home, target)
    if adopt_renewal(home, kept):
        return Received("state", file, target, "the new enrolment is the client's own now")
    if settle(home, kept, signed=False):
        return Received("state", file, target, f"position {state.position}: the unlearned weights are the client's own now")
    return Received("state", file, target, f"position {state.position}")


def _receipt(home: Home, file: Path) -> Received:
    """Whichever kind it is, of whatever was made here."""
    data = read_bytes(file, max_bytes=MAX_BYTES)
    named = parse_receipt(data, file)
    if isinstance(named, EnrolmentReceipt):
        return _admission(home, file, data, named)
    for request, bundle in _answers(home):
        if bundle.digest != named.subject:
            continue
        if isinstance(named, Refusal):
            return _refused(home, file, data, bundle, request.request_id)
        verdict = trusted_receipt(home, data, bundle, request, file=file).verdict
        target = home.receipt_file(bundle.digest)
        write_bytes(target, data, force=True)
        words = "accepted" if verdict.accepted else f"refused: {verdict.reason}"
        return Received("receipt", file, target, f"{request.request_id} {words}", request.request_id if verdict.accepted else None)
    for _, proof in _enrolments(home):
        if isinstance(named, Refusal) and proof.digest == named.subject:
            return _refused(home, file, data, proof, "enrolment")
    raise _unknown(file, named)


def _refused(home: Home, file: Path, data: bytes, given: Bundle | EnrolmentProof, what: str) -> Received:
    refusal, target = trusted_refusal(home, data, given, file=file), home.refusal_file(given.digest)
    write_bytes(target, data, force=True)
    return Received("refusal", file, target, f"{what} refused: {refusal.reason}")


def _admission(home: Home, file: Path, data: bytes, named: EnrolmentReceipt) -> Received:
    for enrolment, proof in _enrolments(home):
        if enrolment.digest == named.subject:
            trusted_admission(home, data, enrolment, proof, file=file)
            target = home.receipt_file(enrolment.digest)
            write_bytes(target, data, force=True)
            return Received("receipt", file, target, "enrolment admitted")
    raise _unknown(file, named)


def _answers(home: Home) -> Iterator[tuple[Request, Bundle]]:
    for request in home.requests():
        path = home.answer_folder(request.request_id) / "bundle.safetensors"
        if path.is_file():
            yield request, Bundle.from_file(path, verify=False)


def _enrolments(home: Home) -> Iterator[tuple[Enrolment, EnrolmentProof]]:
    """The present one, and the one that waits to replace it."""
    for made in (home.folder, home.folder.renewal):
        if made.enrolment.is_file() and made.enrolment_proof.is_file():
            yield Enrolment.from_file(made.enrolment, verify=False), EnrolmentProof.from_file(made.enrolment_proof, verify=False)


def _unknown(file: Path, named: AnyReceipt) -> RefusedError:
    return RefusedError(
        "is for nothing that was made here", code="other_receipt", file=file, field=f"{named.words()} of", value=named.subject
    )


def _copy(source: Path, target: Path) -> None:
    if source.resolve() == target.resolve():
        return
    with open_input(source) as file, atomic_file(target, force=True) as out:
        shutil.copyfileobj(file, out, 1 << 20)

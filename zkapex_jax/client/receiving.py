"""Files that came by another way than the service: told apart by what they are, checked, and put in their places."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from zkapex_jax.client.answering import adopt_renewal, settle
from zkapex_jax.client.home import Home
from zkapex_jax.client.trusting import trusted_base, trusted_receipt, trusted_request, trusted_state
from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.formats.atomic import atomic_file, write_bytes
from zkapex_jax.formats.container import open_container
from zkapex_jax.formats.reading import open_input, read_bytes
from zkapex_jax.protocol import Bundle
from zkapex_jax.protocol.receipt import Receipt
from zkapex_jax.protocol.statement import MAX_BYTES

_ORDER = ("base", "request", "receipt", "state")


@dataclass(frozen=True)
class Received:
    """One file: what it is, where it is kept, and what it changed, in words."""

    kind: str
    source: Path
    kept: Path
    words: str


def receive(home: Home, files: Iterable[Path]) -> list[Received]:
    """Take in bases, requests, receipts and states, in that order. A state that follows from an answer moves the client on.

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
    data = read_bytes(file, max_bytes=MAX_BYTES)
    named = Receipt.from_bytes(data, file)
    for request in home.requests():
        path = home.answer_folder(request.request_id) / "bundle.safetensors"
        if path.is_file() and (bundle := Bundle.from_file(path, verify=False)).digest == named.bundle_digest:
            receipt = trusted_receipt(home, data, bundle, request, file=file)
            target = home.receipt_file(bundle.digest)
            write_bytes(target, data, force=True)
            verdict = receipt.verdict
            words = "accepted" if verdict.accepted else f"refused: {verdict.reason}"
            return Received("receipt", file, target, f"{request.request_id} {words}")
    raise RefusedError(
        "is for no answer that was made here", code="other_receipt", file=file, field="bundle_digest", value=named.bundle_digest
    )


def _copy(source: Path, target: Path) -> None:
    if source.resolve() == target.resolve():
        return
    with open_input(source) as file, atomic_file(target, force=True) as out:
        shutil.copyfileobj(file, out, 1 << 20)

"""Which checkpoint an answer was written to, so that its card can say what became of the answer."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from zkapex_jax.client.home import Home
from zkapex_jax.errors import InputError, ZkapexError
from zkapex_jax.formats import canonical
from zkapex_jax.formats.atomic import write_bytes
from zkapex_jax.formats.reading import read_bytes
from zkapex_jax.protocol import Request
from zkapex_jax.workflow.costs.libraries import check_python_room

_FILE, _FORMAT, _MAX = "saved-model.json", "zkapex.saved-model", 64 << 10


@dataclass(frozen=True)
class Carded:
    """`card`: the card that states the receipt now. Where there is none, `command` writes it, and `problem` says why it was not;
    where there is no model (`saved` is false), it writes that, too."""

    card: Path | None
    problem: str | None
    command: str
    saved: bool = True


def remember_model(home: Home, request_id: str, model: Path) -> None:
    """Note where the answer's model was written. A path that is no text is not noted: its card is then written by hand."""
    with contextlib.suppress(InputError):
        document = canonical.dumps({"format": _FORMAT, "version": "1", "model": os.path.abspath(model)})
        write_bytes(home.answer_folder(request_id) / _FILE, document, force=True)


def saved_model(home: Home, request_id: str) -> Path | None:
    """Where the answer's model was written; None where that is not known."""
    path = home.answer_folder(request_id) / _FILE
    if not path.is_file():
        return None
    try:
        found = canonical.loads(read_bytes(path, max_bytes=_MAX))
    except InputError:
        return None
    known = isinstance(found, dict) and found.get("format") == _FORMAT and found.get("version") == "1"
    return Path(found["model"]) if known and isinstance(found.get("model"), str) else None


def update_card(home: Home, request: Request, receipt: Path) -> Carded:
    """State the receipt in the card of the answer's model, as `zkapex card` does. The answer counts whatever becomes of the card."""
    model = saved_model(home, request.request_id)
    command = _command(home, request, receipt, model)
    if model is None or not model.is_dir():
        problem = "no --save-model was given" if model is None else f"{model} is gone (where it was moved, name it there, without --from)"
        return Carded(None, problem, _command(home, request, receipt, None), saved=False)
    try:
        check_python_room("comparing its weights", home.path, model)  # the answer is in: not to be killed over its card
        from zkapex_jax.workflow import state_proof  # here: reading a model loads what takes seconds

        made = state_proof(model=model, folder=home.path, request=request.path, provider_key=request.signer, receipt=receipt)
    except ZkapexError as error:
        return Carded(None, str(error), command)
    return Carded(made.card, None, command)


def card_is_due(home: Home, request: Request, receipt: Path) -> bool:
    """Whether the answer's model lies where it was written, and its card does not name this receipt."""
    model = saved_model(home, request.request_id)
    if model is None or not model.is_dir():
        return False
    card = model / "README.md"
    told = card.read_text(errors="replace") if card.is_file() else ""
    return hashlib.sha256(read_bytes(receipt, max_bytes=_MAX)).hexdigest() not in told


def _command(home: Home, request: Request, receipt: Path, model: Path | None) -> str:
    given = {"--client": home.path, "--request": request.path, "--provider-key": request.signer, "--receipt": receipt}
    options = " ".join(f"{name} {shlex.quote(str(value))}" for name, value in given.items())
    return f"zkapex card {shlex.quote(str(model)) if model else 'UNLEARNED --from MODEL'} {options}"

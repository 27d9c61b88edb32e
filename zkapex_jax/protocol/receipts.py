"""What a provider signs about a client's file, whichever kind it is: told apart by its `format`, checked against the files given."""

from __future__ import annotations

import os
from pathlib import Path

from zkapex_jax.errors import InputError
from zkapex_jax.formats import canonical
from zkapex_jax.formats.reading import read_bytes
from zkapex_jax.protocol.admission_receipt import EnrolmentReceipt, check_enrolment_receipt
from zkapex_jax.protocol.artefact import Artefact
from zkapex_jax.protocol.receipt import Receipt, check_receipt
from zkapex_jax.protocol.refusal import Refusal, check_refusal
from zkapex_jax.protocol.statement import MAX_BYTES

AnyReceipt = Receipt | EnrolmentReceipt | Refusal
RECEIPTS: tuple[type[AnyReceipt], ...] = (Receipt, EnrolmentReceipt, Refusal)
#: Files that each kind can be held against.
_SPEAKS_OF = {
    Receipt: ("request", "bundle", "state"),
    EnrolmentReceipt: ("enrolment", "proof", "state"),
    Refusal: ("request", "bundle", "enrolment", "proof"),
}


def parse_receipt(data: bytes, file: str | os.PathLike[str] | None = None) -> AnyReceipt:
    """A receipt, an enrolment's receipt or a refusal. Raises InputError. The signature is not checked here."""
    try:
        document = canonical.loads(data.removesuffix(b"\n"), max_bytes=MAX_BYTES)
    except InputError as error:
        raise (error if file is None else error.in_file(file)) from error.__cause__
    named = document.get("format") if isinstance(document, dict) else None
    kind = next((kind for kind in RECEIPTS if named == f"zkapex.{kind.kind}"), Receipt)
    return kind.from_bytes(data, file)


def read_receipt(path: Path) -> AnyReceipt:
    """As `parse_receipt`, of a file."""
    return parse_receipt(read_bytes(path, max_bytes=MAX_BYTES), path)


def check_any(receipt: AnyReceipt, provider_key: str, given: dict[str, Artefact], file: str | os.PathLike[str] | None = None) -> None:
    """Raise RefusedError unless the provider signed it and it speaks of the files given, by the names of the checks' parameters.

    Raises InputError for a file that this kind says nothing of.
    """
    for name in given:
        if name not in _SPEAKS_OF[type(receipt)]:
            raise InputError(f"a {receipt.words()} says nothing of this file", code="wrong_kind", file=file, field=name)
    if isinstance(receipt, Receipt):
        check_receipt(receipt, provider_key, **given, file=file)  # type: ignore[arg-type]
    elif isinstance(receipt, EnrolmentReceipt):
        check_enrolment_receipt(receipt, provider_key, **given, file=file)  # type: ignore[arg-type]
    else:
        check_refusal(receipt, provider_key, **given, file=file)  # type: ignore[arg-type]

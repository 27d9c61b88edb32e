"""Receipts of a service: fetched, checked against what they are of, and kept."""

from __future__ import annotations

from pathlib import Path

from zkapex_jax.client.answering import Answer
from zkapex_jax.client.home import Home
from zkapex_jax.client.service import Service
from zkapex_jax.client.trusting import trusted_admission, trusted_receipt, trusted_refusal
from zkapex_jax.errors import ZkapexError
from zkapex_jax.formats.atomic import write_bytes
from zkapex_jax.protocol import Bundle, Enrolment, EnrolmentProof
from zkapex_jax.protocol.receipt import Receipt


def keep_receipt(home: Home, service: Service, answer: Answer, bundle: Bundle, digest: str) -> Receipt:
    """The receipt of a verdict on an answer."""
    data = service.receipt(digest)
    receipt = trusted_receipt(home, data, bundle, answer.request, file=_url(service, digest))
    write_bytes(home.receipt_file(bundle.digest), data, force=True)
    return receipt


def keep_admission(home: Home, service: Service, enrolment: Enrolment, proof: EnrolmentProof, digest: str | None = None) -> Path | None:
    """The receipt of an admitted enrolment, and where it is kept; None where the service has none (it was admitted otherwise)."""
    kept = home.receipt_file(enrolment.digest)
    if kept.is_file():
        trusted_admission(home, kept.read_bytes(), enrolment, proof, file=kept)
        return kept
    digest = digest or _find(service, "enrolment-receipt", enrolment.digest)
    if digest is None:
        return None
    data = service.receipt(digest)
    trusted_admission(home, data, enrolment, proof, file=_url(service, digest))
    write_bytes(kept, data, force=True)
    return kept


def keep_refusal(home: Home, service: Service, given: Bundle | EnrolmentProof, error: ZkapexError) -> ZkapexError:
    """The error that a file was refused with, once the signed refusal is kept that bears it out, if there is one.

    A refusal that is not good, or cannot be had now, does not hide why the file was refused.
    """
    try:
        digest = _find(service, "refusal", given.digest, error.code)
        if digest is not None:
            data = service.receipt(digest)
            trusted_refusal(home, data, given, file=_url(service, digest))
            write_bytes(home.refusal_file(given.digest), data, force=True)
            error.message += "; the provider's signed refusal is kept in receipts/"
    except ZkapexError as missing:
        error.add_note(f"no signed refusal could be kept: {missing}")
    return error


def _find(service: Service, kind: str, subject: str, code: str | None = None) -> str | None:
    """The newest receipt of that kind, of that file."""
    return next((one.receipt for one in service.receipts() if one.kind == kind and one.subject == subject and code in (None, one.why)), None)


def _url(service: Service, digest: str) -> str:
    return f"{service.url}/v1/receipts/{digest}"

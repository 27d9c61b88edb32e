"""The words of a model card's section on its proof."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zkapex_jax.formats.reading import file_digest
from zkapex_jax.models.card import code, plain, table
from zkapex_jax.protocol import Bundle, Enrolment, Request
from zkapex_jax.protocol.receipt import Receipt
from zkapex_jax.report.words import NOT_PROVEN, PROVEN


@dataclass(frozen=True)
class CardCase:
    """What a card speaks of. `bundle` and `receipt` are None where there is none yet; `files` hold the weights."""

    request: Request
    enrolment: Enrolment
    state_digest: str
    bundle: Bundle | None
    receipt: Receipt | None
    files: Sequence[Path]
    stored: str
    exact: bool


def section(case: CardCase) -> str:
    """Markdown without the markers. Names and words of others are escaped: they stand for themselves alone."""
    parts = ["## Proof of unlearning", _status(case)]
    if _insecure(case):
        parts.append("**Insecure: made with a test preset or a local reference string. It convinces nobody.**")
    parts.append(table(_rows(case)))
    if case.bundle is not None:
        parts += ["What the bundle proves, to whoever verifies it (`zkapex audit BUNDLE`):", _list(PROVEN)]
    parts += ["What is not proven:", _list((*NOT_PROVEN, _FILES))]
    return "\n\n".join(parts)


#: A commitment hides what it holds: nobody but the client can see that the files are what was proven.
_FILES = (
    "That the weight files beside this card hold the weights that were proven: the commitments hide them. The client compared both "
    "when this section was written (`zkapex card`), and the digests above name the files."
)


def _status(case: CardCase) -> str:
    if case.bundle is None:
        return "The answer to a deletion request was computed. **Nothing is proven yet**: run `zkapex prove`, then `zkapex card`."
    if case.receipt is None:
        return "This model answers a deletion request, with a zero-knowledge proof (the bundle below). No verdict is attached."
    if not case.receipt.verdict.accepted:
        return f"**The provider refused this answer**: {plain(case.receipt.verdict.reason)}"
    return "This model answers a deletion request. The provider verified the zero-knowledge proof and **accepted** it; its signed receipt says so."


def _insecure(case: CardCase) -> bool:
    return case.request.srs_insecure or case.request.preset_sizes.insecure or (case.bundle is not None and case.bundle.insecure)


def _rows(case: CardCase) -> list[tuple[str, str]]:
    request, masked = case.request, int(case.request.mask().sum())
    rows = [
        ("to be forgotten, in the provider's words", plain(request.forget)),
        ("request", f"{plain(request.request_id)}, digest {code(request.digest)}"),
        ("signed by the provider's key", code(request.signer)),
        ("base model", f"{plain(request.model.name)}, weights {code(request.model.base_digest)}"),
        ("client", plain(case.enrolment.client_id)),
        ("enrolment", f"digest {code(case.enrolment.digest)}"),
        ("ledger state that it starts from", f"digest {code(case.state_digest)}"),
        ("weights", f"{masked:,} of {request.layout.weights:,} target weights zeroed, in {len(request.touched)} of {len(request.layout.chunks)} chunks"),
        ("statement", f"preset {code(request.preset)}, tables {code(request.tables_digest)}"),
    ]
    if case.bundle is not None:
        rows.append(("bundle of proofs", f"digest {code(case.bundle.digest)}"))
    if case.receipt is not None:
        verdict = "accepted" if case.receipt.verdict.accepted else "refused"
        place = f"ledger position {case.receipt.ledger.sequence}, chain head {code(case.receipt.ledger.head)}"
        rows.append(("receipt", f"SHA-256 {code(hashlib.sha256(case.receipt.to_bytes()).hexdigest())}: {verdict}, {place}"))
        rows.append(("ledger state after it", f"digest {code(case.receipt.state_after)}"))
    how = "exactly those proven" if case.exact else f"those proven, rounded to {case.stored}; zeroed ones are exactly zero"
    rows.append(("target weights in the files", how))
    rows += [(f"SHA-256 of {code(path.name)}", code(file_digest(path))) for path in case.files]
    return rows


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)

"""Audit of a whole ledger: its chain and rows, the artefacts that they name, receipts, a head that was published.

Everything is recomputed but the proofs themselves: `zkapex audit` judges those, one bundle at a time.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from zkapex_jax.errors import InputError, RefusedError, ZkapexError
from zkapex_jax.ledger.refused_then import differs
from zkapex_jax.protocol.ledger_head import LedgerHead
from zkapex_jax.protocol.receipts import AnyReceipt, read_receipt
from zkapex_jax.protocol.refusal import Refusal
from zkapex_jax.prover.progress import OnProgress, tell
from zkapex_jax.workflow.audit.artefacts import Dropped, check_artefacts
from zkapex_jax.workflow.folders import Provider
from zkapex_jax.workflow.receipts import check_recorded

#: Findings that are listed; more of them are counted.
MOST = 1000


@dataclass(frozen=True)
class Finding:
    """Something that should not be so: one sentence, and its stable code."""

    code: str
    sentence: str


@dataclass
class LedgerAudit:
    """What was looked at, and what was found. `whole`: nothing was. `dropped`: refused bundles that are gone by the provider's rules."""

    head: tuple[int, str]
    keys: tuple[str, ...]
    artefacts: int = 0
    dropped: int = 0
    receipts: int = 0
    published: int | None = None
    found: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return self.found == 0

    def add(self, error: ZkapexError) -> None:
        """Note an error, and go on."""
        self.found += 1
        if len(self.findings) < MOST:
            self.findings.append(Finding(error.code, str(error)))


def audit_ledger(
    provider: Provider,
    *,
    provider_key: str | None = None,
    receipts: Path | None = None,
    head: Path | None = None,
    on_progress: OnProgress | None = None,
) -> LedgerAudit:
    """Check all of it, and go on after a finding. `provider` was opened, so that its chain and rows are recomputed already.

    `provider_key` (hex) is who must have signed receipts and head; without it any key that the ledger itself trusts is
    good enough, which is the provider's own word. `receipts`: a folder of receipts as files `*.json`.

    Raises InputError if the folder of receipts or the head cannot be read.
    """
    audit = LedgerAudit(provider.ledger.head(), provider.ledger.keys())
    if provider_key is not None and provider_key not in audit.keys:
        audit.add(RefusedError("the ledger does not trust this key", code="other_signer", field="provider-key", value=provider_key))
    keys = audit.keys if provider_key is None else (provider_key,)
    for outcome in check_artefacts(provider, keys, on_progress):
        audit.artefacts += outcome is None
        audit.dropped += isinstance(outcome, Dropped)
        if isinstance(outcome, ZkapexError):
            audit.add(outcome)
    if head is not None:
        _note(audit, _check_head, provider, keys, LedgerHead.from_file(head), head)
    files = _receipts(receipts) if receipts is not None else []
    for number, path in enumerate(files, start=1):
        tell(on_progress, "receipts", number, len(files))
        _note(audit, _check_receipt, provider, keys, path)
    return audit


def _check_head(audit: LedgerAudit, provider: Provider, keys: tuple[str, ...], published: LedgerHead, path: Path) -> None:
    _check_signer(published, keys, path)
    audit.published = published.sequence
    _on_chain(provider, published.sequence, published.head, path, "was published")


def _on_chain(provider: Provider, sequence: int, head: str, path: Path, words: str) -> None:
    try:
        _, found = provider.ledger.head(sequence)
    except RefusedError as error:
        raise RefusedError(
            f"{words}, but the ledger is shorter now: events were removed", code="head_not_on_chain", file=path, field="sequence", value=sequence
        ) from error
    if found != head:
        raise RefusedError(
            f"{words}, but is not on the ledger's chain: history was rewritten", code="head_not_on_chain", file=path, field="head", value=head
        )


def _check_receipt(audit: LedgerAudit, provider: Provider, keys: tuple[str, ...], path: Path) -> None:
    """Every field is what the ledger says of that place of its chain; the flag too, which the proof says of itself."""
    receipt = read_receipt(path)
    audit.receipts += 1
    _check_signer(receipt, keys, path)
    if isinstance(receipt, Refusal):
        _check_refusal(provider, receipt, path)
        return
    check_recorded(provider, receipt, path)


def _check_refusal(provider: Provider, refusal: Refusal, path: Path) -> None:
    """It left no event: but the chain must hold its head, and the rule that it names must have held there."""
    _on_chain(provider, refusal.ledger.sequence, refusal.ledger.head, path, "dates a refusal")
    with provider.ledger.reading() as session:
        otherwise = differs(session, refusal)
    if otherwise is not None:
        raise RefusedError(f"says otherwise than the ledger: {otherwise}", code="receipt_differs", file=path, field="code", value=refusal.code)


def _check_signer(statement: LedgerHead | AnyReceipt, keys: tuple[str, ...], path: Path) -> None:
    if statement.provider not in keys:
        raise RefusedError(
            f"{statement.words()} is of another provider", code="other_signer", file=path, field="provider", value=statement.provider
        )
    statement.check_signature(statement.provider, path)


def _receipts(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise InputError("is no folder of receipts", code="missing_file", file=folder)
    return sorted(Path(entry.path) for entry in os.scandir(folder) if entry.name.endswith(".json"))


def _note(audit: LedgerAudit, check: object, *rest: object) -> None:
    try:
        check(audit, *rest)  # type: ignore[operator]
    except ZkapexError as error:
        audit.add(error)

"""What stands in the place of evidence that was dropped: the provider's signed receipt of the refusal, which names the file.

So a refused bundle that is gone by the provider's rules is told from one that never was, or that was lost.
"""

from __future__ import annotations

from pathlib import Path

from zkapex_jax.errors import RefusedError
from zkapex_jax.formats.atomic import make_directory
from zkapex_jax.protocol import SigningKey
from zkapex_jax.protocol.receipt import Receipt
from zkapex_jax.workflow.folders import Provider
from zkapex_jax.workflow.receipts import check_recorded, make_receipt


def note_file(provider: Provider, digest: str) -> Path:
    """Where the note of a dropped bundle is, or would be."""
    return provider.path / "dropped" / digest[:2] / f"{digest}.json"


def write_note(provider: Provider, key: SigningKey, digest: str) -> None:
    """Keep the receipt of a refused bundle, durably; the same refusal gives the same bytes. Raises as `make_receipt`."""
    path = note_file(provider, digest)
    make_directory(path.parent, mode=0o700)
    make_receipt(provider, key, digest).to_file(path, force=True)


def read_note(provider: Provider, digest: str, keys: tuple[str, ...] | None = None) -> Receipt | None:
    """The note of a dropped bundle; None if there is none. `keys`: whose signature counts; None is those that the ledger trusts.

    Raises InputError for a file that is no receipt, RefusedError where it is not of this refusal, none of these keys signed it, or
    it says otherwise than the ledger.
    """
    path = note_file(provider, digest)
    if not path.is_file():
        return None
    receipt = Receipt.from_file(path)
    if receipt.bundle_digest != digest or receipt.verdict.accepted:
        raise RefusedError("is not the receipt of this refusal", code="receipt_differs", file=path, field="bundle_digest", value=receipt.bundle_digest)
    if receipt.provider not in (provider.ledger.keys() if keys is None else keys):
        raise RefusedError("is signed by another provider", code="other_signer", file=path, field="provider", value=receipt.provider)
    receipt.check_signature(receipt.provider, path)
    check_recorded(provider, receipt, path)
    return receipt

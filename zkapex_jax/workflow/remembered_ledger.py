"""The mark beside a provider's ledger: where it was found whole last, so that a command need not judge years of history again."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from zkapex_jax.errors import InputError, RefusedError, StorageError
from zkapex_jax.ledger import Ledger
from zkapex_jax.ledger.remembering import LONG, LedgerMark
from zkapex_jax.protocol import SigningKey
from zkapex_jax.protocol.fields import now

_MARK, _KEY = "ledger.mark", "provider.key"


def open_remembered(folder: Path, place: str | os.PathLike[str]) -> Ledger:
    """The ledger of a provider's folder, checked since its mark, or wholly; then there is a mark where the provider's key is here.

    Raises as `Ledger.open`.
    """
    key = _key(folder)
    if key is None:
        return Ledger.open(place)
    ledger, newer = Ledger.open_since(place, _mark(folder, key))
    if newer is None or newer > LONG:
        _remember(folder, key, ledger)
    return ledger


def _key(folder: Path) -> SigningKey | None:
    try:
        return SigningKey.load(folder / _KEY)
    except (InputError, StorageError, OSError):
        return None


def _mark(folder: Path, key: SigningKey) -> LedgerMark | None:
    """The mark, if it is whole and of this key; any other is as good as none."""
    try:
        mark = LedgerMark.from_file(folder / _MARK)
        mark.check_signature(key.public)
    except (InputError, RefusedError, StorageError):
        return None
    return mark


def _remember(folder: Path, key: SigningKey, ledger: Ledger) -> None:
    """A folder that cannot be written to is no reason to fail: the next command judges all of the ledger, too."""
    facts = ledger.mark()
    if facts is not None:
        with contextlib.suppress(StorageError):
            LedgerMark.sign(key, facts | {"time": now()}).to_file(folder / _MARK, force=True)

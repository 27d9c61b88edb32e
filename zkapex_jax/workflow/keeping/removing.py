"""Remove files from a provider's folder. Nobody else is at work with them: see each function for why."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from zkapex_jax.errors import RefusedError
from zkapex_jax.formats.atomic import storage_errors, sync_directory
from zkapex_jax.formats.locking import held
from zkapex_jax.ledger.evidence import named, refused_only
from zkapex_jax.protocol import SigningKey
from zkapex_jax.workflow.folders import Provider
from zkapex_jax.workflow.keeping.notes import write_note
from zkapex_jax.workflow.keeping.rules import Keep


def remove_unnamed(provider: Provider, digests: Iterable[str]) -> list[str]:
    """Remove artefacts and the points of them, but for those that the ledger names; returns what was there and went.

    The caller knows that nobody is judging them.
    """
    given = set(digests)
    with provider.ledger.reading() as session:
        gone = given - named(session, given)
    return [digest for digest in sorted(gone) if _unlink(provider, digest)]


def drop_evidence(provider: Provider, key: SigningKey, digest: str, keep: Keep, now: float | None = None) -> bool:
    """Put a signed note in the place of a refused bundle; False where it stays: it is gone already, or somebody asked for it of late.

    Raises RefusedError for a file that is more than the evidence of a refusal, and as `make_receipt`.
    """
    path = provider.artefact(digest)
    if not _is_idle(path, keep, now):
        return False
    write_note(provider, key, digest)  # first: a kill between the two leaves the note beside the file
    return remove_idle(provider, digest, keep, lambda: _check_evidence(provider, digest), now)


def remove_idle(provider: Provider, digest: str, keep: Keep, check: Callable[[], None], now: float | None = None) -> bool:
    """Remove an artefact that nobody asked for of late; `check` raises where the ledger holds it. False: it stays, or was gone.

    Whoever keeps a file says so by its time before looking whether it is there (`Provider.keep`), and the folder is held meanwhile:
    so it finds the file, and we leave it; or we are first, and it makes a copy.
    """
    path = provider.artefact(digest)
    with held(path.parent):
        if not _is_idle(path, keep, now):
            return False
        check()
        return _unlink(provider, digest)


def _check_evidence(provider: Provider, digest: str) -> None:
    with provider.ledger.reading() as session:
        if digest not in refused_only(session, [digest]):
            raise RefusedError("the ledger rests on this file", code="still_needed", file=provider.artefact(digest), value=digest)


def _is_idle(path: Path, keep: Keep, now: float | None) -> bool:
    try:
        return path.stat().st_mtime < (time.time() if now is None else now) - keep.idle
    except FileNotFoundError:
        return False


def _unlink(provider: Provider, digest: str) -> bool:
    """Durably, so that what was said to be gone does not come back after a power cut."""
    path = provider.artefact(digest)
    provider.points(digest).unlink(missing_ok=True)
    with storage_errors(path):
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        sync_directory(path.parent)
    return True

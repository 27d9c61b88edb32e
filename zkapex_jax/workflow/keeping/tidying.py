"""What may go from a provider's folder, and its going: evidence of refusals that is old or too much, and files that nothing names.

What the ledger rests on never goes. A ledger that was restored from a backup has forgotten what came since, and `artefacts/` is
where it can be given again from: so files of a client stay as long as there is a state of it that the ledger does not name.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.formats.container import open_container
from zkapex_jax.ledger.evidence import Refused, named, refused, refused_only
from zkapex_jax.protocol import SigningKey
from zkapex_jax.prover.progress import OnProgress, tell
from zkapex_jax.workflow.folders import Provider
from zkapex_jax.workflow.keeping.removing import drop_evidence, remove_idle
from zkapex_jax.workflow.keeping.rules import Keep

#: Events that are looked at in one query.
_EVENTS = 2000
_FILE = re.compile(r"[0-9a-f]{64}\.safetensors\Z")
#: What clients send. Any other kind that the ledger does not name is the provider's own, and stays.
_SENT = frozenset({"enrolment", "enrolment-proof", "bundle"})


@dataclass(frozen=True)
class Leftover:
    """A file that may go, or stays: `why`, in words. `kind` and `client_id` are empty where its header does not say."""

    digest: str
    kind: str
    client_id: str
    size: int
    why: str


@dataclass(frozen=True)
class Plan:
    """`evidence`: refused bundles, a signed note takes the place of each. `unnamed`: files that the ledger does not name.
    `points`: caches of files that are not there. `stays`: unnamed files that are left alone.
    """

    evidence: tuple[Leftover, ...] = ()
    unnamed: tuple[Leftover, ...] = ()
    points: tuple[Leftover, ...] = ()
    stays: tuple[Leftover, ...] = ()

    @property
    def going(self) -> tuple[Leftover, ...]:
        return (*self.evidence, *self.unnamed, *self.points)

    @property
    def size(self) -> int:
        """Bytes that go."""
        return sum(one.size for one in self.going)


def plan_tidying(provider: Provider, keep: Keep, now: float | None = None) -> Plan:
    """What would go by these rules at this moment (Unix seconds); nothing is changed."""
    moment = time.time() if now is None else now
    unnamed = list(_unnamed(provider))
    restored = {one.client_id for one, _ in unnamed if one.kind == "state"}
    going, stays = [], []
    for one, asked in unnamed:
        words = _reason_to_stay(one, asked, keep, moment, restored)
        (stays if words else going).append(Leftover(one.digest, one.kind, one.client_id, one.size, words or one.why))
    return Plan(tuple(old_evidence(provider, keep, moment)), tuple(going), tuple(_points(provider, keep, moment)), tuple(stays))


def tidy(provider: Provider, key: SigningKey, plan: Plan, keep: Keep, now: float | None = None, on_progress: OnProgress | None = None) -> list[Leftover]:
    """Remove what a plan names, one by one, each looked up in the ledger once more; returns what went.

    Raises RefusedError for a key that the ledger does not trust, before anything goes.
    """
    if key.public not in provider.ledger.keys():
        raise RefusedError("the ledger does not trust this key", code="other_signer", file=provider.path, field="provider", value=key.public)
    steps = (
        *((one, partial(drop_evidence, provider, key, one.digest, keep, now)) for one in plan.evidence),
        *((one, partial(_remove_unnamed, provider, one.digest, keep, now)) for one in plan.unnamed),
        *((one, partial(_remove_points, provider, one.digest)) for one in plan.points),
    )
    gone = []
    for number, (one, remove) in enumerate(steps, start=1):
        if remove():
            gone.append(one)
        tell(on_progress, "files", number, len(steps))
    return gone


def old_evidence(provider: Provider, keep: Keep, now: float) -> Iterator[Leftover]:
    """Refused bundles that are there and have had their time, or are more than one client's share, oldest first."""
    by_client: dict[str, list[tuple[Refused, os.stat_result]]] = {}
    for one, file in _evidence(provider):
        by_client.setdefault(one.client_id, []).append((one, file))
    for client, files in sorted(by_client.items()):
        total = sum(file.st_size for _, file in files)
        for one, file in files:
            is_old, is_more = now - one.moment > keep.evidence, total > keep.evidence_bytes
            if (is_old or is_more) and file.st_mtime < now - keep.idle:
                total -= file.st_size
                yield Leftover(one.digest, "bundle", client, file.st_size, "older than evidence is kept" if is_old else "over what is kept of one client")


def _evidence(provider: Provider) -> Iterator[tuple[Refused, os.stat_result]]:
    """Refused bundles that are there, oldest first; one that was accepted too is none."""
    last, seen = provider.ledger.head()[0], set[str]()
    for start in range(0, last, _EVENTS):
        with provider.ledger.reading() as session:
            found = refused(session, start, start + _EVENTS)
            alone = refused_only(session, (one.digest for one in found))
        for one in found:
            file = _status(provider.artefact(one.digest))
            if one.digest in alone and one.digest not in seen and file is not None:
                seen.add(one.digest)
                yield one, file


def _unnamed(provider: Provider) -> Iterator[tuple[Leftover, float]]:
    """Artefacts that the ledger does not name, and when somebody asked for them last."""
    files = {entry.name.removesuffix(".safetensors"): entry.stat() for entry in _files(provider.path / "artefacts")}
    with provider.ledger.reading() as session:
        known = named(session, files)
    for digest in sorted(files.keys() - known):
        kind, client = _header(provider.artefact(digest))
        yield Leftover(digest, kind, client, files[digest].st_size, "the ledger does not name it"), files[digest].st_mtime


def _points(provider: Provider, keep: Keep, now: float) -> Iterator[Leftover]:
    for entry in sorted(_files(provider.path / "points"), key=lambda entry: entry.name):
        digest, status = entry.name.removesuffix(".safetensors"), entry.stat()
        if status.st_mtime < now - keep.idle and not provider.artefact(digest).exists():
            yield Leftover(digest, "points", "", status.st_size, "a cache of a file that is not there")


def _reason_to_stay(one: Leftover, asked: float, keep: Keep, now: float, restored: set[str]) -> str | None:
    if one.kind and one.kind not in _SENT:
        return "yours, and not in the ledger: was the ledger restored from a backup, or a command killed?"
    if one.client_id in restored:
        return "the ledger lacks a state of this client: give its files again, with `zkapex admit` and `zkapex verify`"
    if asked >= now - max(keep.evidence, keep.idle):
        return "not old enough"
    return None


def _remove_unnamed(provider: Provider, digest: str, keep: Keep, now: float | None) -> bool:
    return remove_idle(provider, digest, keep, lambda: _check_unnamed(provider, digest), now)


def _remove_points(provider: Provider, digest: str) -> bool:
    provider.points(digest).unlink(missing_ok=True)
    return True


def _check_unnamed(provider: Provider, digest: str) -> None:
    with provider.ledger.reading() as session:
        if named(session, [digest]):
            raise RefusedError("the ledger names this file", code="still_needed", file=provider.artefact(digest), value=digest)


def _files(folder: Path) -> Iterable[os.DirEntry[str]]:
    return [entry for entry in os.scandir(folder) if _FILE.match(entry.name) and entry.is_file(follow_symlinks=False)] if folder.is_dir() else []


def _header(path: Path) -> tuple[str, str]:
    """Kind and client, as its header says; empty where it does not."""
    try:
        container = open_container(path)
    except InputError:
        return "", ""
    return container.kind, str(container.fields.get("client_id", ""))


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None

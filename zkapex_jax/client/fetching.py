"""Files of the provider's: fetched, checked by digest and against what this client trusts, then kept under their names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from zkapex_jax.client.downloads import OnBytes, part_of
from zkapex_jax.client.home import Home
from zkapex_jax.client.service import MAX_FILE, Service
from zkapex_jax.client.trusting import trusted_base, trusted_request, trusted_state
from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.formats.atomic import publish, storage_errors
from zkapex_jax.protocol import Base, Request, State
from zkapex_jax.protocol.artefact import Artefact
from zkapex_jax.prover.progress import OnProgress, Progress

_KILO = 1000
Kept = TypeVar("Kept", bound=Artefact)


def fetch_base(home: Home, service: Service, *, on_progress: OnProgress | None = None) -> Base:
    """The provider's present base, signed by a key that is trusted. A client that is enrolled keeps the base of its enrolment."""
    if home.folder.enrolment.is_file() and home.folder.base.is_file():
        return Base.from_file(home.folder.base)
    return _fetch(
        home, service, "/base", lambda path: trusted_base(home, path), lambda base: home.folder.base, on_progress=on_progress,
        known=_kept_base(home),
    )  # fmt: skip


def fetch_requests(home: Home, service: Service, *, on_progress: OnProgress | None = None) -> list[Request]:
    """Open requests of this client, oldest first; those that were fetched before are not fetched again."""
    found = []
    for facts in service.requests():
        if facts.status != "open":
            continue
        kept = home.request_file(facts.request_id)
        if kept.is_file() and (request := trusted_request(home, kept)).digest == facts.digest:
            found.append(request)
            continue
        found.append(
            _fetch(
                home,
                service,
                f"/requests/{facts.request_id}/file",
                lambda path: trusted_request(home, path),
                lambda request: home.request_file(request.request_id),
                wanted=facts.digest,
                max_bytes=facts.size,
                on_progress=on_progress,
            )  # fmt: skip
        )
    return found


def fetch_state(home: Home, service: Service, *, wanted: str | None = None, on_progress: OnProgress | None = None) -> State:
    """This client's present state; `wanted`: the digest that it must have, from a receipt."""
    digest = wanted or service.me().state
    if digest is not None and home.state_file(digest).is_file():
        return trusted_state(home, home.state_file(digest))
    return _fetch(
        home, service, "/state", lambda path: trusted_state(home, path), lambda state: home.state_file(state.digest), wanted=digest,
        on_progress=on_progress,
    )  # fmt: skip


def _fetch(
    home: Home,
    service: Service,
    path: str,
    check: Callable[[Path], Kept],
    place: Callable[[Kept], Path],
    *,
    wanted: str | None = None,
    max_bytes: int = MAX_FILE,
    on_progress: OnProgress | None = None,
    known: Artefact | None = None,
) -> Kept:
    """`known`: what was fetched earlier, and may be the same still."""
    with part_of(home.path / "incoming", path) as part:
        if known is not None:
            part.begin_from(known.path, known.digest)
        fetched = service.fetch(path, part, max_bytes=max_bytes, on_bytes=_told(on_progress, path.strip("/").split("/")[0], part.size))
        try:
            found = check(fetched)
            if wanted is not None and found.digest != wanted:
                raise RefusedError(
                    "is another file than the service said", code="mismatch_digest", file=f"{service.url}{path}", value=found.digest
                )
        except (InputError, RefusedError):
            part.drop()  # not the file that was asked for, or damaged: nothing to go on from
            raise
        target = place(found)
        with storage_errors(target):
            publish(part.path, target, force=True)
        part.drop()
    return type(found).from_file(target, verify=False)


def _kept_base(home: Home) -> Base | None:
    try:
        return trusted_base(home, home.folder.base) if home.folder.base.is_file() else None
    except (InputError, RefusedError):  # damaged, or of another provider: the service's counts
        return None


def _told(on_progress: OnProgress | None, what: str, there: int) -> OnBytes | None:
    """Bytes as a bar shows them: in kilobytes. `there` of them came earlier."""
    if on_progress is None:
        return None
    tell: OnProgress = on_progress
    return lambda done, total: tell(Progress(f"fetch {what.removesuffix('s')}, kB", -(-done // _KILO), -(-total // _KILO), resumed=there // _KILO))

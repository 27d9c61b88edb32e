"""Clients that send again, workers that judge and housekeeping that forgets, all at once: what was acknowledged is judged, and nobody
is told of a fault.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from zkapex_jax.errors import InputError
from zkapex_jax.service import queue, retention, uploads
from zkapex_jax.service.keys import Who
from zkapex_jax.service.messages import NewUpload, Outcome
from zkapex_jax.service.settings import Limits, Queue, Settings
from zkapex_jax.service.store import Store
from zkapex_jax.service.tables import Client, Job, Key, Upload

#: Uploads that are old at once, so that every race there is can happen; clients, files of each, seconds.
LIMITS = Limits(upload_lifetime=0.01, spare_disk=0)
CLIENTS, FILES, TIME = 3, 4, 4.0
RULES = Queue(lease=30, poll=0.01)


@pytest.fixture
def settings(tmp_path: Path, database: str | None) -> Settings:
    (tmp_path / "uploads").mkdir()
    return Settings(provider=tmp_path, database=database, limits=LIMITS, queue=RULES)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    opened = Store.open(settings)
    with opened.write() as session:
        for table in (Job, Upload, Key, Client):
            session.query(table).delete()
        for number in range(CLIENTS):
            session.add(Client(client_id=f"client-{number}", joined=0))
            session.add(Key(public=f"{number:064x}", client_id=f"client-{number}", invitation="", since=0, ended=None, why="", words=""))
    yield opened
    opened.close()


class Scene:
    """What each side did. `faults`: whatever a caller would have been told that is not its own business."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store, self.settings, self.ends = store, settings, time.monotonic() + TIME
        self.acknowledged: set[str] = set()
        self.judged: list[tuple[str, int]] = []
        self.again = self.forgotten = 0
        self.faults: list[BaseException] = []

    def client(self, number: int) -> None:
        who, turn = Who(f"client-{number}", f"{number:064x}"), 0
        while time.monotonic() < self.ends:
            turn += 1
            digest = f"{number}{turn % FILES:063x}"
            try:
                row, _ = uploads.create(self.store, self.settings, who, NewUpload(kind="bundle", digest=digest, size=1))
                with self.store.write() as session:
                    found = session.get(Upload, row.id, with_for_update=True)
                    if found is None:
                        continue  # forgotten in between: declared again
                    found.whole, found.offset = True, 1
                job = queue.submit(self.store, who, "bundle", digest, (row.id, ""), LIMITS)
                self.acknowledged.add(job.id)
            except InputError as error:
                assert error.code == "not_found", error
                self.again += 1

    def worker(self, name: str) -> None:
        while time.monotonic() < self.ends + 2 and (time.monotonic() < self.ends or self.open()):
            task = queue.take(self.store, name, RULES)
            if task is None:
                time.sleep(0.002)
                continue
            with self.store.write() as session:
                assert queue.finish(session, task, name, Outcome(accepted=True))
                queue.spent_uploads(session, task)
                self.judged.append((task.id, task.attempt))

    def housekeeping(self) -> None:
        while time.monotonic() < self.ends:
            self.forgotten += retention.remove_finished(self.store, 0.0, batch=3)
            uploads.sweep(self.store, self.settings)

    def open(self) -> int:
        with self.store.read() as session:
            return session.scalars(select(func.count()).select_from(Job).where(Job.finished.is_(None))).one()

    def run(self, *parts: Callable[[], None]) -> None:
        threads = [threading.Thread(target=self._guarded, args=(part,)) for part in parts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _guarded(self, part: Callable[[], None]) -> None:
        try:
            part()
        except BaseException as error:
            self.faults.append(error)


def test_nothing_acknowledged_is_lost_or_judged_twice(store: Store, settings: Settings) -> None:
    scene = Scene(store, settings)
    clients = [lambda number=number: scene.client(number) for number in range(CLIENTS)]
    scene.run(*clients, lambda: scene.worker("one"), lambda: scene.worker("two"), scene.housekeeping)
    assert scene.faults == []
    assert scene.acknowledged == {name for name, _ in scene.judged} and scene.open() == 0
    assert len({name for name, _ in scene.judged}) == len(scene.judged), "each job once"
    assert all(attempt == 1 for _, attempt in scene.judged)
    assert scene.forgotten > 10 and len(scene.acknowledged) > CLIENTS * FILES, "files were judged, forgotten and sent again"


def test_an_upload_that_is_declared_again_does_not_expire_at_that_moment(store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found, and swept away before the same call could keep it: the call would end in a fault of ours."""
    if store.is_sqlite:
        pytest.skip("one writer at a time")
    who, wanted, real = Who("client-0", f"{0:064x}"), NewUpload(kind="bundle", digest="ab" * 32, size=1), uploads._again
    first, _ = uploads.create(store, settings, who, wanted)
    time.sleep(0.05)
    swept: list[int] = []

    def between(*given: object) -> Upload:
        swept.append(uploads.sweep(store, settings))
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(uploads, "_again", between)
    again, new = uploads.create(store, settings, who, wanted)
    assert (again.id, new, swept) == (first.id, False, [0])

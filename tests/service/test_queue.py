"""The queue against a plain model: whatever workers do, stop at or forget, every job ends once and none is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from zkapex_jax.errors import RefusedError
from zkapex_jax.service import queue, tables
from zkapex_jax.service.messages import Outcome
from zkapex_jax.service.settings import Limits, Queue, Settings
from zkapex_jax.service.store import Store
from zkapex_jax.service.tables import Job

RULES = Queue(lease=10, attempts=3, backoff=4)
LIMITS = Limits(open_jobs=4)
WORKERS = st.sampled_from(["one", "two", "three"])


class Jobs(RuleBasedStateMachine):
    """`held` maps a worker to what it believes it holds. Time stands still but for `wait`."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store, self.now = store, 1_000_000
        with store.write() as session:
            session.query(Job).delete()
        self.held: dict[str, list[queue.Task]] = {}
        self.until: dict[str, int] = {}
        self.ended: dict[str, str] = {}
        self.made: set[str] = set()
        self.real, queue.moment = queue.moment, lambda: self.now

    def teardown(self) -> None:
        queue.moment = self.real

    @rule(number=st.integers(0, 5), client=st.sampled_from(["a", "b"]))
    def submit(self, number: int, client: str) -> None:
        name = f"{client}{number}"
        waiting = sum(1 for upload in self.made if upload[0] == client and upload not in self.ended)
        if name not in self.made and waiting >= LIMITS.open_jobs:
            with pytest.raises(RefusedError):
                queue.submit(self.store, client, "bundle", name, (name, ""), LIMITS)
            return
        revived = self.ended.get(name) == queue.FAILED
        if revived and waiting >= LIMITS.open_jobs:
            return
        job = queue.submit(self.store, client, "bundle", name, (name, ""), LIMITS)
        assert job.upload == name
        if revived:
            del self.ended[name]
        self.made.add(name)

    @rule(worker=WORKERS)
    def take(self, worker: str) -> None:
        task = queue.take(self.store, worker, RULES)
        if task is None:
            return
        assert task.upload not in self.ended, "a job that ended is not handed out"
        assert self.until.get(task.upload, 0) < self.now, "nobody holds it"
        assert task.attempt <= RULES.attempts
        self.until[task.upload] = self.now + 10_000
        self.held.setdefault(worker, []).append(task)

    @rule(step=st.integers(1, 12_000))
    def wait(self, step: int) -> None:
        self.now += step

    def _mine(self, worker: str, task: queue.Task) -> bool:
        """The last to take it is the one whose word counts."""
        takers = [(other.attempt, name) for name, tasks in self.held.items() for other in tasks if other.id == task.id]
        return (task.attempt, worker) == max(takers) and task.upload not in self.ended

    @precondition(lambda self: any(self.held.values()))
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        worker, task = self._pick(data)
        mine = self._mine(worker, task) and self._status(task) == queue.RUNNING
        with self.store.write() as session:
            assert queue.finish(session, task, worker, Outcome(accepted=True)) == mine
        if mine:
            self.ended[task.upload] = queue.DONE
            self.until[task.upload] = 0

    @precondition(lambda self: any(self.held.values()))
    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        worker, task = self._pick(data)
        mine = self._mine(worker, task) and self._status(task) == queue.RUNNING
        assert queue.put_back(self.store, task, worker, Outcome(accepted=False, error={"code": "disk_full"}), RULES) == mine
        if mine:
            self.until[task.upload] = 0

    @precondition(lambda self: any(self.held.values()))
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        worker, task = self._pick(data)
        mine = self._mine(worker, task) and self._status(task) == queue.RUNNING
        assert queue.renew(self.store, task, worker, RULES.lease) == mine
        if mine:
            self.until[task.upload] = self.now + 10_000

    def _pick(self, data: st.DataObject) -> tuple[str, queue.Task]:
        return data.draw(st.sampled_from([(worker, task) for worker, tasks in self.held.items() for task in tasks]))

    def _status(self, task: queue.Task) -> str:
        with self.store.read() as session:
            return session.get_one(Job, task.id).status

    @invariant()
    def none_is_lost(self) -> None:
        with self.store.read() as session:
            rows = {row.upload: row.status for row in session.query(Job)}
        assert set(rows) == self.made
        for upload, status in rows.items():
            if status == queue.FAILED:
                self.ended[upload] = queue.FAILED
            assert (status == queue.DONE) == (self.ended.get(upload) == queue.DONE)


@pytest.fixture
def store(tmp_path: Path, database: str | None) -> Iterator[Store]:
    """With the service's tables alone; the queue asks for nothing else."""
    opened = Store.open(Settings(provider=tmp_path, database=database))
    with opened.write() as session:
        session.query(Job).delete()
    yield opened
    opened.close()


def test_every_job_ends_once_and_none_is_lost(store: Store) -> None:
    run_state_machine_as_test(lambda: Jobs(store), settings=settings(max_examples=15, stateful_step_count=25, deadline=None))


def test_moments_are_milliseconds() -> None:
    assert tables.moment() > 1_700_000_000_000


def test_a_job_that_fells_its_workers_is_set_aside(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000]
    monkeypatch.setattr(queue, "moment", lambda: now[0])
    made = queue.submit(store, "a", "bundle", "d", ("felled", ""), LIMITS)
    for attempt in range(1, RULES.attempts + 1):
        assert queue.take(store, "w", RULES).attempt == attempt
        assert queue.take(store, "w", RULES) is None
        now[0] += 10_001
    assert queue.take(store, "w", RULES) is None
    ended = queue.job(store, "a", made.id)
    assert ended.status == queue.FAILED and "worker_lost" in (ended.outcome or "")


def test_workers_beside_each_other_take_each_job_once(store: Store) -> None:
    """Truly at once: threads with connections of their own."""
    for number in range(30):
        queue.submit(store, f"client-{number}", "bundle", "d", (f"once-{number}", ""), LIMITS)
    taken: list[str] = []

    def work(name: str) -> None:
        while (task := queue.take(store, name, RULES)) is not None:
            taken.append(task.upload)
            with store.write() as session:
                assert queue.finish(session, task, name, Outcome(accepted=True))

    threads = [threading.Thread(target=work, args=(f"worker-{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(f"once-{number}" for number in range(30))


def test_the_same_call_made_at_once_makes_one_job(store: Store) -> None:
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.append(queue.submit(store, "twin", "bundle", "d", ("twins", ""), LIMITS).id))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8 and len(set(made)) == 1

"""The queue against a plain model: whatever workers do, stop at or forget, every job ends once and none is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.service import queue, tables
from zkapex_jax.service.keys import Who
from zkapex_jax.service.messages import Outcome
from zkapex_jax.service.settings import Limits, Queue, Settings
from zkapex_jax.service.store import Store
from zkapex_jax.service.tables import Client, Job, Key, Upload

RULES = Queue(lease=10, attempts=3, backoff=4)
LIMITS = Limits(open_jobs=4)
WORKERS = st.sampled_from(["one", "two", "three"])


def key_of(client: str) -> str:
    return client.encode().hex().ljust(64, "0")


def put(store: Store, client: str, name: str, size: int = 1) -> None:
    """A client that has joined, and an upload of it that is whole, unless they are there."""
    with store.write() as session:
        if session.get(Client, client) is None:
            session.add(Client(client_id=client, joined=0))
            session.add(Key(public=key_of(client), client_id=client, invitation="", since=0, ended=None, why="", words=""))
        if session.get(Upload, name) is None:
            session.add(Upload(
                id=name, client_id=client, kind="bundle", digest=name, size=size, offset=size, whole=True, spent=False, made=0, expires=1 << 50,
            ))  # fmt: skip


def submit(store: Store, client: str, name: str, size: int = 1, limits: Limits = LIMITS) -> Job:
    put(store, client, name, size)
    return queue.submit(store, Who(client, key_of(client)), "bundle", "d", (name, ""), limits)


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
                submit(self.store, client, name)
            return
        revived = self.ended.get(name) == queue.FAILED
        if revived and waiting >= LIMITS.open_jobs:
            return
        job = submit(self.store, client, name)
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
        session.query(Upload).delete()
    yield opened
    opened.close()


def test_every_job_ends_once_and_none_is_lost(store: Store) -> None:
    run_state_machine_as_test(lambda: Jobs(store), settings=settings(max_examples=15, stateful_step_count=25, deadline=None))


def test_moments_are_milliseconds() -> None:
    assert tables.moment() > 1_700_000_000_000


def test_a_job_that_fells_its_workers_is_set_aside(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000]
    monkeypatch.setattr(queue, "moment", lambda: now[0])
    made = submit(store, "a", "felled")
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
        submit(store, f"client-{number}", f"once-{number}")
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
    put(store, "twin", "twins")
    threads = [
        threading.Thread(target=lambda: made.append(queue.submit(store, Who("twin", key_of("twin")), "bundle", "d", ("twins", ""), LIMITS).id))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8 and len(set(made)) == 1


def test_one_job_of_a_client_runs_at_a_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four workers, and one client that sends four: the others' wait for one of them at most."""
    now = [1_000]
    monkeypatch.setattr(queue, "moment", lambda: now[0])
    for number in range(3):
        submit(store, "greedy", f"greedy-{number}")
        now[0] += 1
    submit(store, "modest", "modest")
    taken = [queue.take(store, f"w{number}", RULES) for number in range(4)]
    assert [task and task.upload for task in taken] == ["greedy-0", "modest", None, None]
    with store.write() as session:
        assert queue.finish(session, taken[0], "w0", Outcome(accepted=True))
    assert queue.take(store, "w3", RULES).upload == "greedy-1"
    now[0] += 10_001  # its worker fell silent: no second one of the client beside it
    again = [queue.take(store, f"w{number}", RULES) for number in range(4)]
    assert sorted(task.upload for task in again if task) == ["greedy-1", "modest"]


def test_workers_beside_each_other_keep_to_one_job_a_client(store: Store) -> None:
    for number in range(4):
        submit(store, "greedy", f"greedy-{number}")
    taken: list[queue.Task | None] = []
    threads = [threading.Thread(target=lambda name=f"w{number}": taken.append(queue.take(store, name, RULES))) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([task for task in taken if task]) == 1


@pytest.mark.parametrize("back", [60_000, 3_600_000, 10**12])
def test_a_clock_that_goes_back_holds_up_no_job(store: Store, monkeypatch: pytest.MonkeyPatch, back: int) -> None:
    """What was queued, put back or leased under the wrong clock is taken up under the right one."""
    now = [2 * 10**12]
    monkeypatch.setattr(queue, "moment", lambda: now[0])
    for name in ("queued", "leased", "failed"):
        submit(store, name, name)
        if name != "queued":
            task = queue.take(store, "wrong", RULES)
            while task.upload != name:
                task = queue.take(store, "wrong", RULES)
        if name == "failed":
            queue.put_back(store, task, "wrong", Outcome(accepted=False, error={"code": "disk_full"}), RULES)
    with store.write() as session:
        session.query(Job).where(Job.upload == "queued").update({"status": queue.QUEUED})
    now[0] -= back
    taken = {task.upload for _ in range(3) if (task := queue.take(store, "right", RULES))}
    assert taken == {"queued", "leased", "failed"}


def test_an_upload_that_expired_meanwhile_is_not_queued(store: Store) -> None:
    """Between the check that it is whole and the row of the job: 202 would promise what cannot be kept."""
    for client in ("late", "owner", "thief"):
        put(store, client, f"owned-by-{client}")
    with pytest.raises(InputError, match="no such upload"):
        queue.submit(store, Who("late", key_of("late")), "bundle", "d", ("gone", ""), LIMITS)
    with pytest.raises(InputError, match="no such upload"):
        queue.submit(store, Who("thief", key_of("thief")), "bundle", "d", ("owned-by-owner", ""), LIMITS)


def test_what_is_kept_of_a_client_in_a_day_is_limited(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    now, limits = [10**12], LIMITS.model_copy(update={"day_bytes": 100})
    monkeypatch.setattr(queue, "moment", lambda: now[0])
    for number in range(2):
        submit(store, "hoarder", f"big-{number}", 50, limits)
        task = queue.take(store, "w", RULES)
        with store.write() as session:
            assert queue.finish(session, task, "w", Outcome(accepted=False))
    with pytest.raises(RefusedError, match="in a day"):
        submit(store, "hoarder", "one-more", 1, limits)
    submit(store, "another", "its-own", 100, limits)
    now[0] += 24 * 3600 * 1000 + 1
    submit(store, "hoarder", "one-more", 1, limits)

"""Crashes, full disks, lost databases and errors that nobody foresaw, at the worst moment; and what callers and logs are told of them."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from damaged import damaged
from hostile_site import LIMITS, error, kept
from service_world import PIECE, Party, Site, every
from sqlalchemy import create_engine, text

from zkapex_jax.errors import InputError, InternalError, RefusedError, StorageError, ZkapexError
from zkapex_jax.protocol import Bundle
from zkapex_jax.service import answers, queue, receipts, store, uploads, worker
from zkapex_jax.service.messages import NewUpload
from zkapex_jax.service.settings import Limits, Queue
from zkapex_jax.service.store import Store
from zkapex_jax.service.tables import Client, Job, Upload, moment
from zkapex_jax.workflow.receipts import make_receipt


@pytest.fixture(scope="module")
def limits() -> Limits:
    return LIMITS


@pytest.mark.parametrize("place", ["write", "sync"])
def test_a_full_disk_keeps_nothing_and_says_so(site: Site, party: Party, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    data = os.urandom(100)
    name = party.http.post("/v1/uploads", json={"kind": "bundle", "digest": hashlib.sha256(data).hexdigest(), "size": 100}).json()["upload"]
    real = uploads.open_piece

    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/secret/folder")

    class Full:
        name = "/secret/folder"
        write = staticmethod(full)

        def __init__(self, file: Any) -> None:
            self._file = file

        def __getattr__(self, name: str) -> Any:
            return getattr(self._file, name)

    def opened(*given: Any) -> tuple[Any, Any]:
        row, file = real(*given)
        return row, Full(file) if place == "write" else file

    with monkeypatch.context() as patched:
        patched.setattr(uploads, "open_piece", opened)
        if place == "sync":
            patched.setattr(uploads.os, "fsync", full)
        answer = party.http.patch(f"/v1/uploads/{name}", content=data, headers=PIECE | {"Upload-Offset": "0"})
    assert error(answer) == (507, "disk_full") and "secret" not in answer.text
    assert party.piece(name, 0, data) == 100


def test_a_disk_that_others_filled_is_left_to_the_ledger(site: Site, party: Party) -> None:
    """Each upload fitted when it was declared; all of them together do not. The database must still find room."""
    full = site.settings.model_copy(update={"limits": LIMITS.model_copy(update={"spare_disk": 1 << 60})})
    data = os.urandom(100)
    name = party.http.post("/v1/uploads", json={"kind": "bundle", "digest": hashlib.sha256(data).hexdigest(), "size": 100}).json()["upload"]
    with pytest.raises(StorageError) as caught:
        uploads.open_piece(site.service.store, full, party.name, name, 0, 100)
    assert caught.value.code == "disk_full" and not uploads.file_of(site.settings, name).exists()
    party.piece(name, 0, data)
    job = queue.submit(site.service.store, party.who, "bundle", "d", (name, ""), LIMITS)
    before, at_work = kept(site), worker.Worker.open(full)
    assert at_work.step() and kept(site) == before
    with site.service.store.write() as session:
        row = session.get_one(Job, job.id)
        assert row.status == queue.QUEUED and "disk_full" in row.outcome
        row.status = queue.FAILED


OURS = [
    StorageError("connection to server at 10.0.0.5 failed for user zkapex", code="database"),
    StorageError("[Errno 28] No space left on device: '/srv/provider/x'", code="disk_full", file="/srv/provider/x"),
    StorageError("is held by /srv/provider", value="/srv/provider", hint="chmod 600 /srv/provider"),
    InternalError("unexpected KeyError: /srv/provider", code="bug", field="/srv/provider"),
    InputError("ledger is damaged: /srv/provider", code="damaged", file="/srv/provider", value="zkapex"),
    RefusedError("is signed by another key", file="/srv/provider/artefacts/x"),
]


@pytest.mark.parametrize("given", OURS, ids=lambda given: given.code)
def test_callers_are_told_nothing_of_our_machine(given: ZkapexError) -> None:
    said = bytes(answers.failure(given).body).decode()
    assert "/srv" not in said and "10.0.0.5" not in said and "zkapex" not in said
    assert given.code in said


def test_a_worker_outlives_what_nobody_foresaw(site: Site, party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that ends in an error that no reader expects costs one attempt, not a worker."""
    state = site.enrol(party, seed=12)
    bundle = damaged(site.bundle(party, site.world.request(every(9, 1), 31), state), site.world.folder / f"{party.name}.bad")
    job = party.send_bundle(bundle)["job"]

    def breaks(*_: Any) -> None:
        raise KeyError("/srv/provider")

    at_work = site.worker()
    at_work.settings = at_work.settings.model_copy(update={"queue": Queue(poll=0.05, backoff=0.01)})
    with monkeypatch.context() as patched:
        patched.setattr(worker.Worker, "_verify", breaks)
        assert at_work.step()
    with site.service.store.read() as session:
        row = session.get_one(Job, job)
        assert row.status == queue.QUEUED and "bug" in row.outcome and "/srv" not in row.outcome
    deadline = time.monotonic() + 60
    while party.job(job)["status"] == "queued" and time.monotonic() < deadline:
        at_work.step()
    outcome = party.job(job)["outcome"]
    assert outcome["receipt"] and not outcome["accepted"]
    assert_one_receipt_for_all(site, party, Path(bundle))


def assert_one_receipt_for_all(site: Site, party: Party, bundle: Path) -> None:
    """Two workers that keep the receipt of one verdict at once: no error, one row."""
    made = make_receipt(site.service.provider, site.world.key, Bundle.from_file(bundle).digest)
    with site.service.store.write() as session:
        session.query(receipts.Row).where(receipts.Row.subject == made.subject).delete()
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(receipts.kept(site.service.store, made))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6 and len(set(found)) == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_job_without_end_is_set_aside_and_its_worker_ends(site: Site, party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    with site.service.store.write() as session:
        for row in session.query(Job).where(Job.status == queue.QUEUED):
            row.status = queue.FAILED
        session.add(Upload(id=party.name, client_id=party.name, kind="bundle", digest="d", size=1, offset=1, whole=True, spent=False, made=0, expires=1 << 50))
    job = queue.submit(site.service.store, party.who, "bundle", "d", (party.name, ""), LIMITS)
    at_work, ended = site.worker(), threading.Event()
    at_work.settings = at_work.settings.model_copy(update={"queue": Queue(longest=0.2)})
    codes: list[int] = []

    def leave(code: int) -> None:
        codes.append(code)
        ended.set()
        raise SystemExit

    monkeypatch.setattr(worker.os, "_exit", leave)
    monkeypatch.setattr(worker.Worker, "_verify", lambda *_: ended.wait(30) and (_ for _ in ()).throw(StorageError("too late")))
    assert at_work.step()
    assert codes == [InternalError.exit_code]
    found = queue.job(site.service.store, party.name, job.id)
    assert found.status == queue.FAILED and "worker_lost" in (found.outcome or "")


def test_a_workers_memory_is_limited() -> None:
    program = (
        "from zkapex_jax.service.restraint import restrain\nrestrain(300 << 20)\n"
        "print(open('/proc/self/oom_score_adj').read().strip())\n"
        "try:\n    bytearray(400 << 20)\nexcept MemoryError:\n    print('refused')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["500", "refused"], done.stderr


def test_servers_beside_each_other_sweep_what_expired_once(site: Site, party: Party) -> None:
    with site.service.store.write() as session:
        for number in range(20):
            name = f"{moment():016x}{number:016x}"
            session.add(Upload(id=name, client_id=party.name, kind="bundle", digest=name, size=1, offset=0, whole=False, spent=False, made=0, expires=1))
    found: list[int] = []
    stores = [site.service.store, *(Store.open(site.settings) for _ in range(3))]
    threads = [threading.Thread(target=lambda one=one: found.append(uploads.sweep(one, site.settings))) for one in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in stores[1:]:
        one.close()
    assert sum(found) == 20 and len(found) == 4


def test_a_lost_database_is_found_again(site: Site, party: Party, database: str | None) -> None:
    if database is None:
        pytest.skip("a file is not lost by losing connections")
    engine = create_engine(database.replace("postgresql:", "postgresql+psycopg:", 1), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        ended = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        assert connection.execute(ended).scalars().all()
    engine.dispose()
    answers = [party.http.get("/v1/me").status_code for _ in range(3)]
    assert answers[-1] == 200 and set(answers) <= {200, 503}


def test_a_locked_database_is_said_to_be_busy(site: Site, party: Party, monkeypatch: pytest.MonkeyPatch, database: str | None) -> None:
    if database is not None:
        pytest.skip("PostgreSQL locks rows")
    monkeypatch.setattr(store, "_PATIENCE", 0.2)
    impatient = Store.open(site.settings)
    try:
        with site.service.store.write() as session:
            session.get(Client, party.name)
            with pytest.raises(StorageError) as caught:
                uploads.create(impatient, site.settings, party.who, NewUpload(kind="bundle", digest="0" * 64, size=9))
        assert caught.value.code == "locked" and answers.failure(caught.value).status_code == 503
    finally:
        impatient.close()


@pytest.mark.parametrize("as_json", [False, True])
def test_no_line_of_a_log_is_forged(as_json: bool) -> None:
    """Names of tensors and the like come from clients, and errors repeat them."""
    forged = "2026-01-31 12:00:00,000 zkapex.worker 1 bundle of alice: accepted"
    program = (
        "import logging, sys\nfrom zkapex_jax.service import logs\n"
        f"logs.set_up(as_json={as_json})\n"
        f"try:\n    raise ValueError('x\\n{forged}')\n"
        f"except ValueError as error:\n    logging.getLogger('zkapex').error('tensor a\\n{forged}', exc_info=error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    lines = done.stderr.splitlines()
    assert not [line for line in lines if line.startswith(forged)] and lines[0].count(forged) >= 1
    assert all(line.startswith((" ", "{")) for line in lines[1:])

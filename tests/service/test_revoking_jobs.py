"""What a revoked key handed in before: an acknowledged bundle is judged; a first enrolment that waits is not."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from key_world import fresh_key, rejoin, revoke, rotated
from service_world import GENEROUS, Party, Site, every

from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.protocol import Bundle, Request
from zkapex_jax.protocol.receipt import Receipt, check_receipt
from zkapex_jax.service import queue
from zkapex_jax.service.messages import Outcome
from zkapex_jax.service.settings import Queue
from zkapex_jax.service.tables import Job, Upload

RULES, RULES_OF_CLIENTS = Queue(backoff=0.001, attempts=40), GENEROUS.model_copy(update={"open_jobs": 100})


def test_what_was_acknowledged_is_judged(site: Site, tmp_path: Path) -> None:
    """A proof needs the client's openings, whoever hands it in. The receipt is the client's, under its next key."""
    party = site.join(f"judged-{os.urandom(4).hex()}")
    state = site.enrol(party)
    request = site.world.request(every(9, 0), int(os.urandom(4).hex(), 16))
    bundle = site.bundle(party, request, state)
    job = party.send_bundle(bundle)["job"]
    before = [facts["receipt"] for facts in party.http.get("/v1/receipts").json()]
    found = revoke(site, party)
    assert (found.judged_on, found.cancelled, found.dropped) == ((job,), (), 0)
    while site.worker().step():
        pass
    again = rejoin(site, party, fresh_key(tmp_path))
    ended = again.job(job)
    assert ended["status"] == "done" and ended["outcome"]["accepted"] and again.http.get("/v1/me").json()["position"] == 1
    receipt = Receipt.from_bytes(again.http.get(f"/v1/receipts/{ended['outcome']['receipt']}").content)
    check_receipt(receipt, site.world.key.public, bundle=Bundle.from_file(bundle))
    assert receipt.client_id == party.name
    assert before and {facts["receipt"] for facts in again.http.get("/v1/receipts").json()} == {*before, ended["outcome"]["receipt"]}
    site.service.ledger.close_request(Request.from_file(request).request_id)


def first_enrolment(site: Site, party: Party, seed: int) -> tuple[str, dict[str, str]]:
    """Handed in, and the files that it was."""
    made = site.world.enrol(party.name, seed=seed)
    body = {"enrolment": party.upload(made.enrolment, "enrolment"), "proof": party.upload(made.proof, "enrolment-proof")}
    answer = party.http.post("/v1/enrolments", json=body)
    assert answer.status_code == 202, answer.text
    return answer.json()["job"], {"enrolment": str(made.enrolment), "enrolment-proof": str(made.proof)}


def test_a_first_enrolment_that_waits_ends_unjudged(site: Site, party: Party, tmp_path: Path) -> None:
    """Nothing but the key says that it is the client's. With a new key it is sent again, and judged."""
    job, files = first_enrolment(site, party, 31)
    found = revoke(site, party)
    assert found.cancelled == (job,) and found.judged_on == () and found.dropped == 2
    assert not site.worker().step()
    again = rejoin(site, party, fresh_key(tmp_path))
    ended = again.job(job)
    assert ended["status"] == "failed" and ended["outcome"]["error"]["code"] == "cancelled" and ended["outcome"]["receipt"] is None
    body = {
        "enrolment": again.upload(Path(files["enrolment"]), "enrolment"), "proof": again.upload(Path(files["enrolment-proof"]), "enrolment-proof")
    }  # fmt: skip
    anew = again.http.post("/v1/enrolments", json=body).json()["job"]
    assert anew != job and site.worker().step() and again.job(anew)["outcome"]["accepted"]


def test_a_first_enrolment_that_a_worker_is_at_is_finished(site: Site, party: Party, tmp_path: Path) -> None:
    job, _ = first_enrolment(site, party, 32)
    worker = site.worker()
    task = queue.take(site.service.store, worker.name, site.settings.queue)
    assert task is not None and task.id == job
    found = revoke(site, party)
    assert found.cancelled == () and found.judged_on == (job,)
    worker._finish(task, worker._judge(task), time.monotonic())
    assert rejoin(site, party, fresh_key(tmp_path)).job(job)["outcome"]["accepted"]


def test_no_worker_begins_a_void_job_that_the_revocation_passed_over(site: Site, party: Party, tmp_path: Path) -> None:
    """Also when the key was replaced between, and when the worker that was at it has fallen silent."""
    job, _ = first_enrolment(site, party, 33)
    assert queue.take(site.service.store, "silent", site.settings.queue) is not None
    later = rotated(site, party, fresh_key(tmp_path))
    assert revoke(site, later).judged_on == (job,)
    with site.service.store.write() as session:
        session.get_one(Job, job).lease = 0
    assert queue.take(site.service.store, "next", site.settings.queue) is None
    with site.service.store.read() as session:
        row = session.get_one(Job, job)
    assert row.status == queue.FAILED and row.outcome is not None and "cancelled" in row.outcome


@pytest.mark.parametrize("round_number", range(5))
def test_workers_beside_a_revocation_begin_nothing_void(site: Site, party: Party, round_number: int) -> None:
    """Many workers, first enrolments that come in, and the revocation between them: none waits for ever on another, and once it has
    returned, no worker begins what the key handed in.
    """
    store, over, late = site.service.store, threading.Event(), threading.Event()
    begun: list[tuple[str, bool]] = []
    errors: list[str] = []

    def work(name: str) -> None:
        try:
            while not over.is_set():
                after = late.is_set()
                task = queue.take(store, name, RULES)
                if task is not None and task.client_id == party.name:
                    begun.append((task.id, after))
                    queue.put_back(store, task, name, Outcome(accepted=False), RULES)
        except Exception as error:
            errors.append(repr(error))

    def hand_in() -> None:
        for number in range(6):
            upload = f"{party.name}-{number}"
            with store.write() as session:
                session.add(Upload(
                    id=upload, client_id=party.name, kind="enrolment", digest=upload, size=1, offset=1, whole=True, spent=False, made=0, expires=1 << 50,
                ))  # fmt: skip
            try:
                queue.submit(store, party.who, "enrolment", upload, (upload, ""), RULES_OF_CLIENTS)
            except (InputError, RefusedError) as error:
                errors.append(error.code)

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(3)] + [threading.Thread(target=hand_in)]
    for thread in threads:
        thread.start()
    threading.Event().wait(0.05 * round_number)
    revoke(site, party)
    late.set()
    threading.Event().wait(0.3)
    over.set()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads) and not [task for task, after in begun if after]
    with store.write() as session:
        session.query(Job).filter_by(client_id=party.name).update({"due": 0})
    for _ in range(7):  # what was put back after the revocation
        assert queue.take(store, "last", RULES) is None
    assert set(errors) <= {"revoked_key", "not_found", "over_limit"}, errors
    with store.read() as session:
        left = session.query(Job).filter_by(client_id=party.name).all()
    assert all("cancelled" in (job.outcome or "") for job in left if job.status == queue.FAILED)
    assert {job.status for job in left} <= {queue.FAILED}, [(job.status, job.outcome) for job in left]

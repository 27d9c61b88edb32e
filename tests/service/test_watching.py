"""The numbers say what happened, and nothing of whom."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from damaged import damaged
from service_world import Party, Site, every
from test_query_plans import Statements, scans
from watching_world import Numbers, exposition, queued

from zkapex_jax.errors import StorageError
from zkapex_jax.service import queue
from zkapex_jax.service.housekeeping import Rounds
from zkapex_jax.service.messages import Outcome
from zkapex_jax.service.routes import evidence as routes
from zkapex_jax.service.tables import Job
from zkapex_jax.service.watching import standing, tallies


def test_the_way_of_an_answer_is_counted(site: Site, party: Party, tmp_path: Path) -> None:
    before = Numbers.now(site)
    state = site.enrol(party, seed=3)
    honest = site.bundle(party, site.world.request(every(9, 1), 3), state)
    for path in (damaged(honest, tmp_path / "bad"), honest):
        party.send_bundle(path)
    waiting = Numbers.now(site)
    assert waiting.get_one("jobs", status="queued", kind="bundle") - before.get_one("jobs", status="queued", kind="bundle") == 2
    assert waiting.get_one("uploads", kind="bundle") - before.get_one("uploads", kind="bundle") == 2
    assert waiting.get_one("uploads_received_bytes", kind="bundle") >= 2 * honest.stat().st_size
    assert waiting.get_one("oldest_waiting_seconds") > 0
    while site.worker().step():
        pass
    Rounds(site.service).run()
    after = Numbers.now(site)

    def more(name: str, **labels: str) -> float:
        return after.get_one(name, **labels) - before.get_one(name, **labels)

    assert [more("jobs_ended_total", kind="bundle", outcome=one) for one in ("accepted", "refused", "unjudged")] == [1, 1, 0]
    assert more("jobs_ended_total", kind="enrolment", outcome="accepted") == 1
    assert more("job_seconds_count", kind="bundle") == 2 and 0 < more("job_seconds_sum", kind="bundle") < 120
    assert more("job_seconds_bucket", kind="bundle", le="+Inf") == 2 and more("uploads", kind="bundle") == 0
    assert more("evidence_files") == 1 and more("evidence_bytes") == (tmp_path / "bad").stat().st_size
    assert more("calls_total", route="/v1/bundles", method="POST", status="202") == 2
    assert more("call_seconds_count", route="/v1/uploads/{upload}", method="PATCH") >= 4
    assert more("ledger_events") >= 4 and after.get_one("requests_open") >= 1
    assert after.get_one("ledger_newest_timestamp_seconds") > 1.7e9 and after.get_one("housekeeping_last_timestamp_seconds") > 1.7e9
    assert after.get_one("oldest_waiting_seconds") == 0 and after.get_one("database_up") == 1
    assert 0 < after.get_one("disk_free_bytes") <= after.get_one("disk_size_bytes")


def test_strangers_make_no_new_labels(site: Site, party: Party) -> None:
    """Whatever paths, methods and codes come: one series for each route, and one for all that reach none."""
    def hostile(number: int) -> None:
        site.http.get(f"/v1/jobs/{number:032x}")
        party.http.get(f"/v1/jobs/{number:032x}")
        party.http.get(f"/receipts/{number:064x}")
        site.http.get(f"/{number}/{party.name}?x={number}")
        site.http.request(f"BREW{number}", f"/v1/health/{number}")
        httpx.get(f"{site.url}/v1/health", headers={"X-Forwarded-For": f"10.0.0.{number}", "User-Agent": f"agent-{number}"})

    hostile(0)
    first = Numbers.now(site)
    for number in range(1, 12):
        hostile(number)
    after = Numbers.now(site)
    assert first.keys() == after.keys()
    routes_seen = {labels["route"] for labels in after.labels("calls_total")}
    assert {"/v1/jobs/{name}", "/receipts/{digest}", "none"} <= routes_seen
    assert after.get_one("calls_total", route="/v1/jobs/{name}", method="GET", status="404") >= 12
    assert after.get_one("refused_calls_total", code="unsigned_call") - first.get_one("refused_calls_total", code="unsigned_call") >= 11
    assert {labels["method"] for labels in after.labels("calls_total")} <= {"GET", "HEAD", "POST", "PATCH", "other"}


def test_no_client_and_no_secret_is_in_it(site: Site, party: Party) -> None:
    invitation, job = site.invite("someone-else"), queued(site, party)
    party.http.get("/v1/me")
    site.http.get(f"/artefacts/{party.key.public}")
    text = exposition(site.service)
    secret = (site.settings.provider / "provider.key").read_text()
    for word in (party.name, party.key.public, invitation, job, str(site.settings.provider), "someone-else", "sqlite", "postgresql"):
        assert word not in text
    assert not any(line.strip() in text for line in secret.splitlines() if len(line.strip()) > 16)
    assert "zkapex_build_info{version=" in text


def test_the_numbers_are_read_by_indexes(site: Site, party: Party) -> None:
    queued(site, party)
    statements = Statements()
    with statements.of(site.service.store._engine, site.service.ledger._engine):
        assert Numbers.now(site).get_one("database_up") == 1
    assert len(statements) >= 8 and scans(site, statements) == {}


def test_what_is_set_aside_is_counted_until_it_is_sent_again(site: Site, party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    while queue.take(site.service.store, "nobody", site.settings.queue):
        pass
    before, job, worker = Numbers.now(site), queued(site, party), site.worker()
    worker.settings = site.settings.model_copy(update={"queue": site.settings.queue.model_copy(update={"attempts": 1})})
    monkeypatch.setattr(type(worker), "_judge", lambda *_: (_ for _ in ()).throw(OSError("no memory")))
    assert worker.step()
    after = Numbers.now(site)
    assert after.get_one("jobs_set_aside", kind="bundle") - before.get_one("jobs_set_aside", kind="bundle") == 1
    assert after.get_one("job_faults_total", kind="bundle", why="failed") - before.get_one("job_faults_total", kind="bundle", why="failed") == 1
    with site.service.store.read() as session:
        known = session.get_one(Job, job)
    queue.submit(site.service.store, party.who, "bundle", known.digest, (known.upload, ""), site.settings.limits)
    assert Numbers.now(site).get_one("jobs_set_aside", kind="bundle") == before.get_one("jobs_set_aside", kind="bundle")


def test_without_its_database_the_process_still_tells(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise StorageError("cannot use the database", code="database")

    monkeypatch.setattr(standing, "jobs", away)
    numbers = Numbers.now(site)
    assert numbers.get_one("database_up") == 0 and numbers.get_one("disk_free_bytes") > 0 and numbers.labels("calls_total")
    assert not numbers.labels("jobs")
    monkeypatch.setattr(routes.standing, "jobs", away)
    assert site.http.get("/v1/health").status_code == 503


def test_housekeeping_that_is_put_off_is_counted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    before, rounds = Numbers.now(site), Rounds(site.service)
    monkeypatch.setattr("zkapex_jax.service.uploads.sweep", lambda *_: (_ for _ in ()).throw(OSError(28, "no space left on device")))
    rounds.run()
    after = Numbers.now(site)
    assert after.get_one("housekeeping_failures_total", part="uploads") - before.get_one("housekeeping_failures_total", part="uploads") == 1
    assert after.get_one("housekeeping_last_timestamp_seconds") > 1.7e9


def test_a_count_is_made_by_the_transaction_that_it_is_of(site: Site, party: Party) -> None:
    """A worker that is killed before its transaction ends has counted nothing, and its job is one that it lost."""
    store = site.service.store
    while queue.take(store, "nobody", site.settings.queue):
        pass
    job, before = queued(site, party), tallies.read(store)
    task = queue.take(store, "killed", site.settings.queue)
    assert task is not None and task.id == job
    with pytest.raises(OSError, match="stops"), store.write() as session:
        assert queue.finish(session, task, "killed", Outcome(accepted=True))
        tallies.ended(session, "bundle", Outcome(accepted=True), 3.0)
        raise OSError("the machine stops")
    assert tallies.read(store) == before
    with store.write() as session:
        session.query(Job).filter(Job.id == job).update({"lease": 1})
    again = queue.take(store, "another", site.settings.queue)
    assert again is not None and again.id == job
    with store.write() as session:
        assert not queue.finish(session, task, "killed", Outcome(accepted=True))
        assert queue.finish(session, again, "another", Outcome(accepted=True))
        tallies.ended(session, "bundle", Outcome(accepted=True), 3.0)
    changed = {key: value - before.get(key, 0) for key, value in tallies.read(store).items() if value != before.get(key)}
    assert changed == {
        ("faults", "bundle/worker_lost"): 1, ("ended", "bundle/accepted"): 1, ("seconds", "bundle/5.0"): 1, ("milliseconds", "bundle"): 3000
    }  # fmt: skip


@pytest.mark.parametrize(("seconds", "bound"), [(0.0, "0.1"), (0.1, "0.1"), (0.100001, "0.25"), (7200.0, "7200.0"), (7200.5, "+Inf")])
def test_buckets_end_at_their_bounds(seconds: float, bound: str) -> None:
    assert tallies.bucket(seconds) == bound

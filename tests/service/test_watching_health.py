"""Health says when nobody's answer is judged, though every call is answered; why is told to the provider alone."""

from __future__ import annotations

import logging
from collections import namedtuple

import pytest
from service_world import Party, Site
from watching_world import Numbers, queued

from zkapex_jax.service.housekeeping import Rounds
from zkapex_jax.service.tables import Job, moment
from zkapex_jax.service.watching import health


@pytest.fixture(autouse=True)
def nobody_watches(site: Site) -> None:
    site.service.meters.crew = None


def degraded(site: Site) -> set[str]:
    numbers = Numbers.now(site)
    return {reason for reason in health.REASONS if numbers.get_one("degraded", reason=reason)}


def change(site: Site, job: str, **values: object) -> None:
    with site.service.store.write() as session:
        session.query(Job).filter(Job.id == job).update(values)


def check(site: Site, reason: str | None) -> None:
    """What strangers, a probe and the provider are told."""
    plain, strict = site.http.get("/v1/health"), site.http.get("/v1/health", params={"strict": "true"})
    assert (plain.status_code, strict.status_code) == (200, 503 if reason else 200)
    for answer in (plain, strict):
        assert answer.json()["status"] == ("degraded" if reason else "ok")
        assert set(answer.json()) == {"status", "version", "queued", "running"}, "no reason, no path, no size"
    assert degraded(site) == ({reason} if reason else set())


def test_a_queue_that_stands_still(site: Site, party: Party) -> None:
    check(site, None)
    first, second = queued(site, party), queued(site, party)
    long = int(1000 * site.settings.queue.stalled) + 60_000
    change(site, first, due=moment() - long)
    check(site, "queue")
    change(site, second, status="done", finished=moment())
    check(site, None)  # it is long, but it moves
    assert Numbers.now(site).get_one("oldest_waiting_seconds") > site.settings.queue.stalled
    change(site, second, finished=moment() - long)
    check(site, "queue")
    change(site, first, status="running")
    check(site, None)


def test_a_job_that_waits_after_a_fault_is_no_queue_that_stands_still(site: Site, party: Party) -> None:
    """One that was handed in long ago, set aside, and sent again now."""
    job = queued(site, party)
    change(site, job, made=5, due=moment() + 60_000)
    assert Numbers.now(site).get_one("oldest_waiting_seconds") == 0
    change(site, job, status="done", finished=moment())


def test_a_disk_that_is_nearly_full(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    limits = site.settings.limits.model_copy(update={"spare_disk": 1000})
    monkeypatch.setitem(site.settings.__dict__, "limits", limits)
    for free, reason in ((1000, None), (999, "disk")):
        monkeypatch.setattr(health.shutil, "disk_usage", lambda _, free=free: usage(2000, 2000 - free, free))
        check(site, reason)


def test_no_worker(site: Site) -> None:
    class Gone:
        restarts, processes = 3, []

    class There:
        restarts, processes = 3, [7]

    site.service.meters.crew = Gone()  # type: ignore[assignment]
    check(site, "workers")
    assert Numbers.now(site).get_one("workers_restarted_total") == 3
    site.service.meters.crew = There()  # type: ignore[assignment]
    check(site, None)
    assert Numbers.now(site).get_one("workers") == 1


def test_the_log_says_why(site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Once, and once that it is over."""
    rounds = Rounds(site.service)
    monkeypatch.setattr("zkapex_jax.service.housekeeping.complaints", lambda *_: ("disk",))
    with caplog.at_level(logging.WARNING, "zkapex.service"):
        for _ in range(3):
            rounds.run()
        monkeypatch.setattr("zkapex_jax.service.housekeeping.complaints", lambda *_: ())
        rounds.run()
    assert [record.getMessage() for record in caplog.records if "health" in record.getMessage()] == ["health says degraded: disk", "health says ok again"]

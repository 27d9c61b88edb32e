"""The numbers that are asked when somebody looks, as Prometheus names them."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from zkapex_jax.errors import ZkapexError
from zkapex_jax.service.context import Service
from zkapex_jax.service.watching import standing, tallies
from zkapex_jax.service.watching.health import REASONS, complaints

_LOG = logging.getLogger("zkapex.service")
_KINDS = ("bundle", "enrolment")
_OUTCOMES = ("accepted", "refused", "unjudged")


def registry_of(service: Service) -> CollectorRegistry:
    """Everything that is told of one service; a new registry with each call."""
    whole = CollectorRegistry()
    whole.register(_Part(service.meters.registry))
    whole.register(Standing(service))
    return whole


class _Part(Collector):
    """Another registry's families."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterable[Metric]:
        return self._registry.collect()


class Standing(Collector):
    """Asks anew each time. Where the database does not answer, `zkapex_database_up` is 0, and what it would have told is absent."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        """Families in one order. Labels that are known beforehand are there from the start, at 0, so that rates have a beginning."""
        yield from self._machine()
        try:
            found = [*self._jobs(), *self._uploads(), *_tallied(tallies.read(self._service.store)), *self._ledger()]
        except (ZkapexError, SQLAlchemyError) as error:
            _LOG.warning("the numbers of the database are left out: %s", error)
            yield _gauge("database_up", "Whether the database answers", 0)
            return
        yield _gauge("database_up", "Whether the database answers", 1)
        yield from found

    def _machine(self) -> Iterator[Metric]:
        service, crew = self._service, self._service.meters.crew
        try:
            disk = shutil.disk_usage(service.settings.provider)
            yield _gauge("disk_free_bytes", "Free bytes of the disk that the provider's folder is on", disk.free)
            yield _gauge("disk_size_bytes", "Bytes of the disk that the provider's folder is on", disk.total)
        except OSError as error:
            _LOG.warning("the disk's numbers are left out: %s", error)
        yield _gauge("workers", "Worker processes that are alive", len(crew.processes) if crew else 0)
        yield _gauge("workers_wanted", "Worker processes that there should be", service.settings.workers)
        yield _counter("workers_restarted", "Workers that took the place of one that ended", crew.restarts if crew else 0)

    def _jobs(self) -> Iterator[Metric]:
        store = self._service.store
        jobs, aside = standing.jobs(store), standing.set_aside(store)
        counts = {(status, kind): 0 for status in ("queued", "running") for kind in _KINDS} | jobs.counts
        yield _labelled("jobs", "Jobs that wait, or that a worker has", ("status", "kind"), counts)
        yield _gauge("oldest_waiting_seconds", "How long the job that waits longest could have been taken", jobs.waiting)
        yield _labelled("jobs_set_aside", "Jobs that ended unjudged and are remembered", ("kind",), {(kind,): aside.get(kind, 0) for kind in _KINDS})
        found = complaints(self._service, jobs)
        yield _labelled("degraded", "1: /v1/health says degraded for this reason", ("reason",), {(one,): int(one in found) for one in REASONS})

    def _uploads(self) -> Iterator[Metric]:
        found = standing.uploads(self._service.store)
        yield _labelled("uploads", "Uploads whose file is not judged yet", ("kind",), {(one.kind,): one.count for one in found})
        yield _labelled("uploads_received_bytes", "Bytes of them that came", ("kind",), {(one.kind,): one.received for one in found})
        yield _labelled("uploads_declared_bytes", "Bytes that they will have", ("kind",), {(one.kind,): one.declared for one in found})

    def _ledger(self) -> Iterator[Metric]:
        sealed = standing.sealed(self._service.ledger)
        yield _gauge("ledger_events", "Number of the ledger's newest event", sealed.events)
        if sealed.newest is not None:
            yield _gauge("ledger_newest_timestamp_seconds", "When the newest enrolment, verdict or request was recorded", sealed.newest)
        yield _gauge("requests_open", "Requests that wait for answers", sealed.requests_open)


def _tallied(counts: dict[tallies.Key, int]) -> Iterator[Metric]:
    """What workers and housekeeping did, since the tables that count it were made."""
    ended = CounterMetricFamily("zkapex_jobs_ended", "Jobs that ended judged, or refused by a rule (unjudged)", labels=("kind", "outcome"))
    faults = CounterMetricFamily("zkapex_job_faults", "Attempts at a job that came to nothing by no fault of the client", labels=("kind", "why"))
    seconds = HistogramMetricFamily("zkapex_job_seconds", "Seconds that judging a job took", labels=("kind",))
    for kind in _KINDS:
        for outcome in _OUTCOMES:
            ended.add_metric((kind, outcome), counts.get((tallies.ENDED, f"{kind}/{outcome}"), 0))
        for why in (tallies.FAILED, tallies.LOST):
            faults.add_metric((kind, why), counts.get((tallies.FAULTS, f"{kind}/{why}"), 0))
        seconds.add_metric((kind,), _buckets(counts, kind), counts.get((tallies.MILLISECONDS, kind), 0) / 1000)
    yield from (ended, faults, seconds)
    yield _gauge("evidence_bytes", "Bytes of refused bundles that are kept", counts.get((tallies.EVIDENCE, "bytes"), 0))
    yield _gauge("evidence_files", "Refused bundles that are kept", counts.get((tallies.EVIDENCE, "files"), 0))


def _buckets(counts: dict[tallies.Key, int], kind: str) -> list[tuple[str, float]]:
    """Cumulative, as Prometheus has them."""
    found, total = [], 0
    for bound in (*map(str, tallies.BOUNDS), tallies.ABOVE):
        total += counts.get((tallies.SECONDS, f"{kind}/{bound}"), 0)
        found.append((bound, float(total)))
    return found


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"zkapex_{name}", words, value=value)


def _counter(name: str, words: str, value: float) -> Metric:
    return CounterMetricFamily(f"zkapex_{name}", words, value=value)


def _labelled(name: str, words: str, labels: tuple[str, ...], values: dict[tuple[str, ...], int]) -> Metric:
    family = GaugeMetricFamily(f"zkapex_{name}", words, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family

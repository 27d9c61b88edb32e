"""No table is read from end to end by what clients, workers and housekeeping do all day: every statement that they run is explained."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from damaged import damaged
from service_world import Party, Site, every
from sqlalchemy import Engine, event, text

from zkapex_jax.service import evidence, orphans, queue, retention, uploads
from zkapex_jax.service.housekeeping import Rounds

DAY = 24 * 3600
#: Tables that have a handful of rows however many clients there are: keys of the provider, bases, requests; where things have come, and counts.
SMALL = {"provider_keys", "bases", "requests", "masks", "service_places", "service_tallies", "ledger_version", "service_version"}
#: An enrolment's proof is looked for by its digest when a job leaves no verdict, which is as seldom as a fault: it has no index.
SELDOM = re.compile(r"enrolments\.proof_digest\s+IN", re.IGNORECASE)
#: The newest event: SQLite says SCAN where it goes along the key from its end, and stops at the first row.
NEWEST = re.compile(r"FROM chain ORDER BY chain\.sequence DESC\s+LIMIT")


class Statements(dict[str, Any]):
    """Each statement once, with the parameters that it came with first."""

    @contextlib.contextmanager
    def of(self, *engines: Engine) -> Iterator[None]:
        def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
            if statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE")) and "pg_advisory" not in statement:
                self.setdefault(statement, parameters[0] if many else parameters)

        for engine in engines:
            event.listen(engine, "before_cursor_execute", note)
        try:
            yield
        finally:
            for engine in engines:
                event.remove(engine, "before_cursor_execute", note)


def scans(site: Site, statements: Statements) -> dict[str, list[str]]:
    """Statements that read a whole table or a whole index, and which."""
    engine, found = site.service.store._engine, {}
    with engine.connect() as connection:
        if not site.service.store.is_sqlite:
            connection.execute(text("SET LOCAL enable_seqscan = off"))  # small tables are read whole for good reason: could an index serve?
        for statement, parameters in statements.items():
            prefix = "EXPLAIN QUERY PLAN " if site.service.store.is_sqlite else "EXPLAIN "
            lines = [str(row[-1]) for row in connection.exec_driver_sql(prefix + statement, parameters)]
            whole = re.compile(r"^SCAN (?!CONSTANT)(\w+)" if site.service.store.is_sqlite else r"Seq Scan on (\w+)")
            tables = {match[1] for line in lines if (match := whole.search(line.strip()))} - SMALL
            if tables and not SELDOM.search(statement) and not NEWEST.search(statement):
                found[statement] = [*tables, *lines]
    return found


@pytest.fixture
def watched(site: Site) -> Callable[[], Any]:
    return lambda: (site.service.store._engine, site.service.ledger._engine)


def test_the_way_of_an_answer_is_read_by_indexes(site: Site, party: Party, tmp_path: Path, watched: Any) -> None:
    """Uploads, an enrolment, a refused bundle, an accepted one, all of them again, receipts, health."""
    made, statements = site.world.enrol(party.name, seed=5), Statements()
    worker = site.worker()
    with statements.of(*watched(), worker.store._engine, worker.provider.ledger._engine):
        body = {"enrolment": party.upload(made.enrolment, "enrolment"), "proof": party.upload(made.proof, "enrolment-proof")}
        party.http.post("/v1/enrolments", json=body)
        assert worker.step()
        state = site.fetch_state(party)
        honest = site.bundle(party, site.world.request(every(9, 1), 5), state)
        for path in (damaged(honest, tmp_path / "bad"), honest, honest):
            job = party.send_bundle(path)["job"]
            worker.step()
            assert party.job(job)["status"] == "done"
        late = damaged(honest, tmp_path / "late", 4)
        assert party.http.post("/v1/bundles", json={"bundle": party.upload(late, "bundle")}).status_code == 409
        for path in ("/v1/receipts", "/v1/me", "/v1/requests", "/v1/health", "/v1/ledger/head"):
            assert party.http.get(path).status_code == 200
    assert len(statements) > 40 and scans(site, statements) == {}


def test_housekeeping_reads_by_indexes(site: Site, party: Party, tmp_path: Path, watched: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With something to do in every part of it."""
    state = site.enrol(party, seed=6)
    honest = site.bundle(party, site.world.request(every(9, 2), 6), state)
    party.send_bundle(damaged(honest, tmp_path / "bad"))
    assert site.worker().step()
    left = party.send_bundle(honest)["job"]
    with site.service.store.write() as session:
        session.query(queue.Job).filter(queue.Job.id == left).update({"status": queue.FAILED, "finished": 5})
    party.upload(damaged(honest, tmp_path / "unused", 9), "bundle")
    for module in (retention, uploads, orphans, evidence):
        real = module.moment
        monkeypatch.setattr(module, "moment", lambda _real=real: _real() + 1000 * DAY * 400)
    statements = Statements()
    with statements.of(*watched()):
        Rounds(site.service).run()
    with site.service.store.read() as session:
        assert session.query(queue.Job).filter(queue.Job.client_id == party.name).count() == 0
    assert len(statements) > 15 and scans(site, statements) == {}


def test_the_check_finds_what_is_read_whole(site: Site) -> None:
    statements = Statements()
    with statements.of(site.service.store._engine), site.service.store.read() as session:
        session.execute(text("SELECT count(*) FROM service_jobs WHERE attempts = 3"))
    assert [found[0] for found in scans(site, statements).values()] == ["service_jobs"]

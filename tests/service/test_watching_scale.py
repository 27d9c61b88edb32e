"""Counts of evidence over upgrades and removals; and what a look costs when there is much that ended."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from alembic import command
from service_world import Site
from sqlalchemy import func, insert, select, text
from watching_world import Numbers, exposition

from zkapex_jax.ledger import Ledger
from zkapex_jax.ledger.database import connect
from zkapex_jax.ledger.evidence import Refused
from zkapex_jax.ledger.place import parse_place
from zkapex_jax.service import evidence
from zkapex_jax.service.migrations import upgrading
from zkapex_jax.service.settings import Settings
from zkapex_jax.service.store import Store
from zkapex_jax.service.tables import Evidence, Job, Upload, moment
from zkapex_jax.service.watching import tallies


def kept(store: Store) -> tuple[int, int]:
    """Files and bytes, by the rows themselves."""
    with store.read() as session:
        files, size = session.execute(select(func.count(), func.coalesce(func.sum(Evidence.size), 0))).one()
        return files, int(size)


def told(store: Store) -> tuple[int, int]:
    counts = tallies.read(store)
    return counts.get((tallies.EVIDENCE, "files"), 0), counts.get((tallies.EVIDENCE, "bytes"), 0)


def test_evidence_is_counted_as_it_comes_and_goes(site: Site) -> None:
    store, provider, key = site.service.store, site.service.provider, site.service.key
    while not Numbers.now(site).get_one("housekeeping_last_timestamp_seconds"):  # its first round looks for evidence, too
        time.sleep(0.05)
    last = evidence._place(store)
    found = [Refused(f"{number:064x}", "somebody", "2026-01-01T00:00:00+00:00", 1) for number in range(3)]
    with store.write() as session:
        evidence._note(session, {one: 100 + place for place, one in enumerate(found)}, last, last + 1)
    assert told(store) == kept(store) == (3, 303)
    with store.write() as session:  # noted anew, another size: a ledger that was restored
        evidence._note(session, {found[0]: 50}, last + 1, last + 2)
    assert told(store) == kept(store) == (3, 253)
    with store.write() as session:  # somebody has come further
        evidence._note(session, {found[1]: 9}, last, last + 1)
    for one in found[:2]:
        evidence._drop(store, provider, key, one.digest, evidence.keep_of(site.settings))
        evidence._drop(store, provider, key, one.digest, evidence.keep_of(site.settings))
    assert told(store) == kept(store) == (1, 102)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_an_upgrade_counts_what_is_there(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    place = str(tmp_path / "ledger.sqlite") if engine == "sqlite" else request.getfixturevalue("postgres").database()
    Ledger.create(place).close()
    made = connect(parse_place(place))
    with made.execution_options(zkapex_write=True).begin() as connection:
        config = upgrading._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "s0004")
        for number, size in enumerate((7, 1 << 33)):
            connection.execute(text("INSERT INTO service_evidence VALUES (:digest, 'a', :size, 1)"), {"digest": f"{number:064}", "size": size})
    made.dispose()
    store = Store.open(Settings(provider=tmp_path, database=f"sqlite:///{place}" if engine == "sqlite" else place))
    assert told(store) == kept(store) == (2, 7 + (1 << 33))
    store.close()


@pytest.mark.slow
def test_a_look_costs_what_is_open_and_not_what_ever_was(site: Site) -> None:
    """140,000 jobs that ended, with their uploads: a look takes no longer than ten times what it takes without them."""
    def look() -> float:
        begun = time.perf_counter()
        assert Numbers.of(exposition(site.service)).get_one("database_up") == 1
        return time.perf_counter() - begun

    before, now = min(look() for _ in range(3)), moment()
    common = {"client_id": "edge", "kind": "bundle", "digest": "0" * 64, "made": now}
    jobs = [
        {**common, "id": f"{n:032x}", "public": "", "upload": f"{n:032x}", "proof_upload": "", "status": "done", "attempts": 1, "due": 1, "worker": "",
         "lease": 0, "finished": now, "outcome": None} for n in range(140_000)
    ]  # fmt: skip
    uploads = [
        {**common, "client_id": f"edge-{n}", "id": f"{n:032x}", "size": 1, "offset": 1, "whole": True, "spent": True, "expires": now} for n in range(140_000)
    ]
    with site.service.store.write() as session:
        session.execute(insert(Job), jobs)
        session.execute(insert(Upload), uploads)
    after = min(look() for _ in range(3))
    print(f"a look: {1000 * before:.1f} ms; with 140,000 jobs that ended: {1000 * after:.1f} ms")
    assert after < max(10 * before, 0.5)

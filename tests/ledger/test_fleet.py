"""The fleet, page by page: every status from real events, sorted, searched, counted and exported."""

from __future__ import annotations

import pytest
from artefact_factory import Factory
from sqlalchemy import literal, select, union_all

from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.ledger import FleetQuery, Ledger, client_detail, export_rows, fleet_page, fleet_row
from zkapex_jax.protocol import Enrolment, Request, SigningKey
from zkapex_jax.protocol.chain import next_state

EVER, NEVER = "9999-01-01T00:00:00Z", "2000-01-01T00:00:00Z"


@pytest.fixture
def request_one(ledger: Ledger, make: Factory, key: SigningKey) -> Request:
    """Alice complied, bob was refused, carol keeps silent, dave enrolled after the request."""
    enrolled = {name: make.enrol(ledger, name) for name in ("alice", "bob", "carol")}
    asked = make.request(key)
    ledger.add_request(asked)
    bundles = {name: make.bundle(enrolment, asked, state) for name, (enrolment, state) in enrolled.items()}
    ledger.accept(bundles["alice"], next_state(enrolled["alice"][1], asked, bundles["alice"], make.path("state")), seconds=0.5)
    ledger.refuse(bundles["bob"], reason="chunk 0: fold.last", seconds=0.1)
    make.enrol(ledger, "dave")
    return asked


def statuses(ledger: Ledger, **query: object) -> dict[str, str]:
    return {row.client_id: row.status for row in fleet_page(ledger, FleetQuery(**query)).rows}  # type: ignore[arg-type]


def test_every_status(ledger: Ledger, request_one: Request) -> None:
    found = {"alice": "complied", "bob": "refused", "carol": "pending", "dave": "complied"}
    assert statuses(ledger) == found == statuses(ledger, late_before=NEVER)
    assert statuses(ledger, late_before=EVER) == found | {"carol": "late"}
    assert statuses(ledger, request_id=request_one.request_id) == found | {"dave": "not_enrolled"}


def test_reasons_positions_and_counts(ledger: Ledger, request_one: Request) -> None:
    page = fleet_page(ledger, FleetQuery(request_id=request_one.request_id, late_before=EVER))
    alice, bob, carol, dave = page.rows
    assert (alice.position, alice.reason) == (1, None) and alice.answered and alice.enrolled and alice.last_seen
    assert (bob.position, bob.reason, bob.answered) == (0, "chunk 0: fold.last", None)
    assert (carol.reason, dave.reason) == ("has not answered in time", "enrolled after the request")
    assert page.total == 4
    assert page.counts == {"complied": 1, "late": 1, "refused": 1, "pending": 0, "not_enrolled": 1}


def test_a_refusal_is_forgotten_once_the_client_complies(ledger: Ledger, make: Factory, request_one: Request) -> None:
    digest = ledger.enrolment("bob").digest
    given = next(one for one in map(Enrolment.from_file, make.folder.glob("enrolment-?.safetensors")) if one.digest == digest)
    first = make.state(given)
    bundle = make.bundle(given, request_one, first)
    ledger.accept(bundle, next_state(first, request_one, bundle, make.path("state")), seconds=0.1)
    assert statuses(ledger)["bob"] == "complied"


def test_a_closed_request_leaves_the_silent_late(ledger: Ledger, request_one: Request) -> None:
    ledger.close_request(request_one.request_id)
    page = fleet_page(ledger, FleetQuery(request_id=request_one.request_id))
    assert [row.status for row in page.rows] == ["complied", "refused", "late", "not_enrolled"]
    assert page.rows[2].reason == "did not answer before the request was closed"
    assert set(statuses(ledger).values()) == {"complied"}, "no request waits"


def test_two_requests_the_worst_counts(ledger: Ledger, make: Factory, key: SigningKey, request_one: Request) -> None:
    ledger.add_request(make.request(key))
    assert statuses(ledger) == {"alice": "pending", "bob": "refused", "carol": "pending", "dave": "pending"}


def test_filter_search_sort_and_pages(ledger: Ledger, request_one: Request) -> None:
    assert statuses(ledger, status="refused") == {"bob": "refused"}
    assert list(statuses(ledger, search="A", descending=True)) == ["dave", "carol", "alice"]
    assert statuses(ledger, search="%") == {} == statuses(ledger, search="_")
    assert list(statuses(ledger, sort="answered")) == ["alice", "bob", "carol", "dave"], "who never answered comes last"
    assert list(statuses(ledger, sort="answered", descending=True))[0] == "alice"
    assert list(statuses(ledger, sort="position", descending=True))[0] == "alice"
    page = fleet_page(ledger, FleetQuery(status="complied", offset=1, limit=1))
    assert [row.client_id for row in page.rows] == ["dave"] and page.total == 2 and page.counts["refused"] == 1


def test_clients_that_are_known_but_not_enrolled(ledger: Ledger, request_one: Request) -> None:
    known = union_all(select(literal("alice").label("client_id")), select(literal("eve").label("client_id")))
    chosen = select(known.subquery().c.client_id)
    rows = fleet_page(ledger, FleetQuery(known=chosen)).rows
    assert [row.client_id for row in rows] == ["alice", "bob", "carol", "dave", "eve"]
    assert (rows[-1].status, rows[-1].reason, rows[-1].enrolled) == ("not_enrolled", "has not enrolled", None)
    assert tuple(export_rows(ledger, FleetQuery(known=chosen))) == rows


def test_one_row_is_that_of_the_page(ledger: Ledger, request_one: Request) -> None:
    for query in (FleetQuery(), FleetQuery(request_id=request_one.request_id, search="nobody"), FleetQuery(late_before=EVER)):
        for name in ("alice", "bob", "carol", "dave"):
            row = fleet_row(ledger, query, name)
            assert row in fleet_page(ledger, FleetQuery(request_id=query.request_id, late_before=query.late_before)).rows
            assert row and row.client_id == name
    assert fleet_row(ledger, FleetQuery(), "ali") is None
    assert fleet_row(ledger, FleetQuery(known=select(literal("joe"))), "joe").status == "not_enrolled"


def test_last_seen_is_of_any_request(ledger: Ledger, make: Factory, key: SigningKey, request_one: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who answered one request, and not the next, was seen when it answered."""
    monkeypatch.setattr("zkapex_jax.ledger.rows.now", lambda: "2999-01-01T00:00:00Z")
    enrolment, state = make.enrol(ledger, "erin")
    asked = [make.request(key) for _ in range(2)]
    for request in asked:
        ledger.add_request(request)
    monkeypatch.setattr("zkapex_jax.ledger.rows.now", lambda: "2999-02-02T00:00:00Z")
    ledger.refuse(make.bundle(enrolment, asked[0], state), reason="chunk 0: fold.last", seconds=0.1)
    row = fleet_row(ledger, FleetQuery(request_id=asked[1].request_id), "erin")
    assert (row.status, row.last_seen) == ("pending", "2999-02-02T00:00:00Z")


def test_export_is_all_pages(ledger: Ledger, make: Factory, request_one: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    from zkapex_jax.ledger import fleet

    rows = fleet_page(ledger, FleetQuery()).rows
    for size in (1, 2, 3, 500):
        monkeypatch.setattr(fleet, "_BATCH", size)
        assert tuple(export_rows(ledger, FleetQuery(limit=1, offset=3))) == rows
        assert [row.client_id for row in export_rows(ledger, FleetQuery(status="complied"))] == ["alice", "dave"]


def test_one_client(ledger: Ledger, request_one: Request) -> None:
    alice = client_detail(ledger, "alice")
    assert [state.position for state in alice.states] == [0, 1]
    assert [(verdict.accepted, verdict.state_digest) for verdict in alice.verdicts] == [(True, alice.states[1].digest)]
    assert [asked.request_id for asked in alice.requests] == [request_one.request_id]
    bob = client_detail(ledger, "bob")
    assert [(verdict.reason, verdict.state_digest) for verdict in bob.verdicts] == [("chunk 0: fold.last", None)]
    assert client_detail(ledger, "dave").requests == ()
    with pytest.raises(RefusedError, match="no such client"):
        client_detail(ledger, "mallory")


@pytest.mark.parametrize(
    "wrong",
    [{"status": "fine"}, {"sort": "reason; DROP TABLE chain"}, {"offset": -1}, {"limit": 1001}, {"request_id": "r-none"}],
    ids=str,
)
def test_wrong_questions(ledger: Ledger, wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        fleet_page(ledger, FleetQuery(**wrong))  # type: ignore[arg-type]


def test_an_empty_fleet(ledger: Ledger) -> None:
    page = fleet_page(ledger, FleetQuery())
    assert (page.rows, page.total, set(page.counts.values())) == ((), 0, {0})
    assert list(export_rows(ledger, FleetQuery())) == []

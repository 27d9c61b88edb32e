"""A ledger that is opened from where it was found whole last: everything that a whole check finds is found so, too."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from artefact_factory import Factory
from provider_world import World, build
from sqlalchemy import text

from zkapex_jax.errors import InputError
from zkapex_jax.ledger import Ledger, remembering
from zkapex_jax.ledger.database import reading, transaction
from zkapex_jax.ledger.remembering import LedgerMark, fingerprint
from zkapex_jax.protocol import generate_key
from zkapex_jax.protocol.chain import next_state
from zkapex_jax.workflow import Provider, remembered_ledger
from zkapex_jax.workflow.ledger_place import ledger_place


@pytest.fixture
def world(tmp_path: Path, place: str) -> World:
    """With a mark of all its events, which `open` has made."""
    made = build(tmp_path / "provider", place)
    made.open()
    assert mark_of(made).sequence == Ledger.open(ledger_place(made.folder)).head()[0]
    return made


def mark_of(world: World) -> LedgerMark:
    return LedgerMark.from_file(world.folder / "ledger.mark")


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """One item for each time that all of a ledger was checked."""
    times, check = [], Ledger.check
    monkeypatch.setattr(Ledger, "check", lambda self: (times.append(True), check(self))[1])
    return times


def run(world: World, *statements: str) -> None:
    """As someone who owns the database, and whom no trigger stops."""
    place = ledger_place(world.folder)
    ledger = Ledger.open(place, check=False)
    with transaction(ledger._engine, ledger.path) as session:
        connection = session.connection()
        for table in ("chain", "bases", "verdicts", "states", "masks"):
            for action in ("update", "delete"):
                on = "" if connection.dialect.name == "sqlite" else f" ON {table}"
                connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_{action}{on}"))
        for statement in statements:
            connection.execute(text(statement))
    ledger.close()


def grow(world: World, tmp_path: Path, seed: int = 3) -> None:
    """Carol enrols, a request is published, she answers it, it is closed."""
    make = Factory(tmp_path, seed=seed)
    make.count, make.model = 300 * seed, world.request.model
    with world.open() as provider:
        ledger = provider.ledger
        carol, state = make.enrol(ledger, f"carol-{seed}")
        request = make.request(world.key)
        ledger.add_request(request)
        bundle = make.bundle(carol, request, state)
        after = provider.make(partial(next_state, state, request, bundle))
        ledger.accept(bundle, after, seconds=0.1)
        ledger.close_request(request.request_id)


def test_nothing_is_judged_twice(world: World, whole: list[bool], tmp_path: Path) -> None:
    first = mark_of(world)
    for _ in range(3):
        world.open()
    grow(world, tmp_path)
    grow(world, tmp_path, seed=4)
    world.open()
    assert whole == [] and mark_of(world) == first
    Provider.open(world.folder, whole=True)
    assert whole == [True] and mark_of(world) == first


def test_a_long_tail_moves_the_mark(world: World, whole: list[bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered_ledger, "LONG", 3)
    grow(world, tmp_path)
    world.open()
    assert mark_of(world).sequence == world.open().ledger.head()[0] and whole == []


#: What someone changes behind the ledger's back: before the mark, after it, or in what neither seals.
TAMPERING = {
    "an old event": ["UPDATE chain SET payload = replace(payload, 'bob', 'eve') WHERE sequence = 6"],
    "an old head": ["UPDATE chain SET head = replace(head, 'a', 'b') WHERE sequence = 3"],
    "an old row": ["UPDATE enrolments SET client_id = 'eve' WHERE client_id = 'bob'"],
    "an old verdict": ["UPDATE verdicts SET accepted = NOT accepted"],
    "an old verdict's client": ["UPDATE verdicts SET enrolment_id = 1 WHERE reason IS NOT NULL"],
    "an old reason": ["UPDATE verdicts SET reason = 'x' WHERE reason IS NOT NULL"],
    "an old state": ["UPDATE states SET position = 7 WHERE position = 2"],
    "an old mask": ["UPDATE masks SET packed = (SELECT m.packed FROM masks m WHERE m.digest <> masks.digest LIMIT 1)"],
    "a mark that a later event makes": ["UPDATE enrolments SET replaced = NOT replaced WHERE client_id = 'bob'"],
    "an enrolment that is current again": ["UPDATE enrolments SET replaced = TRUE", "UPDATE enrolments SET replaced = FALSE WHERE id = 1"],
    "a request that is closed": ["UPDATE requests SET closed = '2026-01-01T00:00:00Z' WHERE closed IS NULL"],
    "a request that is open again": ["UPDATE requests SET closed = NULL"],
    "a row that is gone": ["DELETE FROM verdicts WHERE sequence = (SELECT max(sequence) FROM verdicts)"],
    "an event that is gone": ["DELETE FROM chain WHERE kind = 'close'"],
    "a row without an event": ["INSERT INTO provider_keys (public, added, sequence) VALUES ('00', '', 1)"],
    "a newer row": ["UPDATE enrolments SET client_id = 'eve' WHERE client_id = 'carol-3'"],
    "a newer verdict": ["UPDATE verdicts SET reason = 'x', accepted = FALSE WHERE sequence > 14 AND accepted"],
    "a newer state": ["UPDATE states SET position = 5 WHERE sequence > 16"],
    "a newer state's client": ["UPDATE states SET enrolment_id = 1, position = 9 WHERE sequence > 16"],
    "a newer event": ["UPDATE chain SET payload = replace(payload, 'carol', 'david') WHERE sequence > 13"],
}


@pytest.mark.parametrize("case", TAMPERING)
def test_what_a_whole_check_finds_is_found(world: World, whole: list[bool], tmp_path: Path, case: str) -> None:
    grow(world, tmp_path)
    world.open()
    assert whole == [], "the mark served until now"
    run(world, *TAMPERING[case])
    for opening in (lambda: Ledger.open(ledger_place(world.folder)), world.open):
        with pytest.raises(InputError) as caught:
            opening()
        assert caught.value.code == "damaged"


def test_columns_that_are_not_sealed_are_judged_again_and_remembered(world: World, whole: list[bool]) -> None:
    """A time of day is not in the chain: a whole check passes it, and so does the next one from a new mark."""
    run(world, "UPDATE verdicts SET received = '2020-01-01T00:00:00Z'")
    world.open()
    assert whole == [True]
    world.open()
    assert whole == [True]


def other_key(world: World, path: Path) -> None:
    fields = mark_of(world).model_dump(exclude={"provider", "signature"})
    LedgerMark.sign(generate_key(world.folder / "other.key"), fields).to_file(path, force=True)


def altered(world: World, path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(mark_of(world).rows.encode(), b"0" * 64))


@pytest.mark.parametrize(
    "spoil",
    [
        other_key, altered, lambda world, path: path.unlink(), lambda world, path: path.write_bytes(b"{}"),
        lambda world, path: path.write_bytes(b""), lambda world, path: (path.unlink(), path.mkdir()),
    ],
)  # fmt: skip
def test_a_mark_that_is_none_costs_a_whole_check_alone(world: World, whole: list[bool], spoil: Callable[[World, Path], object]) -> None:
    spoil(world, world.folder / "ledger.mark")
    world.open()
    assert whole == [True]


def test_another_version_checks_again(world: World, whole: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "__version__", "99")
    world.open()
    world.open()
    assert whole == [True]


def test_without_the_key_there_is_no_mark(world: World, whole: list[bool]) -> None:
    os.rename(world.folder / "provider.key", world.folder / "elsewhere.key")
    world.open()
    world.open()
    assert whole == [True, True]


def test_a_ledger_that_was_cut_back(world: World, whole: list[bool], tmp_path: Path) -> None:
    """From a backup, say: whole again, and shorter than its mark."""
    run(world, "DELETE FROM verdicts WHERE sequence = (SELECT max(sequence) FROM chain)", "DELETE FROM chain WHERE sequence = (SELECT max(sequence) FROM chain)")
    before = mark_of(world)
    world.open()
    assert whole == [True] and mark_of(world).sequence == before.sequence - 1


def test_a_fingerprint_is_of_every_value(world: World) -> None:
    ledger = Ledger.open(ledger_place(world.folder))
    upto = ledger.head()[0]

    def now() -> str:
        with reading(ledger._engine, ledger.path) as session:
            assert fingerprint(session, upto) != fingerprint(session, upto - 1)
            return fingerprint(session, upto)

    seen = {now()}
    assert now() in seen, "the same rows, the same value"
    for table, skipped in remembering._TABLES:
        for column in table.__table__.columns:
            if column.name in skipped or column.name in ("id", "sequence") or column.foreign_keys or column.primary_key:
                continue
            change = f"NOT {column.name}" if str(column.type) == "BOOLEAN" else f"{column.name} || 'x'" if "CHAR" in str(column.type) else None
            if change is None:
                continue
            run(world, f"UPDATE {table.__tablename__} SET {column.name} = {change} WHERE {column.name} IS NOT NULL")
            found = now()
            assert found not in seen, f"{table.__tablename__}.{column.name}"
            seen.add(found)
    ledger.close()


def test_it_pays(tmp_path: Path) -> None:
    """Less than half of the processor time of a whole check, already at some thousand events."""
    import sys

    sys.path.insert(0, str(Path(__file__).parents[1] / "service"))
    from synthetic_fleet import fill

    folder = tmp_path / "provider"
    folder.mkdir()
    key = generate_key(folder / "provider.key")
    ledger = Ledger.create(ledger_place(folder))
    ledger.trust(key.public)
    fill(ledger, 400)
    Provider.open(folder)
    spent = {}
    for whole in (True, False):
        begun = time.process_time()
        Provider.open(folder, whole=whole)
        spent[whole] = time.process_time() - begun
    assert spent[False] < 0.6 * spent[True], spent

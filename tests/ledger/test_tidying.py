"""What goes from a provider's folder and what never does; and that what went by the rules is told from what was lost."""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path

import pytest
from artefact_factory import Factory
from hypothesis import given
from hypothesis import strategies as st
from provider_world import World, build

from zkapex_jax.errors import RefusedError
from zkapex_jax.ledger.evidence import Refused
from zkapex_jax.protocol import State, generate_key
from zkapex_jax.protocol.chain import first_state, next_state
from zkapex_jax.workflow import Provider
from zkapex_jax.workflow.audit.ledger import LedgerAudit, audit_ledger
from zkapex_jax.workflow.keeping import Keep, tidying
from zkapex_jax.workflow.keeping.notes import note_file
from zkapex_jax.workflow.keeping.removing import drop_evidence, remove_idle
from zkapex_jax.workflow.keeping.tidying import Plan, plan_tidying, tidy
from zkapex_jax.workflow.receipts import make_receipt

HOUR, DAY = 3600.0, 24 * 3600.0
LATER = 100 * DAY
KEEP = Keep()


@pytest.fixture
def world(tmp_path: Path, place: str) -> World:
    return build(tmp_path / "provider", place)


def later(world: World, key: object = None) -> tuple[Plan, list[str]]:
    """Tidied a hundred days from now: the plan, and digests of what went."""
    now = time.time() + LATER
    with world.open() as provider:
        plan = plan_tidying(provider, KEEP, now)
        return plan, [one.digest for one in tidy(provider, key or world.key, plan, KEEP, now)]  # type: ignore[arg-type]


def audit(world: World) -> LedgerAudit:
    with world.open() as provider:
        return audit_ledger(provider)


def names(world: World) -> set[str]:
    return {path.stem for path in (world.folder / "artefacts").iterdir()}


def test_nothing_goes_before_its_time(world: World) -> None:
    with world.open() as provider:
        assert plan_tidying(provider, KEEP) == Plan()
        assert plan_tidying(provider, KEEP, time.time() + 89 * DAY) == Plan()


def test_a_plan_changes_nothing(world: World) -> None:
    before = names(world)
    with world.open() as provider:
        plan = plan_tidying(provider, KEEP, time.time() + LATER)
    assert [one.digest for one in plan.evidence] == [world.refused.digest] and plan.size == world.refused.path.stat().st_size
    assert names(world) == before and not (world.folder / "dropped").exists()


def test_evidence_leaves_a_note_that_the_audit_takes(world: World) -> None:
    before, whole = names(world), audit(world)
    with world.open() as provider:
        receipt = make_receipt(provider, world.key, world.refused.digest).to_bytes()
    _, gone = later(world)
    assert gone == [world.refused.digest] and names(world) == before - {world.refused.digest}
    after = audit(world)
    assert (after.whole, after.artefacts, after.dropped) == (True, whole.artefacts - 1, 1)
    with world.open() as provider:
        assert make_receipt(provider, world.key, world.refused.digest).to_bytes() == receipt, "the bundle is not asked for it"
        assert note_file(provider, world.refused.digest).read_bytes() == receipt
    assert later(world) == (Plan(), [])


def test_evidence_that_was_lost_is_found(world: World, tmp_path: Path) -> None:
    """Without a note, or with one that is not the provider's word on this bundle."""
    later(world)
    path = world.folder / "dropped" / world.refused.digest[:2] / f"{world.refused.digest}.json"
    note = path.read_bytes()
    with world.open() as provider:
        accepted = make_receipt(provider, world.key, world.bundle.digest).to_bytes()
    for wrong, code in ((None, "missing_file"), (accepted, "receipt_differs"), (note[:-200], None), (note.replace(b"fold.last", b"fold.lost"), "bad_signature")):
        path.unlink(missing_ok=True)
        if wrong is not None:
            path.write_bytes(wrong)
        found = audit(world)
        assert not found.whole and found.dropped == 0
        assert code is None or [one.code for one in found.findings] == [code]
    path.write_bytes(note)
    assert audit(world).whole


def test_a_note_of_another_provider_is_none(world: World, tmp_path: Path) -> None:
    other = generate_key(tmp_path / "other.key")
    with pytest.raises(RefusedError) as caught:
        later(world, other)
    assert caught.value.code == "other_signer" and world.refused.digest in names(world)


def test_what_the_ledger_rests_on_is_not_touched(world: World) -> None:
    now = time.time() + LATER
    with world.open() as provider:
        everything = names(world) - {world.refused.digest}
        for digest in everything:
            with pytest.raises(RefusedError):
                drop_evidence(provider, world.key, digest, KEEP, now)
        for digest in everything | {world.refused.digest}:
            with pytest.raises(RefusedError) as caught:
                remove_idle(provider, digest, KEEP, partial(tidying._check_unnamed, provider, digest), now)
            assert caught.value.code == "still_needed"
    assert names(world) == everything | {world.refused.digest} and audit(world).whole


def test_a_bundle_that_was_accepted_after_a_refusal_stays(world: World) -> None:
    """Refused by a machine that was ill, accepted by a sound one."""
    with world.open() as provider:
        state = provider.load(State, world.refused.state_digest)
        after = provider.make(partial(next_state, state, world.request, world.refused))
        provider.ledger.accept(world.refused, after, seconds=0.1)
    plan, gone = later(world)
    assert plan == Plan() and gone == [] and audit(world).whole


def test_what_somebody_asked_for_of_late_stays(world: World) -> None:
    """Whoever judges a bundle once more keeps it first: between the plan and the removal."""
    keep, path = Keep(evidence=0.0, idle=HOUR), world.refused.path
    os.utime(path, (0, time.time() - 2 * HOUR))
    with world.open() as provider:
        plan = plan_tidying(provider, keep, time.time() + 1)
        assert [one.digest for one in plan.evidence] == [world.refused.digest]
        provider.keep(world.refused)
        assert tidy(provider, world.key, plan, keep) == [] and path.exists()


def left(world: World, tmp_path: Path, *, with_state: bool) -> tuple[str, str]:
    """An enrolment and its proof that were kept and never recorded, as after a kill, or a ledger from a backup."""
    make = Factory(tmp_path, seed=7)
    make.count = 70
    with world.open() as provider:
        make.model = provider.load(type(world.request), world.request.digest).model
        enrolment = provider.keep(make.enrolment("carol"))
        proof = provider.keep(make.enrolment_proof(enrolment))
        if with_state:
            provider.make(partial(first_state, enrolment))
    return enrolment.digest, proof.digest


def test_files_that_no_event_names_go(world: World, tmp_path: Path) -> None:
    before, files = names(world), set(left(world, tmp_path, with_state=False))
    points = world.folder / "points"
    points.mkdir(exist_ok=True)
    (points / f"{sorted(files)[0]}.safetensors").write_bytes(b"cache")
    (points / f"{'ab' * 32}.safetensors").write_bytes(b"cache of nothing")
    (world.folder / "artefacts" / "notes.txt").write_text("not ours")
    with world.open() as provider:
        young = plan_tidying(provider, KEEP)
        assert young.going == () and {one.why for one in young.stays} == {"not old enough"}
    plan, gone = later(world)
    assert {one.digest for one in plan.unnamed} == files and set(gone) == files | {world.refused.digest, "ab" * 32}
    assert names(world) == before - {world.refused.digest} | {"notes"} and list(points.iterdir()) == []


def test_files_of_a_client_whose_state_the_ledger_lacks_stay(world: World, tmp_path: Path) -> None:
    """Only a restored ledger lacks a state: these files are what it is to be given again."""
    files = set(left(world, tmp_path, with_state=True))
    plan, _ = later(world)
    assert plan.unnamed == () and files < {one.digest for one in plan.stays} and files < names(world)
    assert all("restored" in one.why or "lacks a state" in one.why for one in plan.stays)


SIZES = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 200), st.booleans()), max_size=12)


@given(SIZES, st.integers(0, 200), st.integers(1, 100))
def test_what_stays_of_a_client_is_its_newest(files: list[tuple[int, int, bool]], most: int, days: int) -> None:
    """However many there are: no older one stays where a younger idle one goes for want of room, and what stays fits."""
    now, keep = 10**9, Keep(evidence=days * DAY, evidence_bytes=most, idle=DAY)
    ages = sorted((age for _, age, _ in files), reverse=True)
    made = [
        (Refused(f"{number}", "client", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - age * DAY)), number),
         os.stat_result((0, 0, 0, 0, 0, 0, size, 0, now if asked else 0, 0)))
        for number, (age, (size, _, asked)) in enumerate(zip(ages, files, strict=True))
    ]  # fmt: skip
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tidying, "_evidence", lambda provider: iter(made))
        gone = {one.digest for one in tidying.old_evidence(None, keep, now)}  # type: ignore[arg-type]
    idle = {one.digest: file.st_mtime < now - DAY for one, file in made}
    assert all(idle[digest] for digest in gone)
    staying = [(one, file.st_size) for one, file in made if one.digest not in gone]
    assert all(now - one.moment <= days * DAY for one, _ in staying if idle[one.digest])
    assert sum(size for _, size in staying) <= most or not any(idle[one.digest] for one, _ in staying)
    if len(gone) > 1:
        oldest_gone_for_room = [int(digest) for digest in gone if ages[int(digest)] <= days]
        for one, _ in staying:
            assert not idle[one.digest] or all(number < int(one.digest) for number in oldest_gone_for_room)


def test_opening_shuts_what_an_older_version_left_open(world: World) -> None:
    (world.folder / "points").mkdir(exist_ok=True)
    for name in ("artefacts", "points"):
        (world.folder / name).chmod(0o755)
    Provider.open(world.folder)
    assert [(world.folder / name).stat().st_mode & 0o777 for name in ("artefacts", "points")] == [0o700, 0o700]

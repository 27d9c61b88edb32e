"""A year later: what ended goes, and who sends it again gets the same verdict and the same receipt, and nothing is judged twice."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from damaged import damaged
from service_world import Party, Site, every
from sqlalchemy.orm import Session

from zkapex_jax.errors import InputError
from zkapex_jax.protocol import Bundle, EnrolmentProof
from zkapex_jax.prover import Prover
from zkapex_jax.service import clients, evidence, orphans, queue, retention, uploads
from zkapex_jax.service.housekeeping import Rounds
from zkapex_jax.service.tables import Evidence, Job, Nonce, Place, Receipt, Upload, moment
from zkapex_jax.workflow.audit.ledger import audit_ledger
from zkapex_jax.workflow.keeping.notes import note_file

DAY = 24 * 3600
CLOCKS = (retention, uploads, queue, orphans, evidence)


@pytest.fixture
def judgements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One item each time that a proof is really verified."""
    times: list[str] = []
    for name in ("verify", "verify_enrolment"):
        real = getattr(Prover, name)
        monkeypatch.setattr(Prover, name, lambda *given, _real=real, _name=name, **more: (times.append(_name), _real(*given, **more))[1])
    return times


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Moves the service's clock on, and files' times back, as if so many days had passed."""

    def move(site: Site, days: float) -> None:
        for module in CLOCKS:
            real = module.moment
            monkeypatch.setattr(module, "moment", lambda _real=real: _real() + int(1000 * DAY * days))
        for path in (site.settings.provider / "artefacts").iterdir():
            os.utime(path, (0, path.stat().st_mtime - DAY * days))

    yield move


def rows(site: Site, party: Party) -> tuple[int, int]:
    """Jobs and uploads that the service remembers of a client."""
    with site.service.store.read() as session:
        jobs = session.query(Job).filter(Job.client_id == party.name).count()
        return jobs, session.query(Upload).filter(Upload.client_id == party.name).count()


def settled(site: Site, party: Party, job: str) -> dict[str, Any]:
    while site.worker().step():
        pass
    return party.job(job)["outcome"]


def send_enrolment(site: Site, party: Party, made: Any, proof: Path | None = None) -> dict[str, Any]:
    body = {"enrolment": party.upload(made.enrolment, "enrolment"), "proof": party.upload(proof or made.proof, "enrolment-proof")}
    return settled(site, party, party.http.post("/v1/enrolments", json=body).json()["job"])


def send_bundle(site: Site, party: Party, path: Path) -> dict[str, Any]:
    return settled(site, party, party.send_bundle(path)["job"])


def test_the_same_again_after_a_year(site: Site, party: Party, tmp_path: Path, judgements: list[str], later: Any) -> None:
    """An admission, a failed proof of an enrolment, a refused bundle and an accepted one: with their jobs, and long after these went."""
    made = site.world.enrol(party.name, seed=31)
    given = EnrolmentProof.from_file(made.proof)
    tensors = {name: given.tensor(name).copy() for name in given.container.specs}
    tensors["proof.00000"][-1] ^= 1
    bad_proof = EnrolmentProof.parse({name: getattr(given, name) for name in EnrolmentProof.model_fields}).to_file(tmp_path / "bad", tensors).path
    sends = [lambda: send_enrolment(site, party, made, bad_proof), lambda: send_enrolment(site, party, made)]
    first = [send() for send in sends]
    bundle = site.bundle(party, site.world.request(every(9, 1), 31), site.fetch_state(party))
    bad = damaged(bundle, tmp_path / "bad.bundle")
    sends += [lambda: send_bundle(site, party, bad), lambda: send_bundle(site, party, bundle)]
    first += [send() for send in sends[2:]]
    assert [outcome["accepted"] for outcome in first] == [False, True, False, True] and len(judgements) == 4
    assert rows(site, party) == (4, 5)
    receipts = party.http.get("/v1/receipts").json()
    later(site, 400)
    rounds = Rounds(site.service)
    rounds.run()
    assert rows(site, party) == (0, 0)
    assert party.http.get("/v1/receipts").json() == receipts, "what was signed stays"
    assert not site.service.provider.artefact(Bundle.from_file(bad).digest).exists()
    assert site.service.provider.artefact(Bundle.from_file(bundle).digest).exists()
    assert [send() for send in sends] == first and len(judgements) == 4, "told as before, and not judged again"
    assert {one["receipt"] for one in party.http.get("/v1/receipts").json()} == {one["receipt"] for one in receipts}
    audited = audit_ledger(site.service.provider)
    assert audited.whole and audited.dropped >= 1


def test_an_enrolment_that_was_replaced_since_is_told_as_it_was(site: Site, party: Party, later: Any, judgements: list[str]) -> None:
    site.enrol(party, seed=41)
    state = site.fetch_state(party)
    folder = site.world.client(party.name)
    old = {name: (folder / name).read_bytes() for name in ("enrolment.safetensors", "enrolment-proof.safetensors")}
    with site.service.store.read() as session:
        told = session.query(Job.outcome).filter(Job.client_id == party.name).scalar()
    for record in site.service.ledger.open_requests(party.name):
        site.service.ledger.close_request(record.request_id)
    renewed = site.world.renew(party.name, state, seed=42)
    assert send_enrolment(site, party, renewed)["accepted"]
    later(site, 400)
    Rounds(site.service).run()
    for name, data in old.items():
        (site.world.folder / f"old-{name}").write_bytes(data)
    body = {
        "enrolment": party.upload(site.world.folder / "old-enrolment.safetensors", "enrolment"),
        "proof": party.upload(site.world.folder / "old-enrolment-proof.safetensors", "enrolment-proof"),
    }
    before = len(judgements)
    job = party.http.post("/v1/enrolments", json=body).json()["job"]
    settled(site, party, job)
    with site.service.store.read() as session:
        assert session.get_one(Job, job).outcome == told
    assert len(judgements) == before


def test_what_is_asked_for_again_is_kept_for_a_day(site: Site, party: Party, tmp_path: Path, later: Any) -> None:
    """A client that declared the same file again a moment ago finds its job: it has the upload's name."""
    state = site.enrol(party, seed=51)
    bad = damaged(site.bundle(party, site.world.request(every(9, 2), 51), state), tmp_path / "bad.bundle")
    job = party.send_bundle(bad)["job"]
    settled(site, party, job)
    later(site, 60)
    name = party.upload(bad, "bundle")
    retention.remove_finished(site.service.store, site.settings.keep.finished)
    assert party.http.post("/v1/bundles", json={"bundle": name}).json()["job"] == job
    later(site, 2)
    retention.remove_finished(site.service.store, site.settings.keep.finished)
    assert rows(site, party) == (0, 0)


def test_nothing_goes_before_its_time(site: Site, party: Party, later: Any) -> None:
    site.enrol(party, seed=61)
    later(site, 29)
    retention.remove_finished(site.service.store, site.settings.keep.finished)
    assert rows(site, party) == (1, 2)


def test_an_enrolment_with_two_proofs_keeps_the_upload_that_both_need(site: Site, party: Party, later: Any) -> None:
    store = site.service.store
    with store.write() as session:
        for name, spent in (("e" * 32, True), ("1" * 32, True), ("2" * 32, False)):
            session.add(Upload(id=name, client_id=party.name, kind="enrolment", digest=name, size=1, offset=1, whole=True, spent=spent, made=0, expires=1))
        for name, proof, finished in (("a" * 32, "1" * 32, 5), ("b" * 32, "2" * 32, None)):
            session.add(Job(
                id=name, client_id=party.name, public="", kind="enrolment", digest="d", upload="e" * 32, proof_upload=proof,
                status="queued" if finished is None else "done", attempts=0, due=1 << 60, worker="", lease=0, made=0, finished=finished, outcome=None,
            ))  # fmt: skip
    retention.remove_finished(store, DAY)
    with store.write() as session:
        assert {row.id[0] for row in session.query(Upload).filter(Upload.client_id == party.name)} == {"e", "2"}
        assert [row.id for row in session.query(Job).filter(Job.client_id == party.name)] == ["b" * 32]
        session.query(Job).filter(Job.client_id == party.name).delete()
        session.query(Upload).filter(Upload.client_id == party.name).delete()


def test_thousands_go_by_short_transactions(site: Site, party: Party) -> None:
    """What does not go in one run goes in the next, and what stays in a batch holds up nothing behind it."""
    store = site.service.store
    with store.write() as session:
        for number in range(250):
            name = f"{number:032x}"
            expires = 1 << 60 if number < 30 else 1
            session.add(Upload(id=name, client_id=party.name, kind="bundle", digest=name, size=1, offset=1, whole=True, spent=True, made=0, expires=expires))
            session.add(Job(
                id=name, client_id=party.name, public="", kind="bundle", digest=name, upload=name, proof_upload="", status="done", attempts=1,
                due=0, worker="", lease=0, made=0, finished=number // 7, outcome=None,
            ))  # fmt: skip
    assert retention.remove_finished(store, DAY, batch=25, batches=4) == 70
    assert retention.remove_finished(store, DAY, batch=25, batches=100) == 150
    assert rows(site, party) == (30, 30), "these were declared anew"
    with store.write() as session:
        session.query(Job).filter(Job.client_id == party.name).delete()
        session.query(Upload).filter(Upload.client_id == party.name).delete()


def test_old_nonces_go_by_short_transactions(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a month without housekeeping; those that a clock set back could make good again stay."""
    store, now = site.service.store, moment() // 1000
    with store.write() as session:
        session.query(Nonce).delete()
        session.add_all(Nonce(public="ab" * 32, nonce=f"{number:032x}", expires=now - 30 * DAY + 20 * number) for number in range(90))
        session.add_all(Nonce(public="cd" * 32, nonce=f"{number:032x}", expires=now - 60 * number) for number in range(50))
    deleted: list[int] = []
    real = Session.execute

    def counted(self: Session, statement: Any, *given: Any, **more: Any) -> Any:
        result = real(self, statement, *given, **more)
        deleted.extend([result.rowcount] if str(statement).startswith("DELETE") else [])
        return result

    monkeypatch.setattr(Session, "execute", counted)
    clients.forget_nonces(store)
    assert sum(deleted) == 90 and max(deleted) == 3
    with store.read() as session:
        assert session.query(Nonce).count() == 50


def test_evidence_is_bounded_by_client(site: Site, party: Party, tmp_path: Path, later: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go first, each leaves its note; other clients' stay; the ledger is read on from where it was read."""
    state = site.enrol(party, seed=71)
    other = site.join(f"{party.name}-other")
    others, request = site.enrol(other, seed=72), site.world.request(every(9, 3), 71)
    honest = site.bundle(party, request, state)
    bad = [damaged(honest, tmp_path / f"bad-{number}", number) for number in range(3)]
    digests = [Bundle.from_file(path).digest for path in bad]
    for path in bad:
        assert not send_bundle(site, party, path)["accepted"]
    theirs = damaged(site.bundle(other, request, others), tmp_path / "theirs")
    send_bundle(site, other, theirs)
    size, provider = bad[0].stat().st_size, site.service.provider
    tight = site.settings.model_copy(update={"keep": site.settings.keep.model_copy(update={"evidence_bytes": size + size // 2})})
    assert evidence.gather(site.service.store, provider) and not evidence.gather(site.service.store, provider)
    with site.service.store.read() as session:
        assert session.get(Place, "evidence").place == site.service.ledger.head()[0]
        assert {row.digest for row in session.query(Evidence).filter(Evidence.client_id == party.name)} == set(digests)
    assert evidence.drop(site.service.store, tight, provider, site.service.key) == evidence.Dropped(), "a worker may be at them"
    later(site, 1)
    with monkeypatch.context() as patched:
        patched.setattr(evidence, "drop_evidence", lambda *given: (_ for _ in ()).throw(InputError("gone", code="missing_file")))
        stuck = evidence.drop(site.service.store, tight, provider, site.service.key)
    assert stuck.gone == () and stuck.stuck <= set(digests) and len(stuck.stuck) == 2
    assert evidence.drop(site.service.store, tight, provider, site.service.key, stuck).gone == (), "it holds up no other, and is tried again by the next server"
    gone = evidence.drop(site.service.store, tight, provider, site.service.key).gone
    with site.service.store.read() as session:
        left = [row.digest for row in session.query(Evidence).filter(Evidence.client_id == party.name)]
    assert set(gone) | set(left) == set(digests) and len(left) == 1 and provider.artefact(left[0]).exists()
    assert all(note_file(provider, digest).is_file() and not provider.artefact(digest).exists() for digest in gone)
    assert provider.artefact(Bundle.from_file(theirs).digest).exists()
    assert audit_ledger(provider).whole


def test_a_kill_between_the_file_and_its_row(site: Site, party: Party, tmp_path: Path, later: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """At every step of dropping: the next round ends the same, and the audit is whole at each."""
    state = site.enrol(party, seed=81)
    bad = damaged(site.bundle(party, site.world.request(every(9, 5), 81), state), tmp_path / "bad")
    send_bundle(site, party, bad)
    digest, provider, service = Bundle.from_file(bad).digest, site.service.provider, site.service
    while evidence.gather(service.store, provider):
        pass
    later(site, 100)

    class Killed(BaseException):
        pass

    from zkapex_jax.workflow.keeping import removing

    for module, name in ((removing, "write_note"), (removing, "remove_idle"), (removing, "_unlink"), (type(service.store), "write")):
        with monkeypatch.context() as patched:
            patched.setattr(module, name, lambda *given, **more: (_ for _ in ()).throw(Killed))
            with pytest.raises(Killed):
                evidence.drop(service.store, service.settings, provider, service.key)
        assert audit_ledger(provider).whole
    evidence.drop(service.store, service.settings, provider, service.key)
    assert not provider.artefact(digest).exists() and note_file(provider, digest).is_file()
    with service.store.read() as session:
        assert session.get(Evidence, digest) is None
        assert session.query(Receipt).filter(Receipt.subject == digest).count() == 1

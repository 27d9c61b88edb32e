"""From an upload to a verdict, a receipt and the next state; the ledger judges once, whoever asks how often."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from damaged import damaged
from service_world import Party, Site, every

from zkapex_jax.protocol import Bundle, Enrolment, EnrolmentProof, Request, State
from zkapex_jax.protocol.ledger_head import LedgerHead
from zkapex_jax.protocol.receipt import Receipt, check_receipt
from zkapex_jax.protocol.receipts import check_any, parse_receipt
from zkapex_jax.protocol.refusal import Refusal, check_refusal
from zkapex_jax.prover import Prover
from zkapex_jax.service import queue
from zkapex_jax.service.messages import Outcome
from zkapex_jax.service.tables import Job
from zkapex_jax.service.watching import standing
from zkapex_jax.service.worker import Worker
from zkapex_jax.workflow.audit.ledger import audit_ledger


@pytest.fixture(scope="module")
def alice(site: Site) -> tuple[Party, Path]:
    """Enrolled, with the state's file."""
    party = site.join("alice")
    return party, site.enrol(party)


@pytest.fixture(scope="module")
def answered(site: Site, alice: tuple[Party, Path]) -> tuple[Path, Path]:
    """A request, and an honest bundle that is not sent yet."""
    request = site.world.request(every(9, 0), 1)
    return request, site.bundle(alice[0], request, alice[1])


def error(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def submit(party: Party, path: Path) -> tuple[int, str]:
    return error(party.http.post("/v1/bundles", json={"bundle": party.upload(path, "bundle")}))


def test_a_refused_proof_has_a_verdict_and_a_receipt(site: Site, alice, answered, tmp_path: Path) -> None:
    party, state = alice
    bad = damaged(answered[1], tmp_path / "bad.bundle")
    job = party.send_bundle(bad)
    assert site.worker().step()
    outcome = party.job(job["job"])["outcome"]
    assert not outcome["accepted"] and "chunk 0" in outcome["reason"] and outcome["error"] is None
    receipt = Receipt.from_bytes(party.http.get(f"/v1/receipts/{outcome['receipt']}").content)
    check_receipt(receipt, site.world.key.public, bundle=Bundle.from_file(bad), state=State.from_file(state))
    assert not receipt.verdict.accepted
    assert party.send_bundle(bad)["job"] == job["job"] and not site.worker().step()
    assert party.http.get("/v1/me").json()["position"] == 0


def test_what_is_another_clients_is_not_taken(site: Site, alice, answered) -> None:
    bob = site.join("bob")
    assert submit(bob, answered[1]) == (403, "other_client")
    job = alice[0].send_bundle(answered[1])["job"]
    assert error(bob.http.get(f"/v1/jobs/{job}")) == (404, "not_found")


def test_an_accepted_bundle_leads_to_a_receipt_and_the_next_state(site: Site, alice, answered) -> None:
    party, request = alice[0], Request.from_file(answered[0])
    job = party.send_bundle(answered[1])
    while site.worker().step():
        pass
    ended = party.job(job["job"])
    assert ended["status"] == "done" and ended["attempts"] == 1 and ended["outcome"]["accepted"]
    receipt = Receipt.from_bytes(party.http.get(f"/v1/receipts/{ended['outcome']['receipt']}").content)
    after = State.from_file(site.fetch_state(party))
    check_receipt(receipt, site.world.key.public, request=request, bundle=Bundle.from_file(answered[1]), state=after)
    assert receipt.verdict.accepted and after.digest == ended["outcome"]["state"]
    assert party.http.get("/v1/me").json() | {"position": 1, "open_requests": []} == party.http.get("/v1/me").json()
    assert party.http.get(f"/v1/requests/{request.request_id}").json()["status"] == "answered"
    assert party.send_bundle(answered[1]) == ended  # the same file again
    assert not list(site.settings.uploads.glob(f"{ended['job']}*"))


def test_receipts_are_their_clients(site: Site, alice) -> None:
    mine = alice[0].http.get("/v1/receipts").json()
    assert [fact["receipt"] for fact in mine]
    other = site.join("carol")
    assert other.http.get("/v1/receipts").json() == []
    assert error(other.http.get(f"/v1/receipts/{mine[0]['receipt']}")) == (404, "not_found")
    assert error(other.http.get("/v1/state")) == (409, "unknown_client")


def test_a_job_whose_worker_died_after_the_verdict_is_not_judged_again(site: Site, alice, answered) -> None:
    """The last step was not recorded: the next worker finds the ledger's verdict, and makes the same receipt."""
    party = alice[0]
    job = party.send_bundle(answered[1])["job"]
    before, verdicts = party.job(job)["outcome"], len(site.service.ledger.verdicts())
    with site.service.store.write() as session:
        row = session.get_one(Job, job)
        row.status, row.worker, row.lease, row.outcome, row.finished = queue.RUNNING, "dead", 0, None, None
    assert site.worker().step()
    assert party.job(job)["outcome"] == before
    assert len(site.service.ledger.verdicts()) == verdicts


@pytest.mark.parametrize("honest", [True, False])
def test_two_workers_at_one_job_leave_one_verdict(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, honest: bool) -> None:
    """One is stopped in the midst of its work for longer than its lease, and goes on after the other has judged."""
    party = site.join(f"dora-{honest}".lower())
    state = site.enrol(party, seed=4 + honest)
    given = site.bundle(party, site.world.request(every(7, 2 + honest), 2 + honest), state)
    bundle = given if honest else damaged(given, tmp_path / "bad.bundle")
    job = party.send_bundle(bundle)["job"]
    slow, fast, real = site.worker(), site.worker(), Prover.verify

    def stopped(self: Prover, *args: Any, **options: Any) -> Any:
        report = real(self, *args, **options)
        monkeypatch.setattr(Prover, "verify", real)
        with site.service.store.write() as session:
            session.get_one(Job, job).lease = 0
        assert fast.step() and party.job(job)["status"] == "done"
        return report

    monkeypatch.setattr(Prover, "verify", stopped)
    assert slow.step()
    ended = party.job(job)
    assert (ended["attempts"], ended["outcome"]["accepted"]) == (2, honest)
    digest = Bundle.from_file(bundle).digest
    assert sum(verdict.bundle_digest == digest for verdict in site.service.ledger.verdicts()) == 1


def test_a_rule_that_refuses_is_told_at_once_and_signed(site: Site, alice, answered, tmp_path: Path) -> None:
    """Answered already: refused before it is queued; the same again is the same refusal."""
    party, jobs, late = alice[0], standing.jobs(site.service.store).counts, damaged(answered[1], tmp_path / "late.bundle", 3)
    answer = party.http.post("/v1/bundles", json={"bundle": party.upload(late, "bundle")})
    assert error(answer) == (409, "replay")
    assert standing.jobs(site.service.store).counts == jobs
    digest, bundle = answer.json()["receipt"], Bundle.from_file(late)
    refusal = Refusal.from_bytes(party.http.get(f"/v1/receipts/{digest}").content)
    check_refusal(refusal, site.world.key.public, bundle=bundle, request=Request.from_file(answered[0]))
    assert refusal.code == "replay" and refusal.ledger.head == site.service.ledger.head(refusal.ledger.sequence)[1]
    facts = next(fact for fact in party.http.get("/v1/receipts").json() if fact["receipt"] == digest)
    assert (facts["kind"], facts["subject"], facts["why"]) == ("refusal", bundle.digest, "replay")
    again = party.http.post("/v1/bundles", json={"bundle": party.upload(late, "bundle")})
    assert again.json()["receipt"] == digest


def test_enrolments_leave_receipts_too(site: Site, alice, tmp_path: Path) -> None:
    """Of an admission, of a proof that fails, and of a rule that a worker finds out."""
    party = site.join("gus")
    made = site.world.enrol("gus", seed=11)
    proof = EnrolmentProof.from_file(made.proof)
    tensors = {name: proof.tensor(name) for name in proof.container.specs}
    tensors["proof.00000"][-1] ^= 1
    bad = EnrolmentProof.parse({name: getattr(proof, name) for name in EnrolmentProof.model_fields}).to_file(tmp_path / "bad", tensors)
    for path, accepted, code in ((bad.path, False, "proof_refused"), (made.proof, True, None)):
        body = {"enrolment": party.upload(made.enrolment, "enrolment"), "proof": party.upload(path, "enrolment-proof")}
        job = party.http.post("/v1/enrolments", json=body).json()["job"]
        while site.worker().step():
            pass
        outcome = party.job(job)["outcome"]
        assert outcome["accepted"] == accepted and (outcome["error"] or {}).get("code") == code
        data = party.http.get(f"/v1/receipts/{outcome['receipt']}").content
        given = {"enrolment": Enrolment.from_file(made.enrolment), "proof": EnrolmentProof.from_file(path)}
        check_any(parse_receipt(data), site.world.key.public, given)
    assert [fact["kind"] for fact in party.http.get("/v1/receipts").json()] == ["enrolment-receipt", "refusal"]
    (tmp_path / "receipts").mkdir()
    for fact in party.http.get("/v1/receipts").json():
        (tmp_path / "receipts" / f"{fact['receipt']}.json").write_bytes(party.http.get(f"/v1/receipts/{fact['receipt']}").content)
    audited = audit_ledger(site.service.provider, receipts=tmp_path / "receipts")
    assert audited.whole and audited.receipts == 2


def test_files_that_are_no_bundles_are_refused(site: Site, alice, tmp_path: Path) -> None:
    junk = tmp_path / "junk"
    junk.write_bytes(b"\xff" * 8 + b"{}")
    assert submit(alice[0], junk) == (413, "too_large")
    bomb = tmp_path / "bomb"
    bomb.write_bytes((2**62).to_bytes(8, "little") + b"{" * 1000)  # a header that claims to be 4 EiB long
    assert submit(alice[0], bomb) == (413, "too_large")
    deep = tmp_path / "deep"
    deep.write_bytes((100_000).to_bytes(8, "little") + b"[" * 100_000)
    assert submit(alice[0], deep)[0] == 400


def test_faults_of_ours_are_tried_again_and_then_set_aside(site: Site, alice, answered, tmp_path: Path, monkeypatch) -> None:
    from zkapex_jax.errors import StorageError

    party = site.join("erin")
    state = site.enrol(party, seed=5)
    bundle = damaged(site.bundle(party, site.world.request(every(8, 5), 5), state), tmp_path / "bad.bundle")
    job = party.send_bundle(bundle)["job"]
    settings = site.settings.queue.model_copy(update={"attempts": 2, "backoff": 0.01})

    def full(self, task) -> Outcome:
        raise StorageError("no space left on the disk", code="disk_full", file=tmp_path)

    worker = Worker(site.settings.model_copy(update={"queue": settings}), site.service.store, site.service.provider, site.world.key)
    with monkeypatch.context() as patched:
        patched.setattr(Worker, "_verify", full)
        assert worker.step() and party.job(job)["status"] == "queued"
        while party.job(job)["status"] == "queued":
            worker.step()
        ended = party.job(job)
    assert ended["status"] == "failed" and ended["attempts"] == 2
    assert ended["outcome"]["error"]["code"] == "disk_full" and str(tmp_path) not in str(ended)
    assert party.send_bundle(bundle)["status"] == "queued"
    assert worker.step() and party.job(job)["outcome"]["receipt"]


def test_the_head_is_signed_and_for_anybody(site: Site) -> None:
    head = LedgerHead.from_bytes(site.http.get("/v1/ledger/head").content)
    head.check_signature(site.world.key.public)
    assert head.sequence == site.service.ledger.check()


def test_the_reference_loads_nothing_from_elsewhere(site: Site) -> None:
    page = site.http.get("/docs")
    assert page.status_code == 200 and "default-src 'none'" in page.headers["content-security-policy"]
    assert "http://" not in page.text and "https://" not in page.text and "<script" not in page.text
    assert "/v1/bundles" in page.text
    assert site.http.get("/openapi.json").json()["paths"]

"""Clients with a key who burn disk, memory and time, or want a receipt that says what is not so."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from pathlib import Path

import pytest
from hostile_site import LIMITS, error, kept, submit
from service_world import PIECE, Party, Site, every
from test_hostile_containers import container

from zkapex_jax.protocol import EnrolmentProof
from zkapex_jax.service import uploads
from zkapex_jax.service.settings import Limits


@pytest.fixture(scope="module")
def limits() -> Limits:
    return LIMITS


def test_a_header_that_is_all_brackets_is_not_parsed(party: Party, tmp_path: Path) -> None:
    bomb = container(tmp_path / "bomb", "[" + "[]," * 30_000 + "[]]")
    assert submit(party, bomb) == (413, "too_large")


def test_files_are_parsed_as_seldom_as_they_are_judged(party: Party, tmp_path: Path) -> None:
    """What costs time is counted before it is done, whatever comes of it."""
    junk = container(tmp_path / "junk", "[]")
    answers = [submit(party, junk) for _ in range(14)]
    assert answers[0] == (400, "wrong_kind") and answers[-1] == (429, "too_many_calls")


def test_a_refused_enrolment_leaves_nothing_on_the_disk(site: Site, party: Party, tmp_path: Path) -> None:
    """Fresh commitments with a wrong proof, for ever: half a gigabyte each time."""
    made = site.world.enrol(party.name, seed=11)
    given = EnrolmentProof.from_file(made.proof)
    tensors = {name: given.tensor(name).copy() for name in given.container.specs}
    tensors["proof.00000"][-1] ^= 1
    bad = EnrolmentProof.parse({name: getattr(given, name) for name in EnrolmentProof.model_fields}).to_file(tmp_path / "bad", tensors).path
    before = kept(site)
    for proof, accepted in ((bad, False), (made.proof, True)):
        body = {"enrolment": party.upload(made.enrolment, "enrolment"), "proof": party.upload(proof, "enrolment-proof")}
        job = party.http.post("/v1/enrolments", json=body).json()["job"]
        assert site.worker().step()
        assert party.job(job)["outcome"]["accepted"] is accepted, party.job(job)
        assert (kept(site) == before) is not accepted
    assert site.fetch_state(party).stat().st_size


def altered(path: Path, out: Path) -> Path:
    """The same header, so the same digest, over other bytes."""
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    out.write_bytes(data)
    return out


@pytest.mark.parametrize("which", ["enrolment", "proof"])
def test_no_refusal_is_signed_of_an_enrolment_for_bytes_that_are_not_its_own(site: Site, party: Party, tmp_path: Path, which: str) -> None:
    """It would stand beside the honest file, whose digest it names, and say that the provider refused that one."""
    made = site.world.enrol(party.name, seed=21)
    files = {"enrolment": made.enrolment, "proof": made.proof}
    files[which] = altered(files[which], tmp_path / which)
    body = {"enrolment": party.upload(files["enrolment"], "enrolment"), "proof": party.upload(files["proof"], "enrolment-proof")}
    job = party.http.post("/v1/enrolments", json=body).json()["job"]
    assert site.worker().step()
    outcome = party.job(job)["outcome"]
    assert (outcome["accepted"], outcome["error"]["code"], outcome["receipt"]) == (False, "bad_digest", None)
    assert party.http.get("/v1/receipts").json() == []


def test_no_refusal_is_signed_of_a_bundle_for_bytes_that_are_not_its_own(site: Site, party: Party, tmp_path: Path) -> None:
    state = site.enrol(party, seed=22)
    honest = site.bundle(party, site.world.request(every(11, 1), 41), state)
    job = party.send_bundle(altered(honest, tmp_path / "altered"))["job"]
    assert site.worker().step()
    outcome = party.job(job)["outcome"]
    assert (outcome["error"]["code"], outcome["receipt"]) == ("bad_digest", None)
    job = party.send_bundle(honest)["job"]
    assert site.worker().step() and party.job(job)["outcome"]["accepted"]
    assert sorted(fact["kind"] for fact in party.http.get("/v1/receipts").json()) == ["enrolment-receipt", "receipt"]


def test_the_same_bytes_of_two_clients_tell_nothing_of_each_other(site: Site, party: Party) -> None:
    other, data = site.join(f"other-{time.time_ns()}"), os.urandom(600)
    body = {"kind": "bundle", "digest": hashlib.sha256(data).hexdigest(), "size": len(data)}
    first = party.http.post("/v1/uploads", json=body)
    party.piece(first.json()["upload"], 0, data)
    second = other.http.post("/v1/uploads", json=body)
    assert (second.status_code, second.json()["offset"], second.json()["whole"]) == (201, 0, False)
    assert other.http.post("/v1/uploads", json=body | {"size": 601}).status_code == 400, "its own upload, of another size"


def test_uploads_are_their_owners_on_the_disk(site: Site, party: Party) -> None:
    data = os.urandom(100)
    name = party.http.post("/v1/uploads", json={"kind": "bundle", "digest": hashlib.sha256(data).hexdigest(), "size": 100}).json()["upload"]
    party.piece(name, 0, data[:50])
    path = uploads.file_of(site.settings, name)
    assert [stat.S_IMODE(place.stat().st_mode) for place in (path, path.parent)] == [0o600, 0o700]


def test_what_is_judged_is_not_written_to_again(site: Site, party: Party) -> None:
    """Between the digest that was checked and the verdict nothing changes the file."""
    data = os.urandom(100)
    name = party.http.post("/v1/uploads", json={"kind": "bundle", "digest": hashlib.sha256(data).hexdigest(), "size": 100}).json()["upload"]
    party.piece(name, 0, data)
    for offset in (0, 50, 100):
        answer = party.http.patch(f"/v1/uploads/{name}", content=b"x", headers=PIECE | {"Upload-Offset": str(offset)})
        assert error(answer) == (409, "wrong_offset")
    assert uploads.file_of(site.settings, name).read_bytes() == data


def test_many_ranges_are_no_amplifier(party: Party, site: Site) -> None:
    whole = party.http.get("/v1/base").content
    ranges = "bytes=" + ",".join(f"0-{len(whole) - 1 - number}" for number in range(400))
    begun = time.monotonic()
    answer = party.http.get("/v1/base", headers={"Range": ranges})
    assert time.monotonic() - begun < 5
    assert len(answer.content) <= 2 * len(whole), answer.status_code

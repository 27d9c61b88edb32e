"""A key that the provider revoked: nothing that it signs is taken, and the client joins anew."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import pytest
from key_world import WORDS, fresh_key, rejoin, revoke, story, told
from service_world import PIECE, Party, Site

from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.service import clients, uploads
from zkapex_jax.service.tables import Job, Upload

CALLS = [
    ("GET", "/v1/me", None),
    ("GET", "/v1/base", None),
    ("GET", "/v1/requests", None),
    ("GET", "/v1/state", None),
    ("GET", "/v1/receipts", None),
    ("POST", "/v1/uploads", {"kind": "bundle", "digest": "0" * 64, "size": 9}),
    ("POST", "/v1/bundles", {"bundle": "0" * 32}),
    ("POST", "/v1/enrolments", {"enrolment": "0" * 32, "proof": "1" * 32}),
    ("POST", "/v1/key", {"client_id": "x", "public": "0" * 64, "proof": "0" * 128}),
]


def declare(party: Party, data: bytes) -> str:
    answer = party.http.post("/v1/uploads", json={"kind": "bundle", "digest": hashlib.sha256(data).hexdigest(), "size": len(data)})
    assert answer.status_code == 201, answer.text
    return answer.json()["upload"]


def test_no_call_of_a_revoked_key_is_taken(site: Site, party: Party) -> None:
    assert party.http.get("/v1/me").status_code == 200
    found = revoke(site, party)
    assert found.new and found.key is not None and found.key.words == WORDS
    for method, path, body in CALLS:
        assert told(party.http.request(method, path, json=body)) == (401, "revoked_key"), path
    answer = party.http.get("/v1/me")
    assert "new invitation" in answer.json()["error"]["hint"] and WORDS not in answer.text


def test_revoking_again_changes_nothing(site: Site, party: Party) -> None:
    revoke(site, party)
    before = [(key.ended, key.words) for key in clients.history(site.service.store, party.name)]
    again = revoke(site, party, "other words")
    assert not again.new and again.key is not None and again.key.words == WORDS
    assert [(key.ended, key.words) for key in clients.history(site.service.store, party.name)] == before


def test_unknown_names_are_not_revoked(site: Site) -> None:
    for name, code in (("never-was", "not_found"), ("../up", "bad_field")):
        with pytest.raises(InputError) as caught:
            clients.revoke(site.service.store, site.settings, name, WORDS)
        assert caught.value.code in (code, "bad_input")


def test_open_invitations_are_withdrawn(site: Site, party: Party, tmp_path: Path) -> None:
    """Whoever stole the key may have the invitations that were never used; also of a client that has not joined yet."""
    invited = Party(f"{party.name}-invited", key := fresh_key(tmp_path), site.session(key))
    token = site.invite(invited.name)
    found = revoke(site, invited)
    assert (found.key, found.new, found.withdrawn) == (None, False, 1)
    body = {"client_id": invited.name, "invitation": token, "public": key.public}
    assert told(invited.http.post("/v1/clients", json=body)) == (403, "bad_invitation")
    assert told(invited.http.post("/v1/clients", json=body | {"invitation": site.invite(invited.name)})) == (201, "")


def test_a_client_joins_again_with_a_new_key_alone(site: Site, party: Party, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="joined already"):
        site.invite(party.name)
    revoke(site, party)
    token = site.invite(party.name)
    for name in (party.name, "another-name"):
        body = {"client_id": name, "invitation": token if name == party.name else site.invite(name), "public": party.key.public}
        assert told(party.http.post("/v1/clients", json=body)) == (401, "revoked_key"), name
    again = rejoin(site, party, fresh_key(tmp_path))
    assert again.http.get("/v1/me").json()["client_id"] == party.name
    assert told(party.http.get("/v1/me")) == (401, "revoked_key")
    assert story(site, party) == [(party.key.public, "revoked"), (again.key.public, "")]


def test_uploads_that_no_job_needs_are_dropped(site: Site, party: Party, tmp_path: Path) -> None:
    begun, whole = os.urandom(500), os.urandom(300)
    half, full = declare(party, begun), declare(party, whole)
    party.piece(half, 0, begun[:200])
    party.piece(full, 0, whole)
    assert revoke(site, party).dropped == 2
    assert not uploads.file_of(site.settings, half).exists() and not uploads.file_of(site.settings, full).exists()
    again = rejoin(site, party, fresh_key(tmp_path))
    assert told(again.http.get(f"/v1/uploads/{half}")) == (404, "not_found")
    assert declare(again, begun) != half


def test_a_piece_on_its_way_does_not_count(site: Site, party: Party) -> None:
    """It was admitted, and half of it written, when the key was revoked."""
    data = os.urandom(100)
    upload = declare(party, data)
    row, file = uploads.open_piece(site.service.store, site.settings, party.name, upload, 0, 100)
    with file:
        file.write(data)
        revoke(site, party)
        with pytest.raises(RefusedError) as caught:
            uploads.settle(site.service.store, site.settings, party.who, row, file, 100)
    assert caught.value.code == "revoked_key"


@pytest.mark.parametrize("round_number", range(4))
def test_a_revocation_beside_calls_of_the_key(site: Site, party: Party, round_number: int) -> None:
    """Once it returns nothing more is written for the key, and every answer says either of the two."""
    answers: list[tuple[int, str]] = []
    ready = threading.Barrier(5)

    def call(number: int) -> None:
        ready.wait()
        for step in range(4):
            data = f"{number} {step} {round_number}".encode()
            with site.session(party.key) as http:
                body = {"kind": "bundle", "digest": hashlib.sha256(data).hexdigest(), "size": len(data)}
                made = http.post("/v1/uploads", json=body)
                answers.append(told(made))
                if made.status_code == 201:
                    url = f"/v1/uploads/{made.json()['upload']}"
                    piece = http.patch(url, content=data, headers=PIECE | {"Upload-Offset": "0"})
                    answers.append((piece.status_code, "" if piece.status_code == 204 else piece.json()["error"]["code"]))

    threads = [threading.Thread(target=call, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    ready.wait()
    threading.Event().wait(0.04 * round_number)
    revoke(site, party)
    assert rows_of(site, party) == 0
    for thread in threads:
        thread.join()
    assert rows_of(site, party) == 0
    assert set(answers) <= {(201, ""), (204, ""), (401, "revoked_key"), (404, "not_found"), (409, "over_limit")}, set(answers)
    assert (401, "revoked_key") in answers


def rows_of(site: Site, party: Party) -> int:
    with site.service.store.read() as session:
        return session.query(Upload).filter_by(client_id=party.name).count() + session.query(Job).filter_by(client_id=party.name).count()


def test_a_revocation_beside_joining_leaves_no_key(site: Site, tmp_path: Path) -> None:
    """Whichever is first: the key that joined is revoked, or its invitation is withdrawn."""
    for number in range(6):
        key = fresh_key(tmp_path)
        party = Party(f"beside-{key.public[:8]}", key, site.session(key))
        body = {"client_id": party.name, "invitation": site.invite(party.name), "public": key.public}
        found: list[tuple[int, str]] = []
        thread = threading.Thread(target=lambda: found.append(told(party.http.post("/v1/clients", json=body))))
        thread.start()
        threading.Event().wait(0.004 * number)
        revoke(site, party)
        thread.join()
        assert found[0] in ((201, ""), (403, "bad_invitation")), found
        assert party.http.get("/v1/me").status_code == 401

"""A client replaces its key: both keys agree to it, for this client, at this service; and nobody else's word does it."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from key_world import fresh_key, rejoin, revoke, rotate, rotated, rotation, story, told
from service_world import GENEROUS, Party, Site

from zkapex_jax.errors import RefusedError, ZkapexError
from zkapex_jax.protocol import SigningKey, generate_key
from zkapex_jax.protocol.http_signing import sign_call
from zkapex_jax.protocol.possession import CONTEXT, Succession, check_possession, prove_possession
from zkapex_jax.service import clients, queue, uploads
from zkapex_jax.service.messages import NewUpload
from zkapex_jax.service.settings import Limits

SMALL_ORDER = "01" + "00" * 31


@pytest.fixture(scope="module")
def limits() -> Limits:
    return GENEROUS.model_copy(update={"rotations": "12/hour"})


def test_the_new_key_serves_and_the_old_one_does_not(site: Site, party: Party, tmp_path: Path) -> None:
    upload = party.http.post("/v1/uploads", json={"kind": "bundle", "digest": "1" * 64, "size": 9}).json()["upload"]
    later = rotated(site, party, fresh_key(tmp_path))
    me = later.http.get("/v1/me").json()
    assert (me["client_id"], me["public"]) == (party.name, later.key.public)
    assert told(party.http.get("/v1/me")) == (401, "rotated_key")
    assert later.http.get(f"/v1/uploads/{upload}").json()["offset"] == 0
    assert story(site, party) == [(party.key.public, "rotated"), (later.key.public, "")]


def test_the_same_replacement_again_changes_nothing(site: Site, party: Party, tmp_path: Path) -> None:
    """Its answer may have been lost. Nothing else is told to the old key, and nothing more once the new one has ended."""
    new = fresh_key(tmp_path)
    first, again = rotate(party, new), rotate(party, new)
    assert (first.status_code, again.status_code) == (200, 200) and first.json() == again.json()
    assert set(again.json()) == {"client_id", "public", "since"}
    later = Party(party.name, new, site.session(new))
    assert told(rotate(party, fresh_key(tmp_path))) == (401, "rotated_key")
    third = rotated(site, later, fresh_key(tmp_path))
    assert told(rotate(party, new)) == (401, "rotated_key")
    assert [why for _, why in story(site, party)] == ["rotated", "rotated", ""]
    revoke(site, third)
    assert told(rotate(later, third.key)) == (401, "rotated_key") and told(rotate(third, new)) == (401, "revoked_key")


def test_a_replay_of_the_call_is_none(site: Site, party: Party, tmp_path: Path) -> None:
    body = httpx.Request("POST", "http://x", json=rotation(party, fresh_key(tmp_path))).content
    headers = sign_call(party.key, "POST", f"{site.url}/v1/key", {"Content-Type": "application/json"}, body)
    answers = [told(site.http.post("/v1/key", content=body, headers=headers)) for _ in range(2)]
    assert answers == [(200, ""), (401, "replayed_call")]


def test_calls_on_their_way_write_nothing_for_the_old_key(site: Site, party: Party, tmp_path: Path) -> None:
    """They were admitted a moment before: to declare a file, and to hand in one that is whole."""
    data = b"a bundle that is none"
    wanted = NewUpload(kind="bundle", digest=hashlib.sha256(data).hexdigest(), size=len(data))
    upload = party.http.post("/v1/uploads", json=wanted.model_dump()).json()["upload"]
    party.piece(upload, 0, data)
    rotated(site, party, fresh_key(tmp_path))
    store, settings = site.service.store, site.settings
    for write in (
        lambda: uploads.create(store, settings, party.who, wanted),
        lambda: queue.submit(store, party.who, "bundle", "d", (upload, ""), settings.limits),
    ):
        with pytest.raises(RefusedError) as caught:
            write()
        assert caught.value.code == "rotated_key"


@pytest.mark.parametrize("said", [{"client_id": "mallory"}, {"service": "other.example"}, {"public": "ab" * 32}, {"successor": "cd" * 32}])
def test_a_proof_is_of_one_succession(site: Site, party: Party, tmp_path: Path, said: dict[str, str]) -> None:
    """The new key agreed to something else: to speak for another client, at another service, after another key."""
    answer = party.http.post("/v1/key", json=rotation(party, fresh_key(tmp_path), **said))
    assert told(answer) == (403, "bad_possession") and party.http.get("/v1/me").status_code == 200


def test_a_proof_by_another_key_is_none(site: Site, party: Party, tmp_path: Path) -> None:
    """Nor can the old key speak for a new one that it does not hold, nor the new one for the old."""
    new = fresh_key(tmp_path)
    for signer in (party.key, fresh_key(tmp_path)):
        assert told(party.http.post("/v1/key", json=rotation(party, new, signer=signer))) == (403, "bad_possession")
    assert told(site.session(new).post("/v1/key", json=rotation(party, new))) == (401, "unknown_key")


def test_no_key_serves_two_clients_or_twice(site: Site, party: Party, tmp_path: Path) -> None:
    other = site.join(f"{party.name}-other")
    gone = site.join(f"{party.name}-gone")
    revoke(site, gone)
    for taken in (other.key, gone.key):
        assert told(rotate(party, taken)) == (409, "key_taken")
    later = rotated(site, party, fresh_key(tmp_path))
    assert told(rotate(later, party.key)) == (409, "key_taken")
    assert told(rotate(later, later.key)) == (400, "same_key")


def test_a_key_that_ended_joins_under_no_name(site: Site, party: Party, tmp_path: Path) -> None:
    rotated(site, party, fresh_key(tmp_path))
    name = f"{party.name}-again"
    body = {"client_id": name, "invitation": site.invite(name), "public": party.key.public}
    assert told(party.http.post("/v1/clients", json=body)) == (401, "rotated_key")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": "mallory"}, "other_client"),
        ({"client_id": "../up"}, "bad_field"),
        ({"public": SMALL_ORDER}, "bad_key"),
        ({"public": "ff" * 32}, "bad_key"),
        ({"public": "AB" * 32}, "bad_field"),
        ({"public": "00"}, "bad_field"),
        ({"proof": "00" * 64}, "bad_possession"),
        ({"proof": "0" * 127}, "bad_field"),
        ({"proof": "G" * 128}, "bad_field"),
        ({"more": "field"}, "bad_field"),
        ({"proof": None}, "bad_field"),
    ],
)
def test_malformed_replacements_change_nothing(site: Site, party: Party, tmp_path: Path, changes: dict[str, object], code: str) -> None:
    answer = rotate(party, fresh_key(tmp_path), **changes)
    assert told(answer)[1] == code and answer.status_code in (400, 403)
    assert story(site, party) == [(party.key.public, "")]


def test_replacements_at_once_leave_one_key(site: Site, party: Party, tmp_path: Path) -> None:
    keys = [fresh_key(tmp_path) for _ in range(6)]
    answers: list[tuple[int, str]] = []

    def call(new: SigningKey) -> None:
        with site.session(party.key) as http:
            answers.append(told(http.post("/v1/key", json=rotation(party, new))))

    threads = [threading.Thread(target=call, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [(200, ""), *[(401, "rotated_key")] * 5]
    serving = [key for key in keys if site.session(key).get("/v1/me").status_code == 200]
    assert [(key.public, "") for key in serving] == story(site, party)[1:]


def test_one_new_key_wanted_by_two_clients_is_ones(site: Site, party: Party, tmp_path: Path) -> None:
    other, new = site.join(f"{party.name}-twin"), fresh_key(tmp_path)
    answers: list[tuple[int, str]] = []
    threads = [threading.Thread(target=lambda one=one: answers.append(told(rotate(one, new)))) for one in (party, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [(200, ""), (409, "key_taken")]


def test_a_replacement_beside_a_revocation_leaves_no_key(site: Site, party: Party, tmp_path: Path) -> None:
    """Whichever is first: a thief does not get away with a new key."""
    for number in range(5):
        thief, new = site.join(f"{party.name}-{number}"), fresh_key(tmp_path)
        answers: list[tuple[int, str]] = []
        thread = threading.Thread(target=lambda thief=thief, new=new, answers=answers: answers.append(told(rotate(thief, new))))
        thread.start()
        threading.Event().wait(0.004 * number)
        revoke(site, thief)
        thread.join()
        assert answers[0] in ((200, ""), (401, "revoked_key")), answers
        assert {site.session(key).get("/v1/me").status_code for key in (thief.key, new)} == {401}
        assert clients.member(site.service.store, thief.name).standing == "revoked"


def test_a_revoked_client_that_rotated_before_joins_again(site: Site, party: Party, tmp_path: Path) -> None:
    later = rotated(site, party, fresh_key(tmp_path))
    revoke(site, later)
    again = rejoin(site, later, fresh_key(tmp_path))
    assert again.http.get("/v1/me").status_code == 200
    assert [why for _, why in story(site, party)] == ["rotated", "revoked", ""]
    assert [told(old.http.get("/v1/me"))[1] for old in (party, later)] == ["rotated_key", "revoked_key"]


def test_new_keys_are_few(site: Site, party: Party, tmp_path: Path) -> None:
    """Each is kept for ever. A key that was replaced counts for nothing, so that a thief's calls do not stop the client's."""
    old, present = party, party
    for _ in range(12):
        present = rotated(site, present, fresh_key(tmp_path))
        rotate(old, fresh_key(tmp_path))
    assert told(rotate(present, fresh_key(tmp_path))) == (429, "too_many_calls")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[SigningKey, SigningKey]:
    folder = tmp_path_factory.mktemp("pair")
    return generate_key(folder / "old"), generate_key(folder / "new")


@given(data=st.data())
def test_any_other_succession_is_refused(pair: tuple[SigningKey, SigningKey], data: st.DataObject) -> None:
    old, new = pair
    honest = Succession("alice", "provider.example:8740", old.public, new.public)
    proof = prove_possession(new, honest)
    check_possession(honest, proof)
    name = data.draw(st.sampled_from(["client_id", "service", "public", "proof"]))
    if name == "proof":
        at, bit = data.draw(st.integers(0, 63)), data.draw(st.integers(0, 7))
        changed = bytearray.fromhex(proof)
        changed[at] ^= 1 << bit
        given, wrong = honest, changed.hex()
    else:
        value = data.draw(st.text(max_size=20).filter(lambda text: text != getattr(honest, name)))
        given, wrong = Succession(**(vars(honest) | {name: value})), proof
    with pytest.raises(ZkapexError):
        check_possession(given, wrong)


def test_no_other_signature_of_the_project_is_a_proof(pair: tuple[SigningKey, SigningKey]) -> None:
    """The context stands for itself: what a key signs as a header or as a call begins otherwise."""
    old, new = pair
    honest = Succession("alice", "provider.example", old.public, new.public)
    for signature in (new.sign(honest.to_bytes()), new.sign_as(b"", honest.to_bytes()), new.sign_as(CONTEXT[:-1], honest.to_bytes())):
        with pytest.raises(ZkapexError):
            check_possession(honest, signature.hex())

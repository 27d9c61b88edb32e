"""Joining: an invitation serves one client once, a key belongs to one client."""

from __future__ import annotations

import pytest
from service_world import Party, Site

from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.protocol import generate_key
from zkapex_jax.service import clients
from zkapex_jax.service.tables import Invitation


def joining(site: Site, party: Party, **changes: str) -> tuple[int, str]:
    body = {"client_id": party.name, "invitation": changes.pop("invitation", "") or site.invite(party.name), "public": party.key.public}
    answer = party.http.post("/v1/clients", json=body | changes)
    return answer.status_code, answer.json().get("error", {}).get("code", "")


@pytest.fixture
def stranger(site: Site, tmp_path) -> Party:
    key = generate_key(tmp_path / "key")
    return Party(f"client-{key.public[:8]}", key, site.session(key))


def test_joining_again_finds_what_was_made(site: Site, stranger: Party) -> None:
    token = site.invite(stranger.name)
    assert joining(site, stranger, invitation=token) == (201, "")
    assert joining(site, stranger, invitation=token) == (200, "")
    assert stranger.http.get("/v1/me").json()["client_id"] == stranger.name


def test_an_invitation_serves_one_key(site: Site, stranger: Party, tmp_path) -> None:
    token = site.invite(stranger.name)
    joining(site, stranger, invitation=token)
    key = generate_key(tmp_path / "other")
    assert joining(site, Party(stranger.name, key, site.session(key)), invitation=token) == (409, "already_joined")


def test_an_invitation_is_for_its_client(site: Site, stranger: Party) -> None:
    assert joining(site, stranger, invitation=site.invite("somebody-else")) == (403, "bad_invitation")
    assert joining(site, stranger, invitation="A" * 43) == (403, "bad_invitation")


def test_an_invitation_expires(site: Site, stranger: Party) -> None:
    token = site.invite(stranger.name)
    with site.service.store.write() as session:
        session.get_one(Invitation, clients.token_digest(token)).expires = 0
    assert joining(site, stranger, invitation=token) == (403, "bad_invitation")


def test_a_key_is_one_clients(site: Site, stranger: Party) -> None:
    joining(site, stranger)
    assert joining(site, Party("second-name", stranger.key, stranger.http)) == (409, "key_taken")


def test_nobody_joins_with_a_key_that_it_does_not_hold(site: Site, stranger: Party, tmp_path) -> None:
    assert joining(site, stranger, public=generate_key(tmp_path / "victims").public) == (403, "other_key")
    assert joining(site, stranger, public="01" + "00" * 31)[0] == 400


@pytest.mark.parametrize(
    "changes", [{"client_id": "../up"}, {"client_id": "x" * 65}, {"public": "G" * 64}, {"invitation": "short"}, {"more": "field"}]
)
def test_malformed_bodies_name_the_field(site: Site, stranger: Party, changes: dict[str, str]) -> None:
    assert joining(site, stranger, **changes) == (400, "bad_field")


def test_invitations_for_many_are_all_or_none(site: Site) -> None:
    site.join("many-0002")
    names = clients.numbered("many-0001", 3)
    assert names == ["many-0001", "many-0002", "many-0003"]
    with pytest.raises(RefusedError):
        clients.invite(site.service.store, names, lifetime=60)
    with site.service.store.read() as session:
        assert not session.query(Invitation).filter_by(client_id="many-0001").count()


def test_names_count_up(site: Site) -> None:
    assert clients.numbered("edge-0998", 3) == ["edge-0998", "edge-0999", "edge-1000"]
    with pytest.raises(InputError):
        clients.numbered("edge", 2)

"""A client's key over its life: killed at any moment, the home holds a key that the service takes, and no key is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from key_registry import URL, Killed, Registry

from zkapex_jax.client import Home, Membership, rejoin, rotate, settle_key
from zkapex_jax.client import keys as keys_room
from zkapex_jax.errors import InputError, RefusedError, StorageError
from zkapex_jax.protocol import SigningKey, generate_key, load_public

TOKEN = "A" * 43


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home.create(tmp_path / "home")
    made.key()
    made.keep_membership(
        Membership.parse({"client_id": "alice", "url": URL, "provider_keys": ("2" * 64,), "joined": "2026-01-01T00:00:00Z"})
    )
    return made


@pytest.fixture
def registry(home: Home) -> Registry:
    return Registry({home.key().public: "serves"})


def check_whole(home: Home, registry: Registry, ever: set[str]) -> None:
    """The home's key serves, its public half is beside it, and every other one that it ever had is kept, readable by its owner alone."""
    public = home.key().public
    assert public == registry.serving and load_public(f"{home.key_file}.pub") == public
    kept = {path.stem: path for path in keys_room.retired(home).glob("*.key")}
    assert set(kept) >= ever - {public}
    for name, path in kept.items():
        assert SigningKey.load(path).public == name and path.stat().st_mode & 0o777 == 0o600
    assert not list(home.path.glob("client.key.next*"))


def test_a_key_is_replaced(home: Home, registry: Registry) -> None:
    old = home.key().public
    found = rotate(home, registry.open)
    assert (found.old, found.new, found.resumed) == (old, registry.serving, False)
    check_whole(home, registry, {old})
    assert home.key_file.stat().st_mode & 0o777 == 0o600 and keys_room.retired(home).stat().st_mode & 0o777 == 0o700
    again = rotate(home, registry.open)
    check_whole(home, registry, {old, found.new, again.new})
    assert len(set(registry.keys)) == 3


STEPS = ("publish", "write_bytes", "write_text", "generate_key")


def killed_at(step: int, monkeypatch: pytest.MonkeyPatch, registry: Registry, work: Callable[[], object]) -> bool:
    """Whether `work` came to its end before it was killed, at the step of this number: before or after a write or a call."""
    count = [0]

    def tick() -> None:
        count[0] += 1
        if count[0] == step:
            raise Killed

    def around(real: Callable[..., object]) -> Callable[..., object]:
        def called(*args: object, **named: object) -> object:
            tick()
            done = real(*args, **named)
            tick()
            return done

        return called

    with monkeypatch.context() as patched:
        for name in STEPS:
            patched.setattr(keys_room, name, around(getattr(keys_room, name)))
        patched.setattr(Path, "unlink", around(Path.unlink))
        patched.setattr(registry, "tick", tick)
        try:
            work()
        except Killed:
            return False
    return True


@pytest.mark.parametrize("then", ["connect", "rotate"])
def test_a_replacement_that_is_killed_at_any_step(
    home: Home, registry: Registry, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    ever, step, ended = {home.key().public}, 0, False
    while not ended:
        step += 1
        ended = killed_at(step, monkeypatch, registry, lambda: rotate(home, registry.open))
        serving = registry.serving
        if then == "connect":  # whatever command comes next, once or twice
            settle_key(home, registry.open)
            assert home.key().public == serving
            settle_key(home, registry.open)
        found = rotate(home, registry.open)
        assert found.new == registry.serving
        ever |= set(registry.keys)
        check_whole(home, registry, ever)
    assert step > 12


def test_connecting_is_killed_at_any_step(home: Home, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replacement whose answer was lost is finished by the next command, which is killed, too."""
    step, ended = 0, False
    while not ended:
        step += 1
        killed_at(7, monkeypatch, registry, lambda: rotate(home, registry.open))
        ended = killed_at(step, monkeypatch, registry, lambda: settle_key(home, registry.open))
        settle_key(home, registry.open)
        assert home.key().public == registry.serving
        rotate(home, registry.open)
        check_whole(home, registry, set(registry.keys))
    assert step > 6


def test_what_never_arrived_is_sent_again_with_the_same_key(home: Home, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    old = home.key().public
    killed_at(3, monkeypatch, registry, lambda: rotate(home, registry.open))
    waiting = keys_room.waiting_key(home)
    assert waiting is not None and registry.serving == old
    assert not settle_key(home, registry.open) and home.key().public == old
    assert rotate(home, registry.open).new == waiting.public


def test_without_a_replacement_nobody_is_asked(home: Home, registry: Registry) -> None:
    assert not settle_key(home, registry.open) and registry.calls == []


@pytest.mark.parametrize("standing", ["rotated", "revoked"])
def test_a_key_that_ended_cannot_be_replaced(home: Home, registry: Registry, standing: str) -> None:
    old = home.key().public
    registry.keys[old] = standing
    with pytest.raises(RefusedError) as caught:
        rotate(home, registry.open)
    assert caught.value.code == f"{standing}_key" and home.key().public == old


def test_a_waiting_key_that_is_taken_is_set_aside(home: Home, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    killed_at(3, monkeypatch, registry, lambda: rotate(home, registry.open))
    waiting = keys_room.waiting_key(home)
    assert waiting is not None
    monkeypatch.setattr(keys_room, "settle_held", lambda *_: False)
    registry.keys[waiting.public] = "revoked"
    with pytest.raises(RefusedError) as caught:
        rotate(home, registry.open)
    assert caught.value.code == "key_taken"
    monkeypatch.undo()
    rotate(home, registry.open)
    check_whole(home, registry, {waiting.public})


def test_two_commands_do_not_mix(home: Home, registry: Registry) -> None:
    generate_key(keys_room.next_file(home))
    with home.folder.exclusive():
        for command in (lambda: rotate(home, registry.open), lambda: settle_key(home, registry.open)):
            with pytest.raises(StorageError, match="another command"):
                command()


def test_a_service_that_speaks_of_another_client_is_not_believed(home: Home, registry: Registry) -> None:
    generate_key(keys_room.next_file(home))
    registry.keys[SigningKey.load(keys_room.next_file(home)).public] = "serves"
    registry.client_id = "mallory"
    with pytest.raises(InputError) as caught:
        settle_key(home, registry.open)
    assert caught.value.code == "bad_answer" and keys_room.next_file(home).exists()


def join_again(home: Home, registry: Registry, told: list[str] | None = None) -> bool:
    return rejoin(home, registry.open, "alice", URL, TOKEN, (told if told is not None else []).append)


@pytest.mark.parametrize("standing", ["rotated", "revoked"])
def test_a_home_whose_key_ended_joins_again_with_another(home: Home, registry: Registry, standing: str) -> None:
    """All else in it stays as it is."""
    old, told = home.key().public, []
    (home.path / "secret.safetensors").write_bytes(b"opens commitments")
    registry.keys[old], registry.invitations = standing, {TOKEN}
    assert join_again(home, registry, told) and told == [registry.serving]
    assert (home.path / "secret.safetensors").read_bytes() == b"opens commitments" and home.membership.client_id == "alice"
    check_whole(home, registry, {old})
    assert not join_again(home, registry)


@pytest.mark.parametrize("known", [True, False])
def test_a_key_that_has_not_ended_stays(home: Home, registry: Registry, known: bool) -> None:
    if not known:
        registry.keys.clear()
    before = home.key_file.read_bytes()
    assert not join_again(home, registry) and home.key_file.read_bytes() == before


def test_a_refused_invitation_leaves_the_home_as_it_is(home: Home, registry: Registry) -> None:
    """And the next attempt joins with the key that was made then."""
    old, told = home.key().public, []
    registry.keys[old] = "revoked"
    with pytest.raises(RefusedError) as caught:
        join_again(home, registry, told)
    assert caught.value.code == "bad_invitation" and home.key().public == old
    registry.invitations.add(TOKEN)
    assert join_again(home, registry) and registry.serving == told[0]


def test_another_client_makes_no_key_in_this_home(home: Home, registry: Registry) -> None:
    registry.keys[home.key().public] = "revoked"
    with pytest.raises(InputError) as caught:
        rejoin(home, registry.open, "bob", URL, TOKEN, lambda _: None)
    assert caught.value.code == "joined_elsewhere" and not registry.calls and keys_room.waiting_key(home) is None


def test_joining_again_is_killed_at_any_step(home: Home, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    ever, step, ended = {home.key().public}, 0, False
    while not ended:
        step += 1
        registry.keys[home.key().public] = "revoked"
        registry.invitations = {TOKEN}
        ended = killed_at(step, monkeypatch, registry, lambda: join_again(home, registry))
        join_again(home, registry)
        ever |= set(registry.keys)
        check_whole(home, registry, ever)
    assert step > 12

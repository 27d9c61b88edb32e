"""The home: what it remembers, what it trusts, and what damaged files there do."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkapex_jax.client.home import Home, Membership
from zkapex_jax.client.joining import join_by_files, join_document, read_invitation
from zkapex_jax.client.writing import write_out
from zkapex_jax.errors import InputError, RefusedError, StorageError, ZkapexError
from zkapex_jax.formats import canonical

KEYS = ("1" * 64, "2" * 64)
FIELDS = {"client_id": "alice", "url": "", "provider_keys": KEYS, "joined": "2026-01-01T00:00:00Z"}
TOKEN = "A" * 43


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.create(tmp_path / "home")


def test_it_is_the_owners_alone(home: Home) -> None:
    key = home.key()
    assert home.path.stat().st_mode & 0o777 == 0o700 and home.key_file.stat().st_mode & 0o777 == 0o600
    assert home.key().public == key.public


def test_a_membership_is_kept_and_read(home: Home) -> None:
    home.keep_membership(Membership.parse(FIELDS))
    assert Home.open(home.path).membership == Membership.parse(FIELDS)
    with pytest.raises(RefusedError, match="another key") as caught:
        home.membership.check_key("3" * 64, file=home.path)
    assert caught.value.code == "other_signer"
    assert home.membership.check_key(KEYS[1], file=home.path) == KEYS[1]


@given(st.binary(max_size=200) | st.sampled_from([b"{}", b"[]", b'{"client_id":"a"}', canonical.dumps(FIELDS)[:-1]]))
def test_a_damaged_membership_is_named(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    home = Home.create(tmp_path_factory.mktemp("home"))
    home.membership_file.write_bytes(data)
    with pytest.raises(InputError) as caught:
        Home.open(home.path).membership  # noqa: B018
    assert caught.value.file == str(home.membership_file)


@pytest.mark.parametrize(
    "wrong",
    [{"client_id": "a/b"}, {"client_id": "../x"}, {"provider_keys": ()}, {"provider_keys": ("x",)}, {"joined": "now"}, {"more": "1"}, {"version": "2"}],
)
def test_a_membership_is_typed(wrong: dict) -> None:
    with pytest.raises(InputError):
        Membership.parse(FIELDS | wrong)


def test_joining_by_files_again_trusts_one_more_key(home: Home) -> None:
    join_by_files(home, "alice", KEYS[:1])
    assert join_by_files(home, "alice", KEYS[1:]).provider_keys == KEYS
    assert join_by_files(home, "alice", KEYS[1:]).provider_keys == KEYS
    with pytest.raises(InputError) as caught:
        join_by_files(home, "bob", KEYS)
    assert caught.value.code == "joined_elsewhere"


def test_nobody_joined(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        Home.open(tmp_path)
    assert caught.value.code == "not_joined"
    with pytest.raises(InputError) as caught:
        Home.create(tmp_path).state()
    assert caught.value.code == "not_enrolled"


@pytest.mark.parametrize(
    ("content", "found"),
    [(f"{TOKEN}\n", TOKEN), (f"bob  {'B' * 43}\nalice  {TOKEN}\n", TOKEN), (f"\n alice {TOKEN} \n", TOKEN)],
)
def test_invitations_come_in_files(tmp_path: Path, content: str, found: str) -> None:
    (tmp_path / "invitation").write_text(content)
    assert read_invitation(str(tmp_path / "invitation"), "alice") == found
    assert read_invitation(found, "alice") == found


@pytest.mark.parametrize("content", [b"", b"bob  token\n", b"\xff\xfe", b"a b c\n"])
def test_files_without_one_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "invitation").write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_invitation(str(tmp_path / "invitation"), "alice")
    assert caught.value.code == "bad_invitation"
    with pytest.raises(ZkapexError):
        read_invitation(str(tmp_path / "none"), "alice")


@pytest.mark.parametrize("text", ["invitation.txt", "A" * 42, "A" * 44, "no such file"])
def test_what_is_neither_invitation_nor_file_is_named_and_not_sent(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="neither an invitation nor a file with one") as caught:
        read_invitation(text, "alice")
    assert caught.value.code == "bad_invitation" and read_invitation("", "alice") == ""


def test_what_is_written_out_is_all_or_nothing(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"bundle")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/second").write_bytes(b"old")
    files = {"first": tmp_path / "source", "second": b"new"}
    with pytest.raises(StorageError, match="already exists"):
        write_out(tmp_path / "out", files)
    assert not (tmp_path / "out/first").exists() and (tmp_path / "out/second").read_bytes() == b"old"
    write_out(tmp_path / "out", files, force=True)
    assert (tmp_path / "out/first").read_bytes() == b"bundle" and (tmp_path / "out/second").read_bytes() == b"new"


def test_the_join_document_is_canonical() -> None:
    assert canonical.loads(join_document("alice", TOKEN, KEYS[0])) == {"client_id": "alice", "invitation": TOKEN, "public": KEYS[0]}

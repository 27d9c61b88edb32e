"""The folder of tables and reference strings: which it is, whose it must be, and what is said where there is none."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from zkapex_jax.errors import StorageError
from zkapex_jax.formats.cache_folder import VARIABLE, cache_folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a user who named nothing."""
    for name in (VARIABLE, "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def refused() -> StorageError:
    with pytest.raises(StorageError) as caught:
        cache_folder()
    return caught.value


def test_it_is_the_users_own_wherever_one_works(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert cache_folder() == home / ".cache" / "zkapex" and list(tmp_path.iterdir()) == [home]
    assert stat.S_IMODE(cache_folder().stat().st_mode) == 0o700


@pytest.mark.parametrize("mask", [0o000, 0o002, 0o022, 0o077])
def test_nobody_else_can_write_to_it_whatever_the_umask(home: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        assert cache_folder() == cache_folder()
    finally:
        os.umask(before)


def test_what_is_named_counts_before_it(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "zkapex"
    monkeypatch.setenv(VARIABLE, str(tmp_path / "variable"))
    assert cache_folder() == tmp_path / "variable"
    assert cache_folder(tmp_path / "named") == tmp_path / "named"
    monkeypatch.setenv(VARIABLE, "")
    assert cache_folder() == tmp_path / "xdg" / "zkapex"
    assert not (home / ".cache").exists()


@pytest.mark.parametrize("relative", ["", "cache", "./cache"])
def test_a_relative_folder_of_the_environment_is_none(home: Path, monkeypatch: pytest.MonkeyPatch, relative: str) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", relative)
    assert cache_folder() == home / ".cache" / "zkapex"


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777, 0o1777])
def test_what_others_can_write_to_counts_for_nothing(home: Path, tmp_path: Path, mode: int) -> None:
    cache_folder().chmod(mode)
    error = refused()
    assert error.code == "unsafe_cache" and error.file == str(home / ".cache" / "zkapex") and "chmod go-w" in str(error)
    assert cache_folder(home / ".cache" / "zkapex"), "who names it has judged it"
    (home / ".cache" / "zkapex").chmod(0o755)
    assert cache_folder()


def test_another_users_counts_for_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: other)
    error = refused()
    assert error.code == "unsafe_cache" and VARIABLE in str(error) and error.exit_code == 4


def test_a_link_is_judged_by_where_it_leads(home: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere").chmod(0o777)
    (home / ".cache").mkdir()
    (home / ".cache" / "zkapex").symlink_to(tmp_path / "elsewhere")
    assert refused().code == "unsafe_cache"


@pytest.mark.parametrize("spoiled", [".cache", ".cache/zkapex"])
def test_a_file_in_its_place(home: Path, spoiled: str) -> None:
    (home / spoiled).parent.mkdir(exist_ok=True)
    (home / spoiled).write_bytes(b"")
    error = refused()
    assert error.code == "no_cache" and f"--cache DIR or {VARIABLE}" in str(error) and str(home) in str(error)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_home_that_cannot_be_written_to(home: Path) -> None:
    home.chmod(0o500)
    assert refused().code == "no_cache"


def test_a_user_without_a_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with `docker run --user 12345`: neither a variable nor an entry among the users."""
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", lambda number: {}[number])
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    error = refused()
    assert error.code == "no_cache" and "no home folder" in str(error) and VARIABLE in str(error)
    assert cache_folder(home / "named") == home / "named"

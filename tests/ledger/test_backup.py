"""The commands that the provider's page gives for a backup, run as they stand there while a ledger is written to."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest
from postgres_server import Server, programs
from typer.testing import CliRunner

from zkapex_jax.cli.main import app
from zkapex_jax.protocol import generate_key
from zkapex_jax.workflow import Provider

PAGE = Path(__file__).parents[2] / "docs" / "provider.md"


def commands() -> list[str]:
    section = PAGE.read_text(encoding="utf-8").split("## Back up, restore, upgrade")[1].split("\n## ")[0]
    return [line.strip() for line in section.splitlines() if line.startswith("    ")]


def zkapex(*words: object) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="the page's commands need sqlite3")
def test_a_folder_that_is_served_is_copied_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    zkapex("keygen", "provider")
    for kept in ("artefacts", "uploads", "points"):
        (tmp_path / "provider" / kept).mkdir(exist_ok=True)
        (tmp_path / "provider" / kept / "file").write_text(kept)
    writer = sqlite3.connect("provider/ledger.sqlite")
    writer.execute("PRAGMA journal_mode=WAL").fetchall()
    writer.execute("SELECT count(*) FROM sqlite_master").fetchall()
    with Provider.open(Path("provider")) as provider:
        provider.ledger.trust(generate_key(tmp_path / "second.key").public)
    assert (tmp_path / "provider/ledger.sqlite-wal").stat().st_size > 0, "the newest rows lie beside the file"
    zkapex("ledger", "head", "provider", "--out", "head.json")
    copying, checking = commands()[:-1], commands()[-1]
    subprocess.run(["sh", "-ec", "\n".join(copying)], check=True)
    assert "the published head of event 2 on it" in zkapex(*checking.split()[1:])
    writer.close()
    assert {path.name for path in Path("backup").iterdir()} >= {"artefacts", "uploads", "ledger.sqlite", "provider.key", "provider.key.pub"}
    assert not Path("backup/points").exists() and Path("backup/ledger.sqlite").stat().st_mode & 0o077 == 0
    shutil.rmtree("provider")
    assert "whole: 2 events" in zkapex("ledger", "check", "backup")


@pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed")
def test_a_dump_is_restored_into_an_empty_database(tmp_path: Path, postgres: Server) -> None:
    first, second = postgres.database(), postgres.database()
    zkapex("keygen", tmp_path / "provider", "--database", first)
    dump = subprocess.run(["pg_dump", first], capture_output=True, check=True).stdout
    subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", second], input=dump, capture_output=True, check=True)
    shutil.copytree(tmp_path / "provider", tmp_path / "restored")
    (tmp_path / "restored" / "ledger.url").write_text(second + "\n")
    assert "whole: 1 events" in zkapex("ledger", "check", tmp_path / "restored")
    with Provider.open(tmp_path / "restored") as provider:
        provider.ledger.trust(generate_key(tmp_path / "second.key").public)
    assert "whole: 2 events" in zkapex("audit", "ledger", tmp_path / "restored")
    assert "whole: 1 events" in zkapex("ledger", "check", tmp_path / "provider")

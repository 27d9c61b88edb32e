"""The commands about receipts, heads, upgrades and audits of a ledger, on both databases."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from postgres_server import Server
from provider_world import World, build
from typer.testing import CliRunner

from zkapex_jax.cli.main import app
from zkapex_jax.protocol import generate_key
from zkapex_jax.protocol.receipt import Receipt

RUNNER = CliRunner()


def run(*words: object, code: int = 0) -> str:
    ran = RUNNER.invoke(app, [str(word) for word in words])
    assert ran.exit_code == code, ran.output
    return ran.output


def document(*words: object, code: int = 0) -> dict[str, Any]:
    ran = RUNNER.invoke(app, [*(str(word) for word in words), "--json"])
    assert ran.exit_code == code, ran.output
    return json.loads(ran.stdout)


@pytest.fixture
def world(tmp_path: Path, place: str) -> World:
    return build(tmp_path / "provider", place)


def test_a_receipt_made_and_checked(world: World, tmp_path: Path) -> None:
    out, made = tmp_path / "alice.receipt.json", ("receipt", "make", "--provider", world.folder, "--client", "alice")
    assert "accepted" in run(*made, "--request", world.request.request_id, "--out", out)
    run(*made, "--request", world.request.request_id, "--out", out, code=4)
    check = ("receipt", "check", out, "--provider-key", f"{world.folder / 'provider.key'}.pub")
    files = ("--request", world.request.path, "--bundle", world.bundle.path, "--state", world.after.path)
    assert "for this request, bundle, state" in run(*check, *files)
    assert document(*check)["receipt"]["client_id"] == "alice"
    assert "another bundle" in run(*check, "--bundle", world.refused.path, code=3)
    stranger = generate_key(tmp_path / "stranger.key")
    run("receipt", "check", out, "--provider-key", stranger.public, code=3)
    run("receipt", "check", world.bundle.path, "--provider-key", stranger.public, code=2)
    run(*made, "--request", "r-none", "--out", tmp_path / "none.json", code=3)
    assert not (tmp_path / "none.json").exists()


def test_receipts_of_enrolments_and_refusals(world: World, tmp_path: Path) -> None:
    """Made from the provider's folder, checked without it, and borne out by an audit."""
    key, folder = ("--provider-key", world.key.public), tmp_path / "receipts"
    folder.mkdir()
    admitted, refused = folder / "alice.json", folder / "late.json"
    assert "admitted" in run("receipt", "make", "--provider", world.folder, "--client", "alice", "--out", admitted)
    assert "stale_state" not in run("receipt", "refuse", world.bundle.path, "--provider", world.folder, "--out", refused)
    assert document("receipt", "check", admitted, *key)["kind"] == "enrolment-receipt"
    shown = document("receipt", "check", refused, *key, "--bundle", world.bundle.path, "--request", world.request.path)
    assert shown["receipt"]["code"] == "other_enrolment" and shown["kind"] == "refusal"
    assert document("inspect", refused)["code"] == "other_enrolment"
    assert "another bundle" in run("receipt", "check", refused, *key, "--bundle", world.refused.path, code=3)
    assert "says nothing of this file" in run("receipt", "check", admitted, *key, "--bundle", world.bundle.path, code=2)
    judged = ("receipt", "refuse", world.refused.path, "--provider", world.folder, "--out", tmp_path / "none.json")
    assert "refused by no rule" in run(*judged, code=2) and not (tmp_path / "none.json").exists()
    assert document("audit", "ledger", world.folder, "--receipts", folder)["receipts"] == 2


def test_a_head_published_and_a_ledger_audited(world: World, tmp_path: Path) -> None:
    (tmp_path / "receipts").mkdir()
    receipt = tmp_path / "receipts" / "bob.json"
    run("receipt", "make", "--provider", world.folder, "--client", "bob", "--request", world.request.digest, "--out", receipt)
    signed = document("ledger", "head", world.folder, "--out", tmp_path / "head.json")["head"]
    call = ("audit", "ledger", world.folder, "--receipts", tmp_path / "receipts", "--head", tmp_path / "head.json")
    found = document(*call, "--provider-key", world.key.public)
    assert found["whole"] and found["receipts"] == 1 and found["head"] == signed["head"] and found["findings"] == []
    fields = Receipt.from_file(receipt).model_dump(exclude={"provider", "signature"}) | {"client_id": "carol"}
    Receipt.sign(world.key, fields).to_file(receipt, force=True)
    assert "says otherwise than the ledger" in run(*call, code=3)
    assert document(*call, code=3)["findings"][0]["code"] == "receipt_differs"


def test_inspect_knows_them(world: World, tmp_path: Path) -> None:
    """Folder, receipt and head; a receipt whose signature is not of the key that it names is refused."""
    receipt, head = tmp_path / "receipt.json", tmp_path / "head.json"
    run("receipt", "make", "--provider", world.folder, "--client", "bob", "--request", world.request.digest, "--out", receipt)
    run("ledger", "head", world.folder, "--out", head)
    shown = document("inspect", receipt)
    assert (shown["kind"], shown["client_id"], shown["verdict accepted"], shown["ledger sequence"]) == ("receipt", "bob", False, 12)
    assert document("inspect", head)["sequence"] == document("inspect", world.folder)["events"]
    receipt.write_text(receipt.read_text().replace('"bob"', '"eve"'))
    run("inspect", receipt, code=3)


def test_audit_of_a_file_keeps_its_short_form(world: World, tmp_path: Path) -> None:
    """`audit FILE` and `audit bundle FILE` are one command."""
    key = ("--provider-key", world.key.public)
    short, long = run("audit", world.bundle.path, *key, code=2), run("audit", "bundle", world.bundle.path, *key, code=2)
    assert short == long and "--enrolment" in short
    assert "whole ledger" in run("audit", "--help")


def test_upgrade_of_a_ledger_that_needs_none(world: World) -> None:
    assert "of version 3 already" in run("ledger", "upgrade", world.folder)


def test_a_provider_with_a_database(postgres: Server, tmp_path: Path) -> None:
    folder, url = tmp_path / "provider", postgres.database()
    made = document("keygen", folder, "--database", url)
    assert made["ledger"] == url and not (folder / "ledger.sqlite").exists()
    assert stat.S_IMODE((folder / "ledger.url").stat().st_mode) == 0o600
    assert document("ledger", "show", folder)["keys"] == [made["public"]]
    assert document("ledger", "check", folder)["whole"]
    run("keygen", tmp_path / "other", "--database", "mysql://host/name", code=2)
    assert not (tmp_path / "other" / "ledger.url").exists()
    run("keygen", tmp_path / "file")
    assert "in a file already" in run("keygen", tmp_path / "file", "--database", url, "--force", code=2)

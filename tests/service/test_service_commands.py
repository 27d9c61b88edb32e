"""`zkapex invite` and `zkapex serve` at the command line: what they print, and what they refuse."""

from __future__ import annotations

import json
import logging
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest
from typer.testing import CliRunner

from zkapex_jax.cli.provider import serve
from zkapex_jax.cli.main import app
from zkapex_jax.service import clients, logs
from zkapex_jax.service.settings import Settings
from zkapex_jax.service.store import Store
from zkapex_jax.service.tables import Invitation


def run(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("here") / "provider"
    assert run("keygen", folder, "-q")[0] == 0
    return folder


def test_invitations_are_kept_as_digests_alone(provider: Path) -> None:
    code, out, _ = run("invite", provider, "--client", "edge-0009", "--count", 3, "--json")
    made = json.loads(out)["invitations"]
    assert code == 0 and [item["client"] for item in made] == ["edge-0009", "edge-0010", "edge-0011"]
    with Store.open(Settings(provider=provider)).read() as session:
        row = session.get(Invitation, clients.token_digest(made[0]["invitation"]))
    assert row is not None and row.client_id == "edge-0009"
    assert all(item["invitation"].encode() not in (provider / "ledger.sqlite").read_bytes() for item in made)


def test_invitations_are_shown_beside_their_clients(provider: Path) -> None:
    code, out, _ = run("invite", provider, "--client", "named")
    assert code == 0 and out.startswith("named  ") and len(out.split()[1]) == 43


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--client", "a b"], "client_id"),
        (["--client", "edge", "--count", "2"], "must end in a number"),
        (["--client", "x" * 65], "client_id"),
    ],
)
def test_names_that_no_client_can_have_are_refused(provider: Path, words: list[str], said: str) -> None:
    code, _, err = run("invite", provider, *words)
    assert code == 2 and said in err


@pytest.mark.parametrize("command", ["invite", "serve"])
def test_a_folder_without_a_ledger_is_refused(tmp_path: Path, command: str) -> None:
    words = ["--client", "a"] if command == "invite" else ["--port", "1"]
    code, _, err = run(command, tmp_path / "nowhere", *words)
    assert code in (2, 4) and "error: " in err and "Traceback" not in err


def test_a_server_says_where_it_serves_when_it_does(provider: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "set_up", lambda **_: None)
    shutil.copy(provider / "provider.key", tmp_path)
    code, out, err = run("serve", tmp_path, "--port", free_port(), "--workers", 0)
    assert code == 2 and "no such ledger" in err and out == ""


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"port": 1}', '{"limits": {"nothing": 1}}', '{"limits": {"bundle": 0}}', '{"limits": {"calls": "many"}}', '{"queue": {"lease": -1}}']
)
def test_limits_that_cannot_be_are_refused(provider: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "limits.json").write_text(text)
    code, _, err = run("serve", provider, "--limits", tmp_path / "limits.json")
    assert code == 2 and "limits.json" in err


def test_a_server_tells_machines_where_it_serves_and_what_happens(provider: Path, tmp_path: Path) -> None:
    """One JSON object a line, on both streams, the worker's too; no token in them."""
    words = [sys.executable, "-m", "zkapex_jax", "serve", str(provider), "--port", str(free_port()), "--cache", str(tmp_path), "--json"]
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL) as server:
        assert server.stdout is not None
        told = json.loads(server.stdout.readline())
        wait_for(told["url"] + "/v1/health")
        (child,) = [one for one in psutil.Process(server.pid).children() if "zkapex_jax.service.worker" in one.cmdline()]
        child.kill()
        wait_until(lambda: b"another takes its place" in (tmp_path / "log").read_bytes())
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0 and server.stdout.read() == b""
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert told["event"] == "serving" and told["workers"] == 1 and told["token_file"] == str(provider / "dashboard.token")
    assert (provider / "dashboard.token").read_text().strip() not in json.dumps([told, *lines])
    assert any(line["level"] == "error" and line["logger"] == "zkapex.service" and "another takes" in line["message"] for line in lines)


def test_log_lines_hold_what_went_wrong() -> None:
    try:
        raise ValueError("a\nb")
    except ValueError:
        record = logging.LogRecord("zkapex.x", logging.ERROR, "f.py", 1, "job %s", ("j\n1",), sys.exc_info())
    line = logs.JsonLines().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == "job j\n1" and "ValueError" in json.loads(line)["traceback"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def wait_for(url: str) -> None:
    def answers() -> bool:
        try:
            return httpx.get(url, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    wait_until(answers)


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(600):
        if true():
            return
        time.sleep(0.1)
    raise AssertionError("it does not happen")


@pytest.mark.parametrize("url", ["mysql://host/name", "nonsense://", "sqlite:///:memory:"])
def test_databases_that_are_none_are_refused(provider: Path, url: str) -> None:
    code, _, err = run("invite", provider, "--client", "a", "--database", url)
    assert code == 2 and "error: " in err


@pytest.mark.parametrize(("host", "loud"), [("127.0.0.1", False), ("::1", False), ("127.3.4.5", False), ("localhost", False), ("0.0.0.0", True), ("::", True), ("10.0.0.1", True), ("provider.lan", True)])
@pytest.mark.parametrize("as_json", [False, True])
def test_plain_http_that_others_reach_is_loud(provider: Path, host: str, loud: bool, as_json: bool, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    serve._say(Settings(provider=provider, host=host), "t" * 43, as_json)
    out, err = capsys.readouterr()
    assert ("WARNING: plain HTTP" in err) == (loud and not as_json)
    assert any("plain HTTP" in record.getMessage() for record in caplog.records) == (loud and as_json)
    if as_json:
        assert json.loads(out)["plain_http_to_others"] == loud

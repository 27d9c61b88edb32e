"""What leaves a client's machine is what the commands say, to the byte; and no secret is in it, in any form.

The whole journey by the command line, against a service in a process of its own, with a relay between the two that keeps what is sent.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from secrets_scan import Secrets, of_client
from secrets_wire import Call, Wire, calls, forms, relay
from typer.testing import CliRunner

sys.path.append(str(Path(__file__).parents[1] / "cli"))

from cli_walk import CONFIG, base_arguments, images, nudge, request_arguments  # noqa: E402

pytest.importorskip("fastapi", reason="needs the extra [service]")

from zkapex_jax.cli.main import app  # noqa: E402
from zkapex_jax.formats.arrays import load_arrays, save_arrays  # noqa: E402
from zkapex_jax.models import new_model, save_checkpoint  # noqa: E402
from zkapex_jax.protocol import SigningKey  # noqa: E402

_SERVE = """
import sys
from pathlib import Path
from zkapex_jax.service.serving import serve
from zkapex_jax.service.settings import Limits, Settings
provider, port, cache, authority = sys.argv[1:]
serve(Settings(provider=Path(provider), port=int(port), cache=Path(cache), allow_insecure=True, authorities=(authority,), limits=Limits(piece=4096, spare_disk=0)))
"""
#: Headers that a call may have. None of them tells more than `EVERY_CALL` says.
HEADERS = {
    "host", "accept", "accept-encoding", "connection", "user-agent", "content-length", "content-type", "content-digest", "signature", "signature-input",
    "upload-offset", "tus-resumable", "range", "if-range",
}  # fmt: skip


@dataclass
class Journey:
    """By command: what it printed with --json, and the calls that it made. `secrets`: everything that the home kept at any time."""

    folder: Path
    wire: Wire
    printed: dict[str, dict[str, Any]] = field(default_factory=dict)
    streams: dict[str, list[bytes]] = field(default_factory=dict)
    secrets: list[Secrets] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.folder / "alice"

    def client(self, name: str, *words: object) -> None:
        """One command of the client's."""
        self.wire.take()
        self.printed[name] = json.loads(run("client", name, *words, "--home", self.home, "--json"))
        self.streams[name] = self.wire.take()
        self.secrets.append(of_client(self.home, "alice"))

    def calls(self, name: str) -> list[Call]:
        return [call for stream in self.streams[name] for call in calls(stream)]


def run(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, f"{result.stdout}\n{result.stderr}\n{result.exception!r}"
    return result.stdout


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    model, params = new_model(CONFIG, 0)
    save_checkpoint(folder / "base", model, params)
    save_checkpoint(folder / "personal", model, nudge(params, np.random.default_rng(1)), private=True)
    for seed, (name, count) in enumerate((("mine", 20), ("forget", 12), ("retain", 12))):
        save_arrays(folder / f"{name}.safetensors", images(seed, count))
    return folder


@pytest.fixture(scope="module")
def journey(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    """join, enrol, a request, unlearn, send, and a new key at the end."""
    folder, cache = tmp_path_factory.mktemp("wire"), tmp_path_factory.mktemp("cache")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    provider, tools = folder / "provider", ("--cache", cache, "--no-progress")
    run("keygen", provider)
    run(*base_arguments(inputs, provider, folder / "base"), *tools)
    with relay(port) as wire:
        words = [sys.executable, "-c", _SERVE, str(provider), str(port), str(cache), f"127.0.0.1:{wire.port}"]
        server, made = subprocess.Popen(words), Journey(folder, wire)
        try:
            _answers(port)
            invitation = run("invite", provider, "--client", "alice").split()[-1]
            made.client("join", f"http://127.0.0.1:{wire.port}", "--client", "alice", "--invitation", invitation, "--provider-key", provider / "provider.key.pub")
            made.client("enrol", "--model", inputs / "personal", "--data", inputs / "mine.safetensors", *tools)
            run(*request_arguments(inputs, provider, folder / "request"), *tools)
            made.client("unlearn", *tools)
            shutil.copytree(made.home, folder / "before")
            made.client("send", "--no-progress")
            made.client("rotate")
            yield made
        finally:
            server.terminate()
            server.wait(30)


def _answers(port: int) -> None:
    for _ in range(600):
        try:
            httpx.get(f"http://127.0.0.1:{port}/v1/health", trust_env=False).raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError("the service does not start")


def test_no_secret_is_in_what_was_sent(journey: Journey, inputs: Path) -> None:
    """Seeds, blinding, weights, gradients and σ̂; the key's private half; the data, as floats and as bytes of the file."""
    keys, data = [journey.home / "client.key", *(journey.home / "retired-keys").glob("*.key")], Secrets()
    assert len(keys) == 2
    for key in keys:
        data.add_seed("a private key", SigningKey.load(key)._key.private_bytes_raw())
    for array in load_arrays(inputs / "mine.safetensors").values():
        _add_floats(data, "data", np.asarray(array))
    sent = [stream for streams in journey.streams.values() for stream in streams]
    assert sum(map(len, sent)) > 20_000 and len(journey.secrets) == 5 and journey.secrets[-1].windows
    for stream in sent:
        for form in forms(stream):
            for secrets in (*journey.secrets, data):
                assert not secrets.in_bytes(form)


def test_the_scan_would_find_them(journey: Journey, inputs: Path) -> None:
    """Each kind of secret, written into a call in each form."""
    secret = (journey.folder / "before" / "secret.safetensors").read_bytes()
    for form in (secret, secret.hex().encode(), base64.b64encode(secret)):
        stream = b"POST /v1/uploads HTTP/1.1\r\nx: " + form[:200_000] + b"\r\n\r\n"
        assert any(journey.secrets[1].in_bytes(part) for part in forms(stream))


def test_what_left_is_what_was_said(journey: Journey) -> None:
    """Names and sizes: every byte of a body is of a file that the command listed, or of the few words that it named."""
    for name, count in (("join", 0), ("enrol", 2), ("unlearn", 0), ("send", 1)):
        listed = {_digest(Path(item["file"])): item["bytes"] for item in journey.printed[name].get("leaves", []) if item["file"]}
        assert _uploaded(journey.calls(name)) == listed and len(listed) == count
    assert [item["what"].split(" ")[0] for item in journey.printed["join"]["leaves"]] == ["client", "public", "the"]


def test_other_bodies_are_the_few_words_that_they_must_be(journey: Journey) -> None:
    seen = []
    for name in journey.streams:
        for call in journey.calls(name):
            if call.method == "PATCH" or not call.body:
                continue
            seen.append((name, call.path, tuple(json.loads(call.body))))
    files = ("kind", "digest", "size")
    assert seen == [
        ("join", "/v1/clients", ("client_id", "invitation", "public")), ("enrol", "/v1/uploads", files), ("enrol", "/v1/uploads", files),
        ("enrol", "/v1/enrolments", ("enrolment", "proof")), ("send", "/v1/uploads", files), ("send", "/v1/bundles", ("bundle",)), ("rotate", "/v1/key", ("client_id", "public", "proof")),
    ]  # fmt: skip


def test_calls_tell_nothing_else(journey: Journey) -> None:
    """No header beside those of the list, no address with a query, no name of a library."""
    for name in journey.streams:
        for call in journey.calls(name):
            assert set(call.headers) <= HEADERS and "?" not in call.path
            assert call.headers["user-agent"] == "zkapex" and call.headers["accept"] == "*/*"


def _uploaded(made: list[Call]) -> dict[str, int]:
    """Sizes of the files that were sent, by the digest of what came; in the order of their pieces."""
    wanted = [json.loads(call.body) for call in made if call.path == "/v1/uploads"]
    pieces: dict[str, bytearray] = {}
    for call in made:
        if call.method == "PATCH":
            pieces.setdefault(call.path, bytearray())
            assert int(call.headers["upload-offset"]) == len(pieces[call.path])
            pieces[call.path] += call.body
    found = {hashlib.sha256(data).hexdigest(): len(data) for data in pieces.values()}
    assert found == {one["digest"]: one["size"] for one in wanted}
    return found


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _add_floats(secrets: Secrets, name: str, array: np.ndarray) -> None:
    flat = np.ascontiguousarray(array).tobytes()
    for start in range(0, len(flat) - 16 + 1, 16):
        part = flat[start : start + 16]
        if len(set(part)) > 4:
            secrets.windows[part] = name

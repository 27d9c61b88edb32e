"""A provider's service in a process of its own, and what a clock runs at a client's."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

_SERVE = """
import sys
from pathlib import Path
from zkapex_jax.service.serving import serve
from zkapex_jax.service.settings import Limits, Settings
serve(Settings(provider=Path(sys.argv[1]), port=int(sys.argv[2]), cache=Path(sys.argv[3]), allow_insecure=True, limits=Limits(piece=4096)))
"""


@dataclass(frozen=True)
class Fleet:
    """A provider's folder and the address that it serves at; homes of clients lie in `path`."""

    path: Path
    url: str

    @property
    def provider(self) -> Path:
        return self.path / "provider"

    def __truediv__(self, name: str) -> Path:
        return self.path / name


@contextmanager
def serving(provider: Path, port: int, cache: Path) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-c", _SERVE, str(provider), str(port), str(cache)])
    try:
        for _ in range(600):
            assert process.poll() is None, "the server has ended"
            try:
                httpx.get(f"http://127.0.0.1:{port}/v1/health", trust_env=False).raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def invitation(provider: Path, client: str) -> str:
    from zkapex_jax.service import clients
    from zkapex_jax.service.settings import Settings
    from zkapex_jax.service.store import Store

    return clients.invite(Store.open(Settings(provider=provider)), [client], lifetime=3600)[0]


def clockwork(fleet: Fleet, inputs: Path, cache: Path, folder: Path, home: Path | None = None) -> int:
    """Exit code of the script in docs/client.md, run in `folder`."""
    page = (Path(__file__).parents[2] / "docs" / "client.md").read_text()
    script = page.partition("```sh\n")[2].partition("```")[0]
    assert script.count("cd /srv/unlearning ") == 1
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin/zkapex").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m zkapex_jax "$@"\n')
    (folder / "bin/zkapex").chmod(0o755)
    if not (folder / "my-model").exists():
        shutil.copytree(inputs / "personal", folder / "my-model")
    named = {"ZKAPEX_HOME": str(home or fleet / "alice"), "ZKAPEX_CACHE": str(cache), "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    script = script.replace("/srv/unlearning", shlex.quote(str(folder)))
    ran = subprocess.run(["sh", "-c", script], env=os.environ | named, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode or ran.stdout == ran.stderr == ""
    return ran.returncode

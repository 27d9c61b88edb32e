"""A private PostgreSQL for tests, from the system's own programs: on a Unix socket, in a folder that goes away with it."""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine

#: Whoever may own a server where the tests run as root, which PostgreSQL refuses.
_USERS = ("postgres", "nobody")
#: Durability costs time, and is not what these tests look at.
_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "listen_addresses": "", "max_connections": "200", "shared_buffers": "16MB"}


def programs() -> Path | None:
    """The folder of initdb and postgres: Debian's newest, or where PATH finds them."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name, reverse=True):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found and shutil.which("postgres") else None


@dataclass
class Server:
    """A running server; every database of it is new."""

    socket: Path
    _count: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str) -> str:
        return URL.create("postgresql", username="zkapex", database=database, query={"host": str(self.socket)}).render_as_string(hide_password=False)

    def database(self) -> str:
        """URL of a new, empty database."""
        name = f"ledger_{next(self._count)}"
        engine = create_engine(self.url("postgres").replace("postgresql:", "postgresql+psycopg:", 1), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} STRATEGY file_copy")
        engine.dispose()
        return self.url(name)


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """Start a server, and stop it at the end. Skips the test where PostgreSQL is not installed."""
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL is not installed")
    user = _user()
    folder = Path(tempfile.mkdtemp(prefix="zkapex-pg-"))  # not under pytest's own, whose path is too long for a socket
    try:
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        folder.chmod(0o755)
        _run(user, found / "initdb", "-D", folder / "data", "-U", "zkapex", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        settings = [word for name, value in (_SETTINGS | {"unix_socket_directories": str(folder)}).items() for word in ("-c", f"{name}={value}")]
        server = subprocess.Popen(
            [found / "postgres", "-D", folder / "data", *settings], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=(folder / "log").open("wb"), cwd="/", **_as(user),
        )  # fmt: skip
        try:
            _await(found, folder, server)
            yield Server(folder)
        finally:
            server.send_signal(signal.SIGINT)  # SIGTERM would wait for whoever is still connected
            server.wait(60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _await(found: Path, folder: Path, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if subprocess.run([found / "pg_isready", "-q", "-h", folder], check=False).returncode == 0:
            return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail(f"PostgreSQL does not start: {(folder / 'log').read_text()[-2000:]}")


def _user() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    chosen = next((known[name] for name in _USERS if name in known), None)
    if chosen is None:
        pytest.skip("PostgreSQL does not run as root, and there is no other user")
    return chosen


def _as(user: pwd.struct_passwd | None) -> dict[str, object]:
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _run(user: pwd.struct_passwd | None, *words: object) -> None:
    subprocess.run([str(word) for word in words], check=True, capture_output=True, cwd="/", **_as(user))  # type: ignore[call-overload]

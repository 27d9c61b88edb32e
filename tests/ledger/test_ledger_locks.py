"""The ledger's lock is held by the process that writes, whatever else the process does meanwhile."""

from __future__ import annotations

import sqlite3
import subprocess
import sys

from zkapex_jax.ledger import Ledger
from zkapex_jax.ledger.database import transaction

TRY = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None).execute('BEGIN IMMEDIATE')"


def another_process_may_write(ledger: Ledger) -> bool:
    ended = subprocess.run([sys.executable, "-c", TRY, str(ledger.path)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0 or "locked" in ended.stderr, ended.stderr
    return ended.returncode == 0


def test_opening_it_again_in_the_same_process_keeps_the_lock(file_ledger: Ledger) -> None:
    """A service reads in one thread while it writes in another. The system drops all locks on a file when a process closes
    any of its handles of it, unless it is SQLite that closes it."""
    assert another_process_may_write(file_ledger)
    with transaction(file_ledger._engine, file_ledger.path) as session:
        session.connection()
        assert not another_process_may_write(file_ledger)
        Ledger.open(file_ledger.path)
        assert not another_process_may_write(file_ledger)
    assert another_process_may_write(file_ledger)


def test_what_was_recorded_is_on_the_disk(file_ledger: Ledger) -> None:
    """EXTRA syncs the folder once the journal is gone: without that, a power cut could bring it back, and the verdict with it away."""
    with file_ledger._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 3
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "delete"
    assert sqlite3.sqlite_version_info >= (3, 12)

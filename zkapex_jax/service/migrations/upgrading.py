"""Bring the tables of the service to this version."""

from __future__ import annotations

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from zkapex_jax.ledger.postgres import refresh_statistics
from zkapex_jax.service.tables import Base

VERSION_TABLE = "service_version"
logging.getLogger("alembic").setLevel(logging.WARNING)


def is_current(connection: Connection) -> bool:
    """Whether there is nothing to upgrade; a look that locks nothing."""
    found = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()
    return found == ScriptDirectory.from_config(_config()).get_current_head()


def upgrade(connection: Connection) -> None:
    """Within the caller's transaction; tables that are up to date already stay as they are."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    refresh_statistics(connection, Base.metadata.tables)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config

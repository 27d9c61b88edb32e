"""Bring the tables of the service to this version."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

VERSION_TABLE = "service_version"


def upgrade(connection: Connection) -> None:
    """Within the caller's transaction; tables that are up to date already stay as they are."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")

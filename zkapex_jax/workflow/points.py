"""Caches of checked, uncompressed points: made once an artefact, by the Rust binary."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Literal

from zkapex_jax.errors import InputError
from zkapex_jax.formats.atomic import storage_errors
from zkapex_jax.protocol import Base, Enrolment, Points, Request
from zkapex_jax.prover import OnProgress
from zkapex_jax.workflow.toolchain import Toolchain


def ensure_points(
    tool: Toolchain,
    kind: Literal["enrolment", "base", "request"],
    artefact: Enrolment | Base | Request,
    path: Path,
    on_progress: OnProgress | None = None,
) -> Path:
    """The cache at `path`, made if it is absent, damaged or of another artefact. Raises InputError for a bad point."""
    if _fits(path, artefact.digest):
        return path
    passing = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        tool.prover.admit(kind, tool.tables, tool.srs, artefact.path, passing, on_progress)
        with storage_errors(path):
            os.replace(passing, path)
    finally:
        passing.unlink(missing_ok=True)
    return path


def _fits(path: Path, digest: str) -> bool:
    try:
        return path.exists() and Points.from_file(path, verify=False).of == digest
    except InputError:
        return False

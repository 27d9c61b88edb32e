"""Caches of checked, uncompressed points: made once an artefact, by the Rust binary."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from zkapex_jax.errors import InputError
from zkapex_jax.formats.atomic import publish, storage_errors
from zkapex_jax.formats.passing import passing_folder
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
    with passing_folder(path.parent) as passing:
        tool.prover.admit(kind, tool.tables, tool.srs, artefact.path, passing / path.name, on_progress)
        with storage_errors(path):
            publish(passing / path.name, path, force=True)
    return path


def _fits(path: Path, digest: str) -> bool:
    try:
        return path.exists() and Points.from_file(path).of == digest
    except InputError:
        return False

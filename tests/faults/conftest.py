"""Fixtures: one story for the session, and the process that forks commands."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent)]

from fault_commands import Commands  # noqa: E402
from fault_shim import build  # noqa: E402
from fault_stage import Stage  # noqa: E402
from fault_story import tell  # noqa: E402


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if sys.platform != "linux":
        pytest.skip("faults are made with LD_PRELOAD and Linux's system calls")
    return build(tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="session")
def stage(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("faults")
    (folder / "commands").mkdir()
    with Commands(folder / "commands", folder / "cache", library) as commands:
        yield Stage(commands, tell(commands, folder / "story"), folder / "trials")

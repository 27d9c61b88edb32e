"""Fixtures: one story for the session, and the process that forks commands."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent)]

from fault_commands import Commands  # noqa: E402
from fault_others import run_any  # noqa: E402
from fault_story import Story, tell  # noqa: E402
from fault_trial import Outcome, Trial  # noqa: E402


@dataclass(frozen=True)
class Stage:
    commands: Commands
    story: Story
    folder: Path

    def run(self, trial: Trial) -> Outcome:
        return run_any(self.commands, self.story, trial, self.folder / trial.name.replace("/", "-"))


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("faults")
    (folder / "commands").mkdir()
    with Commands(folder / "commands", folder / "cache") as commands:
        yield Stage(commands, tell(commands, folder / "story"), folder / "trials")

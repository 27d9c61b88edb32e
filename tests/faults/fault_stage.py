"""What a trial needs: the process that forks commands, the story, and a folder to break things in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fault_commands import Commands
from fault_others import run_any
from fault_story import Story
from fault_trial import Outcome, Trial


@dataclass(frozen=True)
class Stage:
    commands: Commands
    story: Story
    folder: Path

    def run(self, trial: Trial) -> Outcome:
        return run_any(self.commands, self.story, trial, self.folder / trial.name.replace("/", "-"))

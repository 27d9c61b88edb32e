"""The studies' own tasks at the centre's sizes."""

from __future__ import annotations

from dataclasses import replace

from experiments.ablations.config import DIGITS_TASK, NEAR, AblationsConfig
from experiments.digits.task import task_of as digits_of
from experiments.glyphs.task import task_of as glyphs_of
from experiments.lab.row_choice import Rows
from experiments.lab.task import Task


def task_of(config: AblationsConfig, name: str, seed: int) -> Task:
    """A task of `config.TASKS`, cut and proven at the centre's preset."""
    if name in (DIGITS_TASK, NEAR):
        task = digits_of(config.digits if name == DIGITS_TASK else config.near, seed)
    else:
        task = glyphs_of(config.glyphs, seed)
    return replace(task, name=name, preset=config.preset, rows=Rows())

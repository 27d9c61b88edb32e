"""What is measured. The digest names the study: results of another configuration are never mixed with it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from zkapex_jax.errors import InputError
from zkapex_jax.formats import canonical
from zkapex_jax.forget import BUDGET_FACTOR
from zkapex_jax.presets import DEFAULT_PRESET, get_preset
from zkapex_jax.tasks import TASKS
from zkapex_jax.tasks.network import VIT_CONFIG

Run = tuple[str, int]


@dataclass(frozen=True)
class StudyConfig:
    """Tasks and seeds of the study; everything else comes from the tasks and the preset.

    Raises:
        InputError: there is no task or no seed, or one is unknown.
    """

    tasks: tuple[str, ...] = ("easy", "hard")
    seeds: tuple[int, ...] = tuple(range(10))
    preset: str = DEFAULT_PRESET
    micro_batch: int = 32

    def __post_init__(self) -> None:
        if not self.tasks or not set(self.tasks) <= set(TASKS):
            raise InputError(f"must be among {', '.join(TASKS)}", code="study", field="tasks", value=self.tasks)
        if not self.seeds or any(type(seed) is not int or seed < 0 for seed in self.seeds):
            raise InputError("must be non-negative integers", code="study", field="seeds", value=self.seeds)

    @property
    def runs(self) -> tuple[Run, ...]:
        """(task, seed) of every run, in order."""
        return tuple((task, seed) for task in self.tasks for seed in self.seeds)

    def digest(self, task: str) -> str:
        """SHA-256 over everything that fixes a task's results but the seed: task, network, preset and study constants."""
        parts = {"micro_batch": self.micro_batch, "budget": BUDGET_FACTOR, "network": VIT_CONFIG,
                 "task": asdict(TASKS[task]), "preset": asdict(get_preset(self.preset))}  # fmt: skip
        return canonical.digest(canonical.dumps(_spelled(parts)))


def _spelled(value: object) -> object:
    """Canonical JSON has no floats: each is spelled in hexadecimal, which is exact."""
    if isinstance(value, dict):
        return {key: _spelled(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_spelled(item) for item in value]
    return value.hex() if isinstance(value, float) else value

"""`python -m experiments.ablations`: every constant changed alone, the cost of its proof, and second requests."""

from __future__ import annotations

from collections.abc import Callable

from experiments.ablations.axes import points
from experiments.ablations.config import DIGITS_TASK, FULL, QUICK, SECOND, AblationsConfig
from experiments.ablations.proofs import proofs
from experiments.ablations.second import second_request
from experiments.ablations.sweep import EXPERIMENT, sweep
from experiments.ablations.tasks import task_of
from experiments.lab.command import command
from experiments.lab.records import Row
from experiments.lab.runner import Unit


def units_of(config: AblationsConfig) -> list[Unit]:
    """A unit for each task and seed, and one for proofs: of the first seed of the digits, for sizes are the same in all tasks."""
    units = []
    for name in config.tasks:
        if name == SECOND:
            units += [Unit(f"{name}-{seed}", seed, _second(config, seed)) for seed in config.seeds]
        else:
            units += [Unit(f"{name}-{seed}", seed, _sweep(config, name, seed)) for seed in config.seeds]
        if name == DIGITS_TASK:
            units.append(Unit(f"proofs-{name}-{config.seeds[0]}", config.seeds[0], _proofs(config, name)))
    return units


def _sweep(config: AblationsConfig, name: str, seed: int) -> Callable[[], list[Row]]:
    return lambda: sweep(task_of(config, name, seed), points(config, name))


def _proofs(config: AblationsConfig, name: str) -> Callable[[], list[Row]]:
    return lambda: proofs(config, task_of(config, name, config.seeds[0]))


def _second(config: AblationsConfig, seed: int) -> Callable[[], list[Row]]:
    return lambda: second_request(config, seed)


main = command(EXPERIMENT, FULL, QUICK, units_of, __doc__)

if __name__ == "__main__":
    raise SystemExit(main())

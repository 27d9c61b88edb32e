"""`python -m experiments.glyphs`: all methods side by side on glyphs of installed fonts, and the frontier of gradient rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

from experiments.glyphs.config import FULL, QUICK, GlyphsConfig
from experiments.glyphs.task import task_of
from experiments.lab.command import command
from experiments.lab.frontier import frontier_rows, proof_rows
from experiments.lab.records import Row
from experiments.lab.runner import Unit
from experiments.lab.side_by_side import method_units
from experiments.lab.task import Task

NAME = "glyphs"


def units_of(config: GlyphsConfig) -> list[Unit]:
    """Methods and frontier: two units of work a seed; what proofs cost: one, of the first."""
    build, units = lru_cache(maxsize=1)(partial(task_of, config)), []
    for seed in config.seeds:
        units += method_units(NAME, NAME, build, (seed,), config.masks)
        units.append(Unit(f"frontier-{NAME}-{seed}", seed, partial(_frontier, config, build, seed)))
    units.append(Unit(f"proofs-{NAME}-{config.seeds[0]}", config.seeds[0], partial(_proofs, config, build)))
    return units


def _frontier(config: GlyphsConfig, build: Callable[[int], Task], seed: int) -> list[Row]:
    return frontier_rows(NAME, build(seed), config.frontier)


def _proofs(config: GlyphsConfig, build: Callable[[int], Task]) -> list[Row]:
    return proof_rows(NAME, build(config.seeds[0]), config.frontier)


main = command(NAME, FULL, QUICK, units_of, __doc__)

if __name__ == "__main__":
    raise SystemExit(main())

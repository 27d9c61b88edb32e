"""Every cell of a scene, changed alone in a dozen ways: what is noticed, and the reason for everything that is not."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from cell_bench import CellBench
from scene import Fate, Scene

from reference_prover.field import MODULUS


@dataclass
class Survey:
    """Counts of one scene, and `surprises`: cells whose fate is not the forecast one."""

    name: str
    cells: int = 0
    changes: int = 0
    caught: int = 0
    public: Counter = field(default_factory=Counter)
    missed: Counter = field(default_factory=Counter)
    surprises: list[str] = field(default_factory=list)


def attempts(old: np.ndarray, seed: str) -> Iterator[tuple[str, np.ndarray]]:
    """Other values of each cell of a column: neighbours, small numbers, the negative, far away, anywhere."""
    source = random.Random(f"zkapex semantics attempts {seed}")
    for name, change in (("plus one", 1), ("minus one", -1), ("plus 2^28", 1 << 28), ("plus half of p", MODULUS // 2)):
        yield name, (old + change) % MODULUS
    yield "negated", -old % MODULUS
    for number in (0, 1, 2, MODULUS - 1):
        yield f"{number}", np.array([number] * len(old), dtype=object)
    for draw in range(2):
        yield f"random {draw}", np.array([source.randrange(MODULUS) for _ in old], dtype=object)


def survey(scene: Scene) -> Survey:
    """Changes every cell of every advice and instance column."""
    bench, found = CellBench(scene.tables, scene.columns), Survey(scene.name)
    for column in scene.columns:
        tried, accepted = _column(bench, column)
        found.cells += len(tried)
        found.changes += int(tried.sum())
        for row in range(len(tried)):
            fate = Fate.CAUGHT if not accepted[row] else Fate.FREE if accepted[row] == tried[row] else Fate.SOME
            _book(found, scene, column, row, fate)
    return found


def _column(bench: CellBench, column: str) -> tuple[np.ndarray, np.ndarray]:
    """For each row: changes tried, changes accepted."""
    old = bench.columns[column]
    tried, accepted = np.zeros(len(old), dtype=int), np.zeros(len(old), dtype=int)
    roots = ((f"root {index}", values) for index, values in enumerate(bench.second_roots(column)))
    for _, values in (*attempts(old, column), *roots):
        differs = values != old
        tried += differs
        accepted += differs & ~bench.caught({column: values})
    return tried, accepted


def _book(found: Survey, scene: Scene, column: str, row: int, fate: Fate) -> None:
    if column in scene.public:
        found.public[fate] += 1
        return
    forecast = scene.forecast(column, row)
    if forecast.fate is not fate:
        found.surprises.append(f"{column}[{row}]: {fate}, forecast was {forecast.fate} {forecast.reason}")
    if fate is Fate.CAUGHT:
        found.caught += 1
    else:
        found.missed[forecast.reason] += 1

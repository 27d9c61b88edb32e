"""An honest assignment of a relation of the project, with a prediction for every cell: must a change of it be noticed?"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reference_prover import tables as table_format
from reference_prover.field import MODULUS
from reference_prover.tables import Tables
from zkapex_jax.circuit import Circuit, emit


class Fate(StrEnum):
    """What may become of a changed cell."""

    CAUGHT = "no other value is accepted"
    FREE = "every value is accepted"
    SOME = "some other values are accepted"


@dataclass(frozen=True)
class Forecast:
    """The fate of a cell, and why, where it is not CAUGHT."""

    fate: Fate
    reason: str = ""


CAUGHT = Forecast(Fate.CAUGHT)
HALO2 = Forecast(Fate.FREE, "row kept by Halo2")
BLINDING = Forecast(Fate.FREE, "blinding")


@dataclass(frozen=True)
class Scene:
    """`columns`: every advice and instance column. `forecast(column, row)` speaks of cells that the prover chooses; those of
    `public` columns are written by the verifier, whatever becomes of a change."""

    name: str
    circuit: Circuit
    tables: Tables
    columns: Mapping[str, Sequence[int]]
    public: frozenset[str]
    forecast: Callable[[str, int], Forecast]


def parsed(circuit: Circuit) -> Tables:
    """The circuit as the reference prover reads it."""
    return table_format.parse(emit(circuit))


def split(column: str) -> tuple[str, int]:
    """Family and lane of a column: ("theta_p", 3) of `theta_p.3`; lane 0 where there is none."""
    family, _, lane = column.partition(".")
    return family, int(lane or 0)


def scalars(seed: object) -> Callable[[], int]:
    """A repeatable source of field elements that are not 0."""
    source = random.Random(f"zkapex semantics {seed}")
    return lambda: source.randrange(1, MODULUS)


def seed_bytes(seed: object, size: int = 64) -> bytes:
    return random.Random(f"zkapex semantics {seed}").randbytes(size)

"""Budgets of the methods that train. Those of vision were frozen before any reported seed was run; those of language were chosen after
a first run of its reported seeds with vision's, on seeds apart from these, and before the run that is recorded.

Chosen by `choose` on the study of digits, seeds 100 and 101, each method on its own by the mean tug-of-war score; the grids are
`choose.GRID`. Best of each (score; forget, retain, personal accuracy): fine-tuning 0.56 (2.8 %, 93.8 %, 92.1 %), ascent 0.81 (3.1 %,
47.1 %, 93.4 %), SCRUB 0.64 (0.0 %, 87.5 %, 92.8 %). Glyphs take the same: no grid was run there. On the study of source code, the same seeds and
its own grid of ascent: fine-tuning 0.87 (16.1 %, 24.1 %, 50.5 %), ascent 0.92 (16.6 %, 20.1 %, 44.0 %), SCRUB 0.92 (15.2 %, 24.5 %, 45.1 %).
The best of vision lie at corners of the grids (fine-tuning at most steps and rate, ascent at fewest passes and highest rate, SCRUB at most rounds and
highest rate), fine-tuning's and SCRUB's of language as well: what lies beyond was not tried.

Steps are shares of the provider's own training, rates are multiples of its rate, so that one setting serves tasks of
different sizes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class FineTuning:
    """`steps` of the provider's training, as a share; rate as a multiple of the provider's."""

    steps: float
    rate: float


@dataclass(frozen=True)
class Ascent:
    """Passes over the forget set (a fraction is allowed); rate as a multiple of the provider's."""

    passes: float
    rate: float


@dataclass(frozen=True)
class Scrub:
    """`rounds` passes over as many retained batches as `steps` says (a share of the provider's training, all rounds
    together); the first `max_rounds` of them begin with a pass over the forget set. α weighs the divergence from the
    teacher on retained data, γ their task loss."""

    steps: float
    rounds: int
    max_rounds: int
    rate: float
    alpha: float
    gamma: float


@dataclass(frozen=True)
class Budget:
    """Of all methods that train, for one kind of task."""

    fine_tuning: FineTuning
    ascent: Ascent
    scrub: Scrub


BUDGETS: Mapping[str, Budget] = MappingProxyType({
    "vision": Budget(FineTuning(0.2, 1.0), Ascent(0.5, 0.3), Scrub(0.1, 5, 3, 1.0, 0.5, 1.0)),
    "language": Budget(FineTuning(0.05, 1.0), Ascent(0.5, 0.01), Scrub(0.1, 5, 1, 0.1, 0.5, 1.0)),
})  # fmt: skip


def constants() -> dict[str, Any]:
    """For the digest of a study that runs these methods."""
    return {kind: asdict(budget) for kind, budget in BUDGETS.items()}

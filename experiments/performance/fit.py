"""The cost model: seconds of a chunk as a sum of counted work, each kind with one non-negative price, fitted to the records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import nnls

from experiments.performance.sweeps import Point
from zkapex_jax.errors import InputError

Record = dict[str, Any]


@dataclass(frozen=True)
class Term:
    """A kind of work: how much of it a chunk of that point has, and the unit of its price."""

    name: str
    unit: str
    count: Callable[[Point], float]


ROWS = Term("rows of the domain, 2^k", "µs", lambda point: 2**point.k)
CELLS = Term("lane cells, P·2^k", "µs", lambda point: point.lanes * 2**point.k)
FOLDED = Term("points folded, P·(n + K)", "µs", lambda point: point.lanes * point.preset.rows)
PRODUCTS = Term("weights times rows, d·(n + K)", "µs", lambda point: point.preset.capacity * point.preset.rows)
ENTRIES = Term("entries of gradient rows, d·n", "µs", lambda point: point.preset.capacity * point.rows)
WEIGHTS = Term("weights, d", "µs", lambda point: point.preset.capacity)


@dataclass(frozen=True)
class Model:
    """What is modelled, and the seconds of one chunk that a record of a point says."""

    name: str
    terms: tuple[Term, ...]
    seconds: Callable[[Point, Record], float]


def _per_weight(*path: str) -> Callable[[Point, Record], float]:
    def seconds(point: Point, record: Record) -> float:
        value: Any = record["measured"]
        for name in path:
            value = value[name]
        return 1e-6 * float(value) * point.preset.capacity

    return seconds


MODELS = (
    Model("prove", (ROWS, CELLS, FOLDED, PRODUCTS), _per_weight("prove", "us_per_weight_median")),
    Model("verify", (ROWS, CELLS, FOLDED), _per_weight("verify", "us_per_weight")),
    Model("enrol: commitments", (WEIGHTS, ENTRIES), _per_weight("enrol", "us_per_weight")),
    Model("prove the enrolment", (ROWS, CELLS, FOLDED, PRODUCTS), _per_weight("prove_enrolment", "us_per_weight_median")),
)


@dataclass(frozen=True)
class Fitted:
    """Prices in µs by term, and the largest relative error over the points used."""

    model: Model
    prices: tuple[float, ...]
    worst: float
    points: int

    def seconds(self, point: Point) -> float:
        """Predicted seconds of one chunk."""
        return 1e-6 * sum(price * term.count(point) for price, term in zip(self.prices, self.model.terms, strict=True))

    def paid(self, point: Point) -> list[tuple[float, Term]]:
        """Prices that make at least a thousandth of that point's seconds."""
        least = 1e-3 * self.seconds(point)
        return [(price, term) for price, term in zip(self.prices, self.model.terms, strict=True) if 1e-6 * price * term.count(point) > least]


def fit(model: Model, taken: Sequence[tuple[Point, Record]]) -> Fitted:
    """Least squares of relative errors with non-negative prices.

    Raises:
        InputError: fewer points than prices.
    """
    if len(taken) < len(model.terms):
        raise InputError(f"has {len(taken)} records for {len(model.terms)} prices", code="fit", field=model.name)
    seconds = np.array([model.seconds(point, record) for point, record in taken])
    counts = np.array([[1e-6 * term.count(point) for term in model.terms] for point, _ in taken]) / seconds[:, None]
    scale = counts.max(axis=0)
    prices, _ = nnls(counts / scale, np.ones(len(taken)))
    errors = np.abs(counts @ (prices / scale) - 1)
    return Fitted(model, tuple(float(price) for price in prices / scale), float(errors.max()), len(taken))

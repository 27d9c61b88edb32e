"""What the columns of both relations share: lanes with their tail and blinding cells, cells cut into columns, the running sum."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Callable, Iterator, Mapping

import numpy as np

from ..field import MODULUS
from ..layout import Frame
from ..tables import Tables

Columns = dict[str, list[int]]


def lanes(
    layout: Frame, name: str, values: list[int], blinding: list[list[int]] | None = None, tail: Mapping[int, list[int]] = MappingProxyType({})
) -> Iterator[tuple[str, list[int]]]:
    """Columns `name.0` to `name.P-1`: values in chunk order on active rows, tail cells by lane, blinding cells [lane][row]."""
    for lane, column in enumerate(layout.active_columns(values)):
        column[: len(tail.get(lane, ()))] = tail.get(lane, ())
        if blinding is not None:
            column[layout.blinding_start : layout.blinding_start + layout.blinding_rows] = blinding[lane]
        yield f"{name}.{lane}", column


def cut(values: list[int], size: int) -> list[list[int]]:
    """Consecutive pieces of `size` values, the last one perhaps shorter."""
    return [values[start : start + size] for start in range(0, len(values), size)]


def fold_blinding(layout: Frame, weights: list[int], rows: list[list[list[int]]]) -> list[list[int]]:
    """sum_k weights_k rows_k of blinding cells [row][lane][cell]: a fold of commitments folds their blinding, too."""
    fold = lambda lane, cell: sum(weight * cells[lane][cell] for weight, cells in zip(weights, rows, strict=True)) % MODULUS
    return [[fold(lane, cell) for cell in range(layout.blinding_rows)] for lane in range(layout.lanes)]


def running_sum(layout: Frame, tables: Tables, columns: Columns, increment: Callable[[Callable[[str], Any]], Any]) -> list[int]:
    """acc_0 = 0, acc_{i+1} = acc_i + what row i adds, for the rows before the blinding rows."""
    stop = layout.blinding_start
    arrays = {name: np.array(values[:stop], dtype=object) for name, values in (dict(tables.fixed) | columns).items()}
    acc = [0]
    for added in increment(arrays.__getitem__):
        acc.append((acc[-1] + added) % MODULUS)
    return layout.column({0: acc})

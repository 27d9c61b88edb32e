"""The relation `enrol`, one function a gate, in the symbols of the protocol; see `reference_prover/relation.py`.

`enrol.first` and `enrol.last` say what they say online. Results are not reduced mod p."""

from __future__ import annotations

from typing import Any

from ..relation import Row
from ..relation import first as first
from ..relation import last as last


def step(cell: Row, next_acc: Any, lanes: int, cell_columns: int) -> Any:
    """enrol.step: q_step (acc' - acc) = increment."""
    return cell("q_step") * (next_acc - cell("acc")) - increment(cell, lanes, cell_columns)


def increment(cell: Row, lanes: int, cell_columns: int) -> Any:
    """What a row adds to acc: its lanes, its cells with their public weights, and the constant."""
    cells = sum(cell(f"w.{l}") * cell(f"cells.{l}") for l in range(cell_columns))
    return sum(lane_increment(cell, j) for j in range(lanes)) + cells + cell("w_const")


def lane_increment(cell: Row, j: int) -> Any:
    """c_j F_j + s Delta_j^2."""
    return cell(f"c.{j}") * cell(f"fold.{j}") + cell("s") * cell(f"delta.{j}") * cell(f"delta.{j}")


def bits(cell: Row, column: int) -> Any:
    """enrol.bits: q_bits x (x - 1) = 0."""
    x = cell(f"cells.{column}")
    return cell(f"q_bits.{column}") * x * (x - 1)

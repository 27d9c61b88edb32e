"""The relation `fold_kkt`, one function a gate, in the symbols of the protocol.

The emitted tables are what is proven; these few lines are what they must say (a test compares the two on random cells).
`cell` gives the value of a named column on the row in question; values may be integers or object arrays of many rows.
Results are not reduced mod p.
"""

from __future__ import annotations

from typing import Any, Callable

Row = Callable[[str], Any]


def mask(cell: Row, lane: int) -> Any:
    """fold.mask: (s - f_j) theta_u_j = 0; a weight that is not free is zero."""
    return (cell("s") - cell(f"free.{lane}")) * cell(f"theta_u.{lane}")


def step(cell: Row, next_acc: Any, lanes: int, bit_columns: int) -> Any:
    """fold.step: q_step (acc' - acc) = increment."""
    return cell("q_step") * (next_acc - cell("acc")) - increment(cell, lanes, bit_columns)


def increment(cell: Row, lanes: int, bit_columns: int) -> Any:
    """What a row adds to acc: its lanes and its tail cells."""
    return sum(lane_increment(cell, j) for j in range(lanes)) + tail_increment(cell, bit_columns)


def lane_increment(cell: Row, j: int) -> Any:
    """F_j (s delta_j + c_j) + c_j (y_j + v delta_j) + f_j (y_j^2 + delta_j^2), with delta_j = theta_u_j - theta_p_j."""
    fold, c, y, free = (cell(f"{name}.{j}") for name in ("fold", "c", "y", "free"))
    delta = cell(f"theta_u.{j}") - cell(f"theta_p.{j}")
    return fold * (cell("s") * delta + c) + c * (y + cell("v") * delta) + free * (y * y + delta * delta)


def tail_increment(cell: Row, bit_columns: int) -> Any:
    """Public weights times sigma (y_0), e (y_1), q, the two products, the constant and the bits."""
    sigma, e, q = cell("y.0"), cell("y.1"), cell("q")
    linear = cell("w_sigma") * sigma + cell("w_e") * e + cell("w_q") * q + cell("w_const")
    squares = cell("w_sigma_q") * sigma * q + cell("w_e2") * e * e
    return linear + squares + sum(cell(f"w_bits.{l}") * cell(f"bits.{l}") for l in range(bit_columns))


def bits(cell: Row, column: int) -> Any:
    """fold.bits: q_bits x (x - 1) = 0."""
    x = cell(f"bits.{column}")
    return cell("q_bits") * x * (x - 1)


def first(cell: Row) -> Any:
    """fold.first: acc starts at 0."""
    return cell("q_first") * cell("acc")


def last(cell: Row) -> Any:
    """fold.last: acc ends at 0."""
    return cell("q_last") * cell("acc")

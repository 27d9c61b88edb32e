"""Blinding cells of an enrolment. Delta's are those of theta_p; the tie row's are theta_p's less theta_current's."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Callable

from ..field import MODULUS
from ..layout import EnrolmentLayout

Cells = list[list[int]]


@dataclass(frozen=True)
class EnrolmentBlinding:
    """theta_p, theta_current: [P][B]; gradients: [n][P][B]; cells: [cell columns][B]. A first enrolment ignores theta_current."""

    theta_p: Cells
    gradients: list[Cells]
    cells: Cells
    theta_current: Cells


def make(layout: EnrolmentLayout, draw: Callable[[], int]) -> EnrolmentBlinding:
    """Blinding cells from a source of field elements, in the order of the fields above."""
    column = lambda: [draw() for _ in range(layout.blinding_rows)]
    lanes = lambda: [column() for _ in range(layout.lanes)]
    return EnrolmentBlinding(lanes(), [lanes() for _ in range(layout.client_rows)], [column() for _ in range(layout.cell_columns)], lanes())


def none(layout: EnrolmentLayout) -> EnrolmentBlinding:
    """All zero: for checks and vectors, never for commitments."""
    return make(layout, lambda: 0)


def fresh(layout: EnrolmentLayout) -> EnrolmentBlinding:
    """From the operating system's generator."""
    return make(layout, lambda: secrets.randbelow(MODULUS))


def tie(blinding: EnrolmentBlinding) -> Cells:
    """theta_p - theta_current, cell by cell."""
    lanes = zip(blinding.theta_p, blinding.theta_current, strict=True)
    return [[(a - b) % MODULUS for a, b in zip(lane, other, strict=True)] for lane, other in lanes]

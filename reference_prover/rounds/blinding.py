"""Blinding cells: fresh field elements in B rows of every secret committed column."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Callable

from ..field import MODULUS
from ..layout import Layout

Cells = list[list[int]]


@dataclass(frozen=True)
class Blinding:
    """theta_p, theta_u, y: [P][B] (y before its scaling by mu^4); bits: [bit columns][B]; q: [B]; gradients: [n][P][B].
    Forget rows and free masks are public and have none."""

    theta_p: Cells
    theta_u: Cells
    y: Cells
    bits: Cells
    q: list[int]
    gradients: list[Cells]


def make(layout: Layout, draw: Callable[[], int]) -> Blinding:
    """Blinding cells from a source of field elements, in the order of the fields above."""
    column = lambda: [draw() for _ in range(layout.blinding_rows)]
    lanes = lambda: [column() for _ in range(layout.lanes)]
    return Blinding(lanes(), lanes(), lanes(), [column() for _ in range(layout.bit_columns)], column(), [lanes() for _ in range(layout.client_rows)])


def none(layout: Layout) -> Blinding:
    """All zero: for checks and vectors, never for commitments."""
    return make(layout, lambda: 0)


def fresh(layout: Layout) -> Blinding:
    """From the operating system's generator."""
    return make(layout, lambda: secrets.randbelow(MODULUS))

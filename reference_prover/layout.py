"""Where things sit in a chunk of the relation `fold_kkt`: the numbers of the tables' layout, checked against their rules.

Rows: tail [0, rows), active [rows, rows + A), blinding [rows + A, rows + A + B), then unused rows and Halo2's own.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Sequence

from .errors import TablesError
from .statement import RELATION
from .strict_json import fields, flag, integer, text
from .tables import Tables

ACTIVE_STEP = 16  # the active rows are a multiple of this


@dataclass(frozen=True)
class Layout:
    """P = `lanes` weights a row; n = `client_rows` and K = `forget_rows` stacked gradient rows; J = `projections` windows
    of b = `window_bits`; `slack_bits` of T1, T2, D; B = `blinding_rows`; A = `active_rows`; `capacity` = A*P weights; `unusable` rows are Halo2's."""

    preset: str
    srs: str
    insecure: bool
    k: int
    lanes: int
    client_rows: int
    forget_rows: int
    projections: int
    window_bits: int
    slack_bits: tuple[int, int, int]
    blinding_rows: int
    rows: int
    active_start: int
    active_rows: int
    blinding_start: int
    bit_columns: int
    bits_per_column: int
    unusable: int
    capacity: int
    bit_count: int

    @property
    def domain(self) -> int:
        return 1 << self.k

    def active_columns(self, values: Sequence[int]) -> list[list[int]]:
        """Weights in chunk order to P full columns: weight i at row active_start + i // P, lane i % P; 0 elsewhere."""
        padded = list(values) + [0] * (self.capacity - len(values))
        return [self.column({self.active_start: padded[lane :: self.lanes]}) for lane in range(self.lanes)]

    def column(self, pieces: dict[int, Sequence[int]]) -> list[int]:
        """A column of 2^k zeros with the pieces written at their rows."""
        column = [0] * self.domain
        for start, values in pieces.items():
            column[start : start + len(values)] = values
        return column


def of_tables(tables: Tables) -> Layout:
    """The layout of `fold_kkt` tables. Raises TablesError if a number is missing, out of bounds or breaks a rule."""
    if tables.relation != RELATION:
        raise TablesError(f"the relation must be {RELATION}", field="relation", value=tables.relation)
    data = fields(tables.layout, {field.name for field in dataclasses.fields(Layout)} - {"k"}, "layout")
    number = lambda name, low=0, high=1 << 24: integer(data[name], f"layout.{name}", low, high)
    slacks = data["slack_bits"]
    if not isinstance(slacks, list) or len(slacks) != 3:
        raise TablesError("three widths are needed", field="layout.slack_bits", value=slacks)
    sizes = ("client_rows", "forget_rows", "blinding_rows", "rows", "active_start", "active_rows", "blinding_start")
    sizes += ("unusable", "capacity", "bit_count")
    layout = Layout(
        preset=text(data["preset"], "layout.preset"),
        srs=text(data["srs"], "layout.srs"),
        insecure=flag(data["insecure"], "layout.insecure"),
        k=tables.k,
        lanes=number("lanes", 2, 65),
        projections=number("projections", 1, 129),
        window_bits=number("window_bits", 2, 65),
        slack_bits=tuple(integer(width, "layout.slack_bits", 1, 251) for width in slacks),
        bit_columns=number("bit_columns", 1),
        bits_per_column=number("bits_per_column", 1),
        **{name: number(name) for name in sizes},
    )
    for name, wanted in derived(layout, tables.unusable).items():
        if getattr(layout, name) != wanted:
            raise TablesError(f"the rule gives {wanted}", field=f"layout.{name}", value=getattr(layout, name))
    return layout


def derived(layout: Layout, unusable: int) -> dict[str, int]:
    """The numbers that follow from the sizes of the preset. Raises TablesError if nothing fits."""
    rows = layout.client_rows + layout.forget_rows
    active = (layout.domain - unusable - rows - layout.blinding_rows) // ACTIVE_STEP * ACTIVE_STEP
    if active < ACTIVE_STEP:
        raise TablesError("no room for active rows", field="k", value=layout.k)
    bits = layout.projections * layout.window_bits + sum(layout.slack_bits)
    columns = -(-bits // (rows + active))
    return {
        "unusable": unusable,
        "capacity": active * layout.lanes,
        "bit_count": bits,
        "rows": rows,
        "active_start": rows,
        "active_rows": active,
        "blinding_start": rows + active,
        "bit_columns": columns,
        "bits_per_column": -(-bits // columns),
    }


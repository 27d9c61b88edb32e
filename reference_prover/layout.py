"""Where things sit in a chunk: the numbers of the tables' layout, checked against their rules.

Rows: tail [0, rows), active [rows, rows + A), blinding [rows + A, rows + A + B), then unused rows and Halo2's own. Both
relations share them, so that a column committed at enrolment serves the online proof.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Sequence

from .errors import TablesError
from .statement import RELATION
from .strict_json import fields, flag, integer, text
from .tables import Tables

ACTIVE_STEP = 16  # the active rows are a multiple of this
ENROL = "enrol"


@dataclass(frozen=True)
class Frame:
    """P = `lanes` weights a row; n = `client_rows` and K = `forget_rows` stacked gradient rows; J = `projections`;
    B = `blinding_rows`; A = `active_rows`; `capacity` = A*P weights; `unusable` rows are Halo2's."""

    preset: str
    srs: str
    insecure: bool
    k: int
    lanes: int
    client_rows: int
    forget_rows: int
    projections: int
    blinding_rows: int
    rows: int
    active_start: int
    active_rows: int
    blinding_start: int
    unusable: int
    capacity: int

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


@dataclass(frozen=True)
class Layout(Frame):
    """`fold_kkt`: J windows of b = `window_bits`, and `slack_bits` of T1, T2, D, in `bit_columns` of `bits_per_column` rows."""

    window_bits: int
    slack_bits: tuple[int, int, int]
    bit_columns: int
    bits_per_column: int
    bit_count: int


@dataclass(frozen=True)
class EnrolmentLayout(Frame):
    """`enrol`: `distance_bits` of the slack of D0, J windows of `range_bits`, J(n + 1) cells t; the first `bit_cells` of the
    `cell_count` cells are bits. Cell i lies in column i // blinding_start, row i % blinding_start."""

    range_bits: int
    distance_bits: int
    cell_count: int
    cell_columns: int
    bit_cells: int


def of_tables(tables: Tables) -> Layout:
    """The layout of `fold_kkt` tables. Raises TablesError if a number is missing, out of bounds or breaks a rule."""
    data = _header(tables, RELATION, Layout)
    slacks = data["slack_bits"]
    if not isinstance(slacks, list) or len(slacks) != 3:
        raise TablesError("three widths are needed", field="layout.slack_bits", value=slacks)
    layout = Layout(
        **_frame(tables, data),
        window_bits=_number(data, "window_bits", 2, 65),
        slack_bits=tuple(integer(width, "layout.slack_bits", 1, 251) for width in slacks),
        bit_columns=_number(data, "bit_columns", 1),
        bits_per_column=_number(data, "bits_per_column", 1),
        bit_count=_number(data, "bit_count"),
    )
    return _checked(layout, derived(layout, tables.unusable))


def of_enrolment_tables(tables: Tables) -> EnrolmentLayout:
    """The layout of `enrol` tables. Raises TablesError if a number is missing, out of bounds or breaks a rule."""
    data = _header(tables, ENROL, EnrolmentLayout)
    layout = EnrolmentLayout(
        **_frame(tables, data),
        range_bits=_number(data, "range_bits", 2, 65),
        distance_bits=_number(data, "distance_bits", 1, 251),
        **{name: _number(data, name) for name in ("cell_count", "cell_columns", "bit_cells")},
    )
    return _checked(layout, derived_enrolment(layout, tables.unusable))


def derived(layout: Layout, unusable: int) -> dict[str, int]:
    """The numbers that follow from the sizes of the preset. Raises TablesError if nothing fits."""
    frame = _derived_frame(layout, unusable)
    bits = layout.projections * layout.window_bits + sum(layout.slack_bits)
    columns = -(-bits // frame["blinding_start"])
    return frame | {"bit_count": bits, "bit_columns": columns, "bits_per_column": -(-bits // columns)}


def derived_enrolment(layout: EnrolmentLayout, unusable: int) -> dict[str, int]:
    """The numbers that follow from the sizes of the preset. Raises TablesError if nothing fits."""
    frame = _derived_frame(layout, unusable)
    bits = layout.distance_bits + layout.projections * layout.range_bits
    cells = bits + layout.projections * (layout.client_rows + 1)
    return frame | {"bit_cells": bits, "cell_count": cells, "cell_columns": -(-cells // frame["blinding_start"])}


def _derived_frame(layout: Frame, unusable: int) -> dict[str, int]:
    rows = layout.client_rows + layout.forget_rows
    active = (layout.domain - unusable - rows - layout.blinding_rows) // ACTIVE_STEP * ACTIVE_STEP
    if active < ACTIVE_STEP:
        raise TablesError("no room for active rows", field="k", value=layout.k)
    frame = {"rows": rows, "active_start": rows, "active_rows": active, "blinding_start": rows + active}
    return frame | {"unusable": unusable, "capacity": active * layout.lanes}


def _header(tables: Tables, relation: str, kind: type) -> dict[str, Any]:
    if tables.relation != relation:
        raise TablesError(f"the relation must be {relation}", field="relation", value=tables.relation)
    return fields(tables.layout, {field.name for field in dataclasses.fields(kind)} - {"k"}, "layout")


def _frame(tables: Tables, data: dict[str, Any]) -> dict[str, Any]:
    sizes = ("client_rows", "forget_rows", "blinding_rows", "rows", "active_start", "active_rows", "blinding_start", "unusable", "capacity")
    return {
        "preset": text(data["preset"], "layout.preset"),
        "srs": text(data["srs"], "layout.srs"),
        "insecure": flag(data["insecure"], "layout.insecure"),
        "k": tables.k,
        "lanes": _number(data, "lanes", 2, 65),
        "projections": _number(data, "projections", 1, 129),
        **{name: _number(data, name) for name in sizes},
    }


def _number(data: dict[str, Any], name: str, low: int = 0, high: int = 1 << 24) -> int:
    return integer(data[name], f"layout.{name}", low, high)


def _checked(layout: Any, rules: dict[str, int]) -> Any:
    for name, wanted in rules.items():
        if getattr(layout, name) != wanted:
            raise TablesError(f"the rule gives {wanted}", field=f"layout.{name}", value=getattr(layout, name))
    return layout

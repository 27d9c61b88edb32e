"""A picture of a circuit as SVG, drawn from the circuit object: columns, regions, what they hold, what each gate reads.

Columns of one family (``theta_p.0`` …) stand side by side. Heights of regions grow with the logarithm of their rows. Strong
colour: cells that hold something; hatched: random cells, which hide a secret column; faint: zero, or of no effect.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from zkapex_jax.circuit.columns import Column, Kind
from zkapex_jax.circuit.expression import cells
from zkapex_jax.circuit.held import holds, is_random
from zkapex_jax.circuit.model import Circuit, Gate, Lookup, Region

_COLOURS = {"advice": "#e07a5f", "fixed": "#8d99ae", "committed": "#3d5a80", "plain": "#81b29a"}
_LEFT, _TOP, _LANE, _GAP, _LINE = 150, 100, 4, 20, 18
_LEGEND = 1090  # width of the last line
_HATCH = ('<defs><pattern id="random" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
          '<line x1="0" y1="0" x2="0" y2="5" stroke="black" stroke-width="1.5"/></pattern></defs>')  # fmt: skip


@dataclass(frozen=True)
class Strip:
    """The columns of one family, from ``x`` on, ``width`` wide."""

    name: str
    colour: str
    columns: tuple[Column, ...]
    x: int

    @property
    def width(self) -> int:
        return max(2, len(self.columns)) * _LANE

    @property
    def middle(self) -> int:
        return self.x + self.width // 2


@dataclass(frozen=True)
class Band:
    """The rows of one region, from ``y`` on, ``height`` high."""

    region: Region
    y: int

    @property
    def height(self) -> int:
        return 12 + 14 * max(1, math.ceil(math.log2(self.region.rows + 1)))


def svg(circuit: Circuit) -> str:
    """The picture as text; the same circuit gives the same bytes."""
    strips, bands = _strips(circuit), _bands(circuit)
    bottom = bands[-1].y + bands[-1].height
    constraints = (*circuit.gates, *circuit.lookups)
    width = max(strips[-1].x + strips[-1].width + 60, _LEGEND)
    lines = [*map(_reads_of, constraints), *_copies(circuit)]
    height = bottom + 60 + _LINE * len(lines) + 30
    parts = [_HATCH, *_title(circuit), *_body(circuit, strips, bands), *_matrix(lines, strips, bottom + 40),
             *_legend(height - 14)]  # fmt: skip
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            'font-family="system-ui, sans-serif" font-size="11">')  # fmt: skip
    return "\n".join([head, f'<rect width="{width}" height="{height}" fill="white"/>', *parts, "</svg>"]) + "\n"


def _strips(circuit: Circuit) -> list[Strip]:
    strips: list[Strip] = []
    x = _LEFT
    for (name, _), group in groupby(circuit.columns, key=lambda column: (column.family, column.kind)):
        columns = tuple(group)
        strips.append(Strip(name, _COLOURS[_class(columns[0])], columns, x))
        x += strips[-1].width + _GAP
    return strips


def _class(column: Column) -> str:
    if column.kind is Kind.INSTANCE:
        return "committed" if column.committed else "plain"
    return column.kind.value


def _bands(circuit: Circuit) -> list[Band]:
    """Every row of the domain belongs to one band: named regions, gaps, the rows that Halo2 keeps."""
    bands: list[Band] = []
    y = _TOP
    for region in _regions(circuit):
        bands.append(Band(region, y))
        y += bands[-1].height
    return bands


def _regions(circuit: Circuit) -> Iterator[Region]:
    row = 0
    for region in sorted(circuit.regions, key=lambda region: region.start):
        if region.start > row:
            yield Region("unused", row, region.start - row)
        yield region
        row = region.end
    if row < circuit.usable_rows:
        yield Region("unused", row, circuit.usable_rows - row)
    yield Region("kept by Halo2", circuit.usable_rows, circuit.unusable)


def _title(circuit: Circuit) -> list[str]:
    preset = f", preset {circuit.layout['preset']}" if "preset" in circuit.layout else ""
    return [f'<text x="12" y="22" font-size="15">{circuit.relation}{preset}: 2^{circuit.k} rows, '
            f"{len(circuit.columns)} columns, degree {circuit.degree}</text>"]  # fmt: skip


def _body(circuit: Circuit, strips: list[Strip], bands: list[Band]) -> Iterator[str]:
    for band in bands:
        region = band.region
        yield f'<text x="12" y="{band.y + 14}">{region.name}</text>'
        yield f'<text x="12" y="{band.y + 26}" fill="#777" font-size="9">rows {region.start}–{region.end - 1}</text>'
        yield _line(12, band.y, strips[-1].x + strips[-1].width, band.y)
    for strip in strips:
        yield (f'<text transform="translate({strip.middle + 3},{_TOP - 8}) rotate(-50)">{strip.name}'
               f"{f' ×{len(strip.columns)}' if len(strip.columns) > 1 else ''}</text>")  # fmt: skip
        for lane, column in enumerate(strip.columns):
            yield from _lane(circuit, column, strip, strip.x + lane * _LANE, bands)


def _lane(circuit: Circuit, column: Column, strip: Strip, x: int, bands: list[Band]) -> Iterator[str]:
    width = strip.width // len(strip.columns) - 1
    top, bottom = bands[0].y, bands[-1].y + bands[-1].height
    yield _box(x, top, width, bottom - top, strip.colour, 0.2)
    for run in circuit.runs.get(column.name, ()):
        start, end = _height_at(run.start, bands), _height_at(run.end, bands)
        yield _box(x, start, width, max(2, end - start), strip.colour, 1)
    for band in bands if column.kind is not Kind.FIXED else ():
        if holds(circuit, column, band.region):
            yield _box(x, band.y, width, band.height, strip.colour, 0.85)
        if is_random(circuit, column, band.region):
            yield _box(x, band.y, width, band.height, "url(#random)", 0.55)


def _height_at(row: int, bands: list[Band]) -> int:
    """Vertical place of the upper edge of a row."""
    for band in bands:
        if row < band.region.end:
            return band.y + band.height * (row - band.region.start) // band.region.rows
    return bands[-1].y + bands[-1].height


def _matrix(lines: list[tuple[str, dict[str, set[int]]]], strips: list[Strip], top: int) -> Iterator[str]:
    """One line a constraint: a dot under each family that it reads, a ring where it reads another row."""
    for index, (name, rotations) in enumerate(lines):
        y = top + _LINE * index
        yield f'<text x="12" y="{y + 4}">{name}</text>'
        yield _line(_LEFT - 10, y, strips[-1].x + strips[-1].width, y)
        for strip in strips:
            if strip.name in rotations:
                ring = ' stroke="black" stroke-width="2"' if rotations[strip.name] != {0} else ""
                yield f'<circle cx="{strip.middle}" cy="{y}" r="4" fill="{strip.colour}"{ring}/>'


def _reads_of(item: Gate | Lookup) -> tuple[str, dict[str, set[int]]]:
    """ID of a gate or lookup, and the rotations at which it reads each family."""
    found: dict[str, set[int]] = {}
    expressions = item.polys if isinstance(item, Gate) else item.inputs + item.table
    for cell in (cell for expression in expressions for cell in cells(expression)):
        found.setdefault(cell.column.family, set()).add(cell.rotation)
    return item.id, found


def _copies(circuit: Circuit) -> list[tuple[str, dict[str, set[int]]]]:
    """One line for all copy constraints, if there are any: the families that they join."""
    families = {column.family: {0} for column in circuit.copied_columns}
    return [(f"copies ×{len(circuit.copies)}", families)] if families else []


def _legend(y: int) -> Iterator[str]:
    for index, (name, colour) in enumerate(_COLOURS.items()):
        x = 12 + 150 * index
        yield _box(x, y - 9, 10, 10, colour, 1)
        yield f'<text x="{x + 15}" y="{y}">{name}{" instance" if name in ("committed", "plain") else ""}</text>'
    yield _box(12 + 150 * len(_COLOURS), y - 9, 10, 10, "url(#random)", 0.55)
    yield f'<text x="{27 + 150 * len(_COLOURS)}" y="{y}">random</text>'
    yield f'<text x="{100 + 150 * len(_COLOURS)}" y="{y}">faint: zero, or of no effect; ringed: read on another row too</text>'


def _box(x: int, y: int, width: int, height: int, colour: str, opacity: float) -> str:
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{colour}" fill-opacity="{opacity}"/>'


def _line(x1: int, y1: int, x2: int, y2: int) -> str:
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="#ccc" stroke-width="0.5"/>'

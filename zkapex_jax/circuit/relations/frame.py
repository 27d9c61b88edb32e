"""What every relation of the project shares: rows, selectors, the running sum with its ends, columns of bits.

Rows: *tail* (one a curvature row), *active* (P weights each), *blinding* (random in every secret column). A relation adds
up what its rows contribute in one advice column ``acc``, from the first row to the first blinding row.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from zkapex_jax.circuit.builder import CircuitBuilder
from zkapex_jax.circuit.columns import Column
from zkapex_jax.circuit.expression import Expression, total
from zkapex_jax.circuit.model import LayoutValue
from zkapex_jax.presets import Preset

#: Degree 5 would cost 1.7 times as much to prove.
MAX_DEGREE = 3


@dataclass(frozen=True)
class Frame:
    """``acc`` and where it acts: ``s`` on active rows, ``q_step`` on tail and active rows, the ends on one row each."""

    acc: Column
    s: Column
    q_step: Column
    q_first: Column
    q_last: Column


def layout(preset: Preset, **sizes: LayoutValue) -> dict[str, LayoutValue]:
    """The header of the tables: the sizes that all relations share, and those of one relation."""
    return {
        "preset": preset.name,
        "insecure": preset.insecure,
        "srs": preset.srs,
        "lanes": preset.lanes,
        "client_rows": preset.client_rows,
        "forget_rows": preset.forget_rows,
        "projections": preset.projections,
        "blinding_rows": preset.blinding_rows,
        "rows": preset.rows,
        "unusable": preset.unusable,
        "active_start": preset.active_start,
        "active_rows": preset.active_rows,
        "blinding_start": preset.blinding_start,
        "capacity": preset.capacity,
        **sizes,
    }


def declare(builder: CircuitBuilder, preset: Preset) -> Frame:
    """The columns of the frame, their fixed values, and the regions."""
    acc, s, q_step, q_first, q_last = builder.advice("acc"), *(builder.fixed(name) for name in ("s", "q_step", "q_first", "q_last"))
    builder.run(s, preset.active_start, preset.active_rows)
    builder.run(q_step, 0, preset.blinding_start)
    builder.run(q_first, 0, 1)
    builder.run(q_last, preset.blinding_start, 1)
    builder.region("tail", 0, preset.rows)
    builder.region("active", preset.active_start, preset.active_rows)
    builder.region("blinding", preset.blinding_start, preset.blinding_rows)
    return Frame(acc, s, q_step, q_first, q_last)


def step(at: Frame, lanes: Iterable[Expression], tail: Expression) -> Expression:
    """q_step·(acc′ − acc) − lanes − tail: the accumulator takes up what its row adds."""
    return at.q_step * (at.acc.next() - at.acc) - total(list(lanes)) - tail


def weighted(weights: Sequence[Column], cells: Sequence[Column]) -> list[Expression]:
    """w_l·x_l, a public column of weights for each column of cells."""
    return [weight * cell for weight, cell in zip(weights, cells, strict=True)]


def bits(selectors: Sequence[Column], columns: Sequence[Column]) -> list[Expression]:
    """q·x(x − 1) on every column of bits."""
    return [selector * bit * (bit - 1) for selector, bit in zip(selectors, columns, strict=True)]


def ends(builder: CircuitBuilder, prefix: str, at: Frame) -> None:
    """Gates ``prefix.first`` and ``prefix.last``: acc is zero on the first row and on the first blinding row."""
    builder.gate(f"{prefix}.first", [at.q_first * at.acc])
    builder.gate(f"{prefix}.last", [at.q_last * at.acc])

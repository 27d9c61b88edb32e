"""Relation ``enrol``: a chunk's committed curvature rows are small and its weights close to the base model (docs/relations.md).

Four sums, kept apart by powers of the challenge μ, run through one accumulator. Rows: tail (empty), active, blinding.
"""

from dataclasses import dataclass

from zkapex_jax.circuit.builder import CircuitBuilder
from zkapex_jax.circuit.columns import Column
from zkapex_jax.circuit.expression import Expression, total
from zkapex_jax.circuit.model import Circuit, LayoutValue
from zkapex_jax.circuit.relations import frame
from zkapex_jax.circuit.relations.frame import MAX_DEGREE, Frame
from zkapex_jax.presets import Preset

RELATION = "enrol"


@dataclass(frozen=True)
class Columns:
    """The columns of the relation, by the names of the formula."""

    delta: tuple[Column, ...]
    fold: tuple[Column, ...]
    cells: tuple[Column, ...]
    c: tuple[Column, ...]
    w: tuple[Column, ...]
    w_const: Column
    frame: Frame
    q_bits: tuple[Column, ...]

    @property
    def bit_columns(self) -> tuple[Column, ...]:
        """The columns of cells that hold bits; bits come first."""
        return self.cells[: len(self.q_bits)]


def build_enrol(preset: Preset) -> Circuit:
    """The circuit of one chunk at that preset's size."""
    builder = CircuitBuilder(RELATION, preset.k, layout(preset), MAX_DEGREE)
    columns = _declare(builder, preset)
    builder.gate("enrol.step", [step(columns)])
    builder.gate("enrol.bits", frame.bits(columns.q_bits, columns.bit_columns))
    frame.ends(builder, "enrol", columns.frame)
    return builder.build()


def step(at: Columns) -> Expression:
    """q_step·(acc′ − acc) − Σ_j (c_j·F_j + s·Δ_j²) − Σ_l w_l·cells_l − w_const."""
    tail = total([*frame.weighted(at.w, at.cells), at.w_const])
    return frame.step(at.frame, [lane(at, j) for j in range(len(at.c))], tail)


def lane(at: Columns, j: int) -> Expression:
    """c_j·F_j + s·Δ_j²."""
    return at.c[j] * at.fold[j] + at.frame.s * at.delta[j].square()


def layout(preset: Preset) -> dict[str, LayoutValue]:
    """The header of the tables: every size that a reader needs to fill the columns."""
    return frame.layout(
        preset,
        range_bits=preset.range_bits,
        distance_bits=preset.distance_bits,
        cell_count=preset.cell_count,
        cell_columns=preset.cell_columns,
        bit_cells=preset.bit_cells,
    )


def _declare(builder: CircuitBuilder, preset: Preset) -> Columns:
    lanes, count = preset.lanes, preset.cell_columns
    committed = [builder.instances("delta", lanes, committed=True), builder.instances("fold", lanes, committed=True),
                 builder.instances("cells", count, committed=True)]  # fmt: skip
    plain = builder.instances("c", lanes), builder.instances("w", count), builder.instance("w_const")
    return Columns(*committed, *plain, frame.declare(builder, preset), _bit_selectors(builder, preset))


def _bit_selectors(builder: CircuitBuilder, preset: Preset) -> tuple[Column, ...]:
    """q_bits.i is one on the cells of column i that hold bits: cell i of the list lies in column i // blinding_start."""
    selectors = []
    for index, start in enumerate(range(0, preset.bit_cells, preset.blinding_start)):
        selectors.append(builder.fixed(f"q_bits.{index}"))
        builder.run(selectors[-1], 0, min(preset.blinding_start, preset.bit_cells - start))
    return tuple(selectors)

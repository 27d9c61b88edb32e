"""Relation ``fold_kkt``: one chunk was masked and compensated as its certificate says (docs/relations.md).

Seven sums, kept apart by powers of the challenge μ, run through one accumulator. Rows: tail, active, blinding.
"""

from dataclasses import dataclass

from zkapex_jax.circuit.builder import CircuitBuilder
from zkapex_jax.circuit.columns import Column
from zkapex_jax.circuit.expression import Expression, total
from zkapex_jax.circuit.model import Circuit, LayoutValue
from zkapex_jax.circuit.relations import frame
from zkapex_jax.circuit.relations.frame import MAX_DEGREE, Frame
from zkapex_jax.presets import Preset

RELATION = "fold_kkt"


@dataclass(frozen=True)
class Columns:
    """The columns of the relation, by the names of the formula."""

    theta_p: tuple[Column, ...]
    theta_u: tuple[Column, ...]
    y: tuple[Column, ...]
    fold: tuple[Column, ...]
    free: tuple[Column, ...]
    bits: tuple[Column, ...]
    q: Column
    v: Column
    c: tuple[Column, ...]
    w_sigma: Column
    w_e: Column
    w_q: Column
    w_sigma_q: Column
    w_e2: Column
    w_const: Column
    w_bits: tuple[Column, ...]
    frame: Frame
    q_bits: Column

    @property
    def lanes(self) -> range:
        return range(len(self.theta_p))


def build_fold_kkt(preset: Preset) -> Circuit:
    """The circuit of one chunk at that preset's size."""
    builder = CircuitBuilder(RELATION, preset.k, layout(preset), MAX_DEGREE)
    columns = _declare(builder, preset)
    builder.gate("fold.mask", mask(columns))
    builder.gate("fold.step", [step(columns)])
    builder.gate("fold.bits", frame.bits([columns.q_bits] * preset.bit_columns, columns.bits))
    frame.ends(builder, "fold", columns.frame)
    return builder.build()


def mask(at: Columns) -> list[Expression]:
    """(s − f_j)·θu_j on every lane: a weight that is not free is zero."""
    return [(at.frame.s - at.free[j]) * at.theta_u[j] for j in at.lanes]


def step(at: Columns) -> Expression:
    """q_step·(acc′ − acc) − lanes − tail."""
    return frame.step(at.frame, [lane(at, j) for j in at.lanes], tail(at))


def lane(at: Columns, j: int) -> Expression:
    """F_j(s·δ_j + c_j) + c_j(y_j + v·δ_j) + f_j(y_j² + δ_j²), δ_j = θu_j − θp_j."""
    fold, c, y, free = at.fold[j], at.c[j], at.y[j], at.free[j]
    delta = at.theta_u[j] - at.theta_p[j]
    return fold * (at.frame.s * delta + c) + c * (y + at.v * delta) + free * (y.square() + delta * delta)


def tail(at: Columns) -> Expression:
    """What each sum loses, with public weights: σ_k in y_0, e_k in y_1, q_k, and the bits."""
    sigma, e = at.y[0], at.y[1]
    return total([
        at.w_sigma * sigma,
        at.w_e * e,
        at.w_q * at.q,
        at.w_sigma_q * sigma * at.q,
        at.w_e2 * e * e,
        at.w_const,
        *frame.weighted(at.w_bits, at.bits),
    ])  # fmt: skip


def layout(preset: Preset) -> dict[str, LayoutValue]:
    """The header of the tables: every size that a reader needs to fill the columns."""
    return frame.layout(
        preset,
        window_bits=preset.window_bits,
        slack_bits=preset.slack_bits,
        bit_count=preset.bit_count,
        bit_columns=preset.bit_columns,
        bits_per_column=preset.bits_per_column,
    )


def _declare(builder: CircuitBuilder, preset: Preset) -> Columns:
    lanes, columns = preset.lanes, preset.bit_columns
    families = ("theta_p", "theta_u", "y", "fold", "free")
    committed = [builder.instances(name, lanes, committed=True) for name in families]
    bit_columns = builder.instances("bits", columns, committed=True)
    q, v = (builder.instance(name, committed=True) for name in ("q", "v"))
    c = builder.instances("c", lanes)
    weights = [builder.instance(name) for name in ("w_sigma", "w_e", "w_q", "w_sigma_q", "w_e2", "w_const")]
    instances = (*committed, bit_columns, q, v, c, *weights, builder.instances("w_bits", columns))
    common, q_bits = frame.declare(builder, preset), builder.fixed("q_bits")
    builder.run(q_bits, 0, preset.bits_per_column)
    return Columns(*instances, common, q_bits)

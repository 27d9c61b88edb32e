"""Relation ``dense_kkt``: ZK-APEX's own circuit (arXiv 2512.09953), with the ranges that make it speak of integers.

The curvature is an explicit block C of B × B fixed-point integers, its cells committed. For each weight i of a block:
θu = θp + δ (assembly), θu_i = 0 where masked (feasibility), |(Cδ)_i| ≤ R where free (stationarity up to rounding). The
multiplier λ = −(Cδ)_M of the masked weights is whatever it is, and is left out. Row i of C takes B/P table rows of P
cells each; the weight's own cells stand in the last of them; δ is made once a weight and copied to every row of its block.
"""

from dataclasses import dataclass

from zkapex_jax.circuit.builder import CircuitBuilder
from zkapex_jax.circuit.columns import Column
from zkapex_jax.circuit.expression import Expression, Operand, total
from zkapex_jax.circuit.model import Circuit
from zkapex_jax.circuit.relations.dense_size import Dense, dense_size

RELATION = "dense_kkt"

#: The paper's constraints alone, without ranges of weights and curvature: for comparison, and to show what it accepts.
UNRANGED = "dense_kkt_unranged"

#: Lookups of a selected cell in two columns.
MAX_DEGREE = 5


@dataclass(frozen=True)
class Columns:
    """The columns of the relation, by the names of the formula. A range table row is (width, value)."""

    size: Dense
    curvature: tuple[Column, ...]
    theta_p: Column
    theta_u: Column
    free: Column
    delta: Column
    shared: tuple[Column, ...]
    acc: Column
    residue: tuple[Column, ...]
    limbs_p: tuple[Column, ...]
    limbs_u: tuple[Column, ...]
    q_row: Column
    q_start: Column
    q_weight: Column
    range_width: Column
    range_value: Column


def build_dense_kkt(block: int, *, k: int = 12, ranges: bool = True) -> Circuit:
    """The circuit of as many B × B blocks as fit in 2^k rows.

    Without ``ranges`` it holds the paper's constraints and the lookup of the residue only: then nothing says that weights
    and curvature are small integers, and a wrapped-around δ passes (``tests/circuit/test_dense_wrap.py``).

    Raises:
        InputError: a size that ``Dense`` refuses.
    """
    return build_sized(dense_size(block, k), ranges=ranges)


def build_sized(size: Dense, *, ranges: bool = True) -> Circuit:
    """The circuit of that size."""
    builder = CircuitBuilder(RELATION if ranges else UNRANGED, size.k, {**size.layout(), "ranged": ranges}, MAX_DEGREE)
    at = _declare(builder, size, ranges)
    builder.gate("dense.assembly", [at.q_weight * (at.delta - at.theta_u + at.theta_p)])
    builder.gate("dense.mask", [at.q_weight * (1 - at.free) * at.theta_u])
    builder.gate("dense.product", [product(at)])
    builder.gate("dense.stationarity", [stationarity(at)])
    _range(builder, at, "residue.0", at.q_weight, at.residue[0], size.limb_bits)
    _range(builder, at, "residue.1", at.q_weight, at.residue[1], size.residue_top_bits)
    if ranges:
        _ranges(builder, at)
    _copies(builder, at)
    return builder.build()


def product(at: Columns) -> Expression:
    """q_row·(acc − (1 − q_start)·acc₋₁ − Σ_j C_j·δ_j): the sum of a row of C, from its first cells on."""
    cells = total([entry * delta for entry, delta in zip(at.curvature, at.shared, strict=True)])
    return at.q_row * (at.acc - (1 - at.q_start) * at.acc.at(-1) - cells)


def stationarity(at: Columns) -> Expression:
    """q_weight·f·(acc + R − r_0 − 2^t·r_1): where the weight is free, (Cδ)_i is the residue that the limbs hold."""
    return at.q_weight * at.free * (at.acc + at.size.residue_offset - limbs(at.size, at.residue))


def limbs(size: Dense, cells: tuple[Column, ...]) -> Expression:
    """Σ_l 2^(t·l)·cell_l."""
    return total([cell * 2 ** (size.limb_bits * place) if place else cell for place, cell in enumerate(cells)])


def _ranges(builder: CircuitBuilder, at: Columns) -> None:
    """Every cell of C in its window; θp and θu too, limb by limb."""
    size = at.size
    pairs = (("theta_p", at.theta_p, at.limbs_p), ("theta_u", at.theta_u, at.limbs_u))
    builder.gate("dense.limbs", [at.q_weight * (theta + size.weight_offset - limbs(size, cells)) for _, theta, cells in pairs])
    for name, _, cells in pairs:
        for place, cell in enumerate(cells):
            _range(builder, at, f"{name}.{place}", at.q_weight, cell, size.limb_bits)
    for lane, entry in enumerate(at.curvature):
        _range(builder, at, f"curvature.{lane}", at.q_row, entry + size.curvature_offset, size.curvature_bits)


def _range(builder: CircuitBuilder, at: Columns, name: str, selector: Column, cell: Operand, bits: int) -> None:
    """0 ≤ cell < 2^bits where the selector is one; elsewhere (0, 0), which the table holds wherever it is not written."""
    builder.lookup(f"dense.range.{name}", [selector * bits, selector * cell], [at.range_width, at.range_value])


def _copies(builder: CircuitBuilder, at: Columns) -> None:
    """δ_j of a block stands beside C_ij in every row i."""
    size = at.size
    for block in range(size.blocks):
        for j in range(size.block):
            home = size.weight_row(block, j)
            for i in range(size.block):
                builder.copy(at.delta, home, at.shared[j % size.lanes], size.cell_row(block, i, j))


def _declare(builder: CircuitBuilder, size: Dense, ranges: bool) -> Columns:
    curvature = builder.instances("curvature", size.lanes, committed=True)
    theta_p, theta_u = (builder.instance(name, committed=True) for name in ("theta_p", "theta_u"))
    free = builder.instance("free")
    delta, shared = builder.advice("delta"), _advices(builder, "shared", size.lanes)
    acc, residue = builder.advice("acc"), _advices(builder, "residue", 2)
    limb_columns = [_advices(builder, name, size.weight_limbs if ranges else 0) for name in ("limbs_p", "limbs_u")]
    return Columns(size, curvature, theta_p, theta_u, free, delta, shared, acc, residue, *limb_columns,
                   *_selectors(builder, size), *_range_table(builder, size))  # fmt: skip


def _advices(builder: CircuitBuilder, name: str, count: int) -> tuple[Column, ...]:
    return tuple(builder.advice(f"{name}.{place}") for place in range(count))


def _selectors(builder: CircuitBuilder, size: Dense) -> list[Column]:
    """``q_row`` on rows with cells of C; ``q_start`` and ``q_weight`` on the first and the last of each row of C."""
    q_row, q_start, q_weight = (builder.fixed(name) for name in ("q_row", "q_start", "q_weight"))
    builder.run(q_row, 0, size.blinding_start)
    for row in range(0, size.blinding_start, size.row_length):
        builder.run(q_start, row, 1)
        builder.run(q_weight, row + size.row_length - 1, 1)
    builder.region("blocks", 0, size.blinding_start)
    builder.region("blinding", size.blinding_start, size.blinding_rows)
    return [q_row, q_start, q_weight]


def _range_table(builder: CircuitBuilder, size: Dense) -> list[Column]:
    """(t, 0 … 2^t − 1), then (h, 0 … 2^h − 1), t a limb's bits and h those of the residue's top limb."""
    width, value = builder.fixed("range_width"), builder.fixed("range_value")
    start = 0
    for bits in (size.limb_bits, size.residue_top_bits):
        builder.run(width, start, 2**bits, bits)
        for number in range(1, 2**bits):
            builder.run(value, start + number, 1, number)
        start += 2**bits
    return [width, value]

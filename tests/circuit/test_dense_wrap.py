"""Why the ranges are there: without them the paper's constraints accept an update that is no update of weights at all."""

from __future__ import annotations

import numpy as np
from dense_data import random_witness, violated

from zkapex_jax.bounds import FIELD_MODULUS
from zkapex_jax.circuit.relations import DENSE_TOY
from zkapex_jax.workflow.bench.dense_blocks import DenseWitness
from zkapex_jax.workflow.bench.dense_columns import Columns, dense_columns

P = FIELD_MODULUS


def solve(matrix: list[list[int]], right: list[int]) -> list[int]:
    """Gauss–Jordan modulo p."""
    rows = [[value % P for value in row] + [value % P] for row, value in zip(matrix, right, strict=True)]
    for column in range(len(rows)):
        pivot = next(row for row in range(column, len(rows)) if rows[row][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        inverse = pow(rows[column][column], -1, P)
        rows[column] = [value * inverse % P for value in rows[column]]
        for row in range(len(rows)):
            if row != column and (factor := rows[row][column]):
                rows[row] = [(a - factor * b) % P for a, b in zip(rows[row], rows[column], strict=True)]
    return [row[-1] for row in rows]


def wrapped(witness: DenseWitness, block: int, target: int) -> Columns:
    """Free weights of one block solve C_FF δ_F = target − C_FM δ_M modulo p: any residues that the forger likes."""
    columns = dense_columns(witness, ranges=False)
    free = np.flatnonzero(witness.free[block]).tolist()
    entries, delta = witness.curvature[block].tolist(), witness.delta[block].tolist()
    fixed = [sum(entries[i][j] * delta[j] for j in range(8) if j not in free) for i in free]
    changes = solve([[entries[i][j] for j in free] for i in free], [target - value for value in fixed])
    for index, change in zip(free, changes, strict=True):
        _move(columns, witness, block, index, change)
    _finish(columns, witness, block, target)
    return columns


def _move(columns: Columns, witness: DenseWitness, block: int, j: int, change: int) -> None:
    size = witness.size
    columns["delta"][size.weight_row(block, j)] = change
    columns["theta_u"][size.weight_row(block, j)] = (int(witness.theta_p[block, j]) + change) % P
    for i in range(size.block):
        columns[f"shared.{j % size.lanes}"][size.cell_row(block, i, j)] = change


def _finish(columns: Columns, witness: DenseWitness, block: int, target: int) -> None:
    """Sums and residues of the block anew, from its cells."""
    size = witness.size
    for i in range(size.block):
        row = size.weight_row(block, i)
        columns["acc"][row] = sum(columns[f"curvature.{j}"][row] * columns[f"shared.{j}"][row] for j in range(8)) % P
        if witness.free[block, i]:
            shifted = target + size.residue_offset
            columns["residue.0"][row] = shifted % 2**size.limb_bits
            columns["residue.1"][row] = shifted >> size.limb_bits


def test_a_wrapped_update_passes_the_papers_constraints_and_not_the_ranges() -> None:
    """Honest curvature, honest weights before; after, field elements that are no fixed-point numbers."""
    witness = random_witness(DENSE_TOY)
    block = next(b for b in range(DENSE_TOY.blocks) if 0 < witness.free[b].sum() < 8)
    columns = wrapped(witness, block, target=7)
    changed = [columns["delta"][DENSE_TOY.weight_row(block, int(j))] for j in np.flatnonzero(witness.free[block])]
    assert max(min(change, P - change) for change in changed) > 2**200
    assert violated(DENSE_TOY, columns, ranges=False) == set()

    ranged = dense_columns(witness) | columns  # the limbs that an honest update would have
    assert violated(DENSE_TOY, ranged) == {"dense.limbs"}
    for j in range(8):  # and limbs that add up, wherever that takes them
        row = DENSE_TOY.weight_row(block, j)
        ranged["limbs_u.0"][row] = (columns["theta_u"][row] + DENSE_TOY.weight_offset) % P
        ranged["limbs_u.1"][row] = ranged["limbs_u.2"][row] = 0
    assert violated(DENSE_TOY, ranged) == {"dense.range.theta_u.0"}

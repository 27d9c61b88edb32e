"""Columns of ``dense_kkt``: the integers of a witness in their cells, blinding included."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

import numpy as np

from zkapex_jax.bounds import FIELD_MODULUS
from zkapex_jax.circuit.relations import Dense
from zkapex_jax.workflow.bench.dense_blocks import DenseWitness

Columns = dict[str, list[int]]


def dense_columns(witness: DenseWitness, *, ranges: bool = True) -> Columns:
    """Every advice and instance column, field elements 0 ≤ v < p down to the end of the blinding rows.

    Committed columns hold fresh random numbers of the operating system in their blinding rows. Nothing is checked:
    ``dense_blocks.check_ranges`` does, and a wrong witness must be assignable to be refused.
    """
    size = witness.size
    columns = _committed(witness) | _shared(witness)
    columns["free"] = free_column(size, witness.free)
    columns["delta"] = _own(size, witness.delta)
    columns["acc"] = _partial_sums(witness)
    columns |= _limbs(size, "residue", witness.residues, size.residue_offset, 2)
    if ranges:
        columns |= _limbs(size, "limbs_p", witness.theta_p, size.weight_offset, size.weight_limbs)
        columns |= _limbs(size, "limbs_u", witness.theta_u, size.weight_offset, size.weight_limbs)
    return columns


def free_column(size: Dense, free: np.ndarray) -> list[int]:
    """The plain column: 1 where a weight is free, 0 where it is masked and where no weight stands. bool [blocks, B]."""
    return _own(size, free.astype(np.int64))


def _committed(witness: DenseWitness) -> Columns:
    size = witness.size
    # Row i of C, lane by lane: cell (block, i, segment, lane) stands in row (block·B + i)·length + segment.
    cells = witness.curvature.reshape(-1, size.lanes)
    columns = {f"curvature.{lane}": _field(cells[:, lane]) for lane in range(size.lanes)}
    columns |= {"theta_p": _own(size, witness.theta_p), "theta_u": _own(size, witness.theta_u)}
    blinding = size.blinding_rows
    return {name: values + [secrets.randbelow(FIELD_MODULUS) for _ in range(blinding)] for name, values in columns.items()}


def _shared(witness: DenseWitness) -> Columns:
    """δ_j beside C_ij, for every i."""
    size = witness.size
    cells = np.repeat(witness.delta[:, None, :], size.block, axis=1).reshape(-1, size.lanes)
    return {f"shared.{lane}": _field(cells[:, lane]) for lane in range(size.lanes)}


def _partial_sums(witness: DenseWitness) -> list[int]:
    """The running sum of each row of C, at the end of each of its segments."""
    size = witness.size
    terms = (witness.curvature * witness.delta[:, None, :]).reshape(-1, size.row_length, size.lanes).sum(axis=2)
    return _field(terms.cumsum(axis=1).reshape(-1))


def _limbs(size: Dense, name: str, values: np.ndarray, offset: int, count: int) -> Columns:
    """Limbs of value + offset, least first; the last takes what is left, whatever its size."""
    shifted, bits = [int(value) + offset for value in values.reshape(-1)], size.limb_bits
    cut = [[value >> (bits * place) & (2**bits - 1) for value in shifted] for place in range(count - 1)]
    cut.append([value >> (bits * (count - 1)) for value in shifted])
    return {f"{name}.{place}": _spread(size, limb) for place, limb in enumerate(cut)}


def _own(size: Dense, values: np.ndarray) -> list[int]:
    """One cell a weight, in the last table row of its row of C."""
    return _spread(size, values.reshape(-1).tolist())


def _spread(size: Dense, values: Iterable[int]) -> list[int]:
    gap = [0] * (size.row_length - 1)
    return [cell for value in values for cell in (*gap, value % FIELD_MODULUS)]


def _field(values: np.ndarray) -> list[int]:
    """Signed integers as field elements: v or p − |v|."""
    return [value % FIELD_MODULUS for value in values.tolist()]

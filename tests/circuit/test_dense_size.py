"""Sizes of the dense relation: what fits, what is refused, and bounds that extreme integers reach."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from zkapex_jax.bounds import FIELD_MODULUS, dense_bounds_sheet
from zkapex_jax.circuit import build_dense_kkt
from zkapex_jax.circuit.relations import DENSE_SIZES, DENSE_TOY, Dense
from zkapex_jax.errors import InputError


@pytest.mark.parametrize(("block", "k", "blocks", "capacity", "residue_bits"), [
    (8, 9, 59, 472, 10), (16, 9, 14, 224, 11), (32, 9, 3, 96, 12), (8, 8, 27, 216, 9),
    (8, 12, 507, 4056, 13), (16, 12, 126, 2016, 14), (24, 12, 56, 1344, 15), (32, 12, 31, 992, 15), (64, 12, 7, 448, 16),
])  # fmt: skip
def test_sizes(block: int, k: int, blocks: int, capacity: int, residue_bits: int) -> None:
    size = Dense(block, k)
    assert (size.blocks, size.capacity, size.residue_bits, size.curvature_bits) == (blocks, capacity, residue_bits, k - 1)
    assert size.blinding_start + size.blinding_rows <= 2**k - 6
    assert 1 <= size.residue_top_bits < size.limb_bits


@pytest.mark.parametrize(("field", "value"), [
    *(("block", value) for value in (0, 7, 9, 12, 65, 72, True, 8.0, "8", None)),
    *(("k", value) for value in (7, 13, True, 12.0)),
    *(("weight_limbs", value) for value in (0, 33)), *(("blinding_rows", value) for value in (3, 65)),
])  # fmt: skip
def test_sizes_out_of_range_are_refused(field: str, value: Any) -> None:
    with pytest.raises(InputError) as caught:
        Dense(**{"block": 8, field: value})
    assert (caught.value.code, caught.value.field) == ("dense.size", field)


def test_a_block_that_does_not_fit_is_refused() -> None:
    assert Dense(56, 9).blocks == 1
    with pytest.raises(InputError) as caught:
        build_dense_kkt(64, k=9)
    assert (caught.value.code, caught.value.field) == ("dense.size", "k")


@pytest.mark.parametrize("size", DENSE_SIZES.values(), ids=DENSE_SIZES)
def test_bounds_are_reached_by_extreme_integers(size: Dense) -> None:
    """Every cell at the edge of its window gives exactly the limits of the sheet."""
    entry, low, high = -(2 ** (size.curvature_bits - 1)), -(2 ** (size.weight_bits - 1)), 2 ** (size.weight_bits - 1) - 1
    delta = high - low
    total = sum(entry * delta for _ in range(size.block))
    sheet = {bound.quantity: bound.limit for bound in dense_bounds_sheet(size)}
    assert (sheet["C_ij"], sheet["θp_i, θu_i"], sheet["δ_i"]) == (-entry, -low, delta)
    assert (sheet["C_ij δ_j"], sheet["Σ_j C_ij δ_j"]) == (-entry * delta, -total)
    assert sheet["Σ_j C_ij δ_j − r_i"] == -(total - size.residue_offset)
    assert min(bound.margin_bits for bound in dense_bounds_sheet(size)) > 200
    assert -total < 2**63  # ``DenseWitness.products`` adds in int64


def test_the_widest_weights_are_where_the_sum_reaches_half_of_p() -> None:
    """By hand: 64 entries of 2^10 times a difference of two numbers of that many bits, and the residue."""

    def fits(bits: int) -> bool:
        return 2 * (64 * 2**10 * (2**bits - 1) + 2**15) < FIELD_MODULUS

    widest = max(bits for bits in range(2, 255) if fits(bits))
    for bits, holds in ((widest - 1, True), (widest, True), (widest + 1, False)):
        sheet = dense_bounds_sheet(SimpleNamespace(block=64, curvature_bits=11, weight_bits=bits, residue_bits=16))
        assert all(bound.holds for bound in sheet) is holds
    limbs = widest // 11
    assert Dense(64, weight_limbs=limbs).weight_bits <= widest < 11 * (limbs + 1)
    with pytest.raises(InputError) as caught:
        Dense(64, weight_limbs=limbs + 1)
    assert caught.value.code == "dense.size" and "p/2" in str(caught.value)


def test_the_layout_counts_every_cell_once() -> None:
    size = Dense(24, 9)
    cells = {(size.cell_row(b, i, j), j % size.lanes) for b in range(size.blocks) for i in range(24) for j in range(24)}
    assert cells == {(row, lane) for row in range(size.blinding_start) for lane in range(8)}
    own = [size.weight_row(b, i) for b in range(size.blocks) for i in range(24)]
    assert own == list(range(2, size.blinding_start, 3))


def test_the_toy_is_what_plain_python_can_prove() -> None:
    assert (DENSE_TOY.k, DENSE_TOY.weight_bits, DENSE_TOY.capacity) == (9, 24, 488)

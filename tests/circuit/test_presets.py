"""Presets: the sizes that the documents state, and tables of what cannot be constructed."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkapex_jax.bounds import FIELD_MODULUS, Bound, bounds_sheet, broken_bounds, residual_limit
from zkapex_jax.circuit import RELATIONS, build
from zkapex_jax.errors import InputError
from zkapex_jax.presets import DEFAULT_PRESET, PRESETS, TOY, Preset, get_preset

DEFAULT = get_preset(DEFAULT_PRESET)


@pytest.mark.parametrize(("name", "active", "capacity", "bit_columns", "bits_per_column", "insecure"), [
    ("toy", 224, 896, 3, 211, True),
    ("ceremony-4096", 3984, 63_744, 1, 4000, False),
    ("ceremony-16384", 16_272, 260_352, 1, 4000, False),
    ("ceremony-32768", 32_656, 261_248, 1, 4000, False),
])  # fmt: skip
def test_sizes(name: str, active: int, capacity: int, bit_columns: int, bits_per_column: int, insecure: bool) -> None:
    preset = get_preset(name)
    assert (preset.active_rows, preset.capacity, preset.insecure) == (active, capacity, insecure)
    assert (preset.bit_columns, preset.bits_per_column) == (bit_columns, bits_per_column)


def test_only_the_toy_is_insecure() -> None:
    assert [preset.name for preset in PRESETS.values() if preset.insecure or preset.projections < 128] == ["toy"]


@pytest.mark.parametrize("name", ["", "TOY", "ceremony-4096 ", None, 4096, ["toy"]])
def test_unknown_names(name: Any) -> None:
    with pytest.raises(InputError) as caught:
        get_preset(name)
    assert (caught.value.code, caught.value.field) == ("preset", "preset")


def test_presets_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        DEFAULT.lanes = 8
    with pytest.raises(TypeError):
        PRESETS["mine"] = DEFAULT


WRONG: list[tuple[str, Any]] = [
    *(("name", value) for value in ("", "Toy", "a b", "x" * 33, None, 1)),
    *((field, low - 1) for field, low in (("k", 5), ("lanes", 2), ("client_rows", 1), ("forget_rows", 0),
                                          ("projections", 1), ("window_bits", 2), ("blinding_rows", 1),
                                          ("range_bits", 2), ("distance_bits", 1))),
    *((field, high + 1) for field, high in (("k", 20), ("lanes", 64), ("client_rows", 1024), ("forget_rows", 256),
                                            ("projections", 128), ("window_bits", 64), ("blinding_rows", 1024),
                                            ("range_bits", 64), ("distance_bits", 250))),
    *((field, value) for field in ("k", "lanes", "window_bits", "range_bits", "distance_bits") for value in (True, 12.0, "12", None)),
    *(("slack_bits", value) for value in ((128, 64), [128, 64, 96], (0, 64, 96), (128, 251, 96), (128, 64, 96.0), None)),
    ("srs", None), ("insecure", 1),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), WRONG, ids=str)
def test_fields_out_of_range_are_refused(field: str, value: Any) -> None:
    with pytest.raises(InputError) as caught:
        dataclasses.replace(DEFAULT, **{field: value})
    assert caught.value.code == "preset"


def test_rows_that_do_not_fit_are_refused() -> None:
    """2^7 rows less 6 of Halo2, 10 of the tail and B of blinding: 16 active rows are the least."""
    assert dataclasses.replace(TOY, k=7, blinding_rows=96).active_rows == 16
    with pytest.raises(InputError) as caught:
        dataclasses.replace(TOY, k=7, blinding_rows=97)
    assert caught.value.field == "k"


def sum_of_squares_fits(bits: int) -> bool:
    """Σ f y² < p/2, recomputed by hand for the default preset with windows of that many bits."""
    return stays_below(2**bits - 1, 2**28 - 2)


def stays_below(delta: int, gradient: int) -> bool:
    weights, rows = 16 * 3984, 72
    sigma = weights * gradient * delta + delta
    y = 2**39 * delta + rows * gradient * sigma
    return 2 * (weights * y**2 + 2**128 - 1) < FIELD_MODULUS


def test_the_widest_window_is_where_the_sum_of_squares_reaches_half_of_p() -> None:
    widest = max(bits for bits in range(2, 65) if sum_of_squares_fits(bits))
    for bits in (widest - 1, widest):
        assert broken_bounds(dataclasses.replace(DEFAULT, window_bits=bits)) == ()
    with pytest.raises(InputError) as caught:
        dataclasses.replace(DEFAULT, window_bits=widest + 1)
    assert caught.value.code == "preset" and "Σ f y²" in str(caught.value)


def test_the_widest_range_is_where_the_sum_of_squares_reaches_half_of_p() -> None:
    """|G| ≤ 2(2^r − 1) enters Σ f y² of the online relation: a wide range at enrolment breaks the other sheet."""
    widest = max(bits for bits in range(2, 65) if stays_below(2**29 - 1, 2 * (2**bits - 1)))
    for bits in (widest - 1, widest):
        assert broken_bounds(dataclasses.replace(DEFAULT, range_bits=bits)) == ()
    with pytest.raises(InputError) as caught:
        dataclasses.replace(DEFAULT, range_bits=widest + 1)
    assert caught.value.code == "preset" and "Σ f y²" in str(caught.value)


@pytest.mark.parametrize(("limit", "holds", "margin"), [
    (FIELD_MODULUS // 2 - 1, True, 0), (FIELD_MODULUS // 2, True, 0), (FIELD_MODULUS // 2 + 1, False, -1),
    (FIELD_MODULUS - 1, False, -1), (FIELD_MODULUS, False, -1), (FIELD_MODULUS // 4, True, 1), (1, True, 253),
])  # fmt: skip
def test_a_bound_holds_below_half_of_p(limit: int, holds: bool, margin: int) -> None:
    bound = Bound("x", limit, "test")
    assert (bound.holds, bound.margin_bits) == (holds, margin)


@given(st.integers(1, FIELD_MODULUS // 2))
def test_margins_are_whole_bits_to_half_of_p(limit: int) -> None:
    margin = Bound("x", limit, "test").margin_bits
    assert limit * 2**margin <= FIELD_MODULUS // 2 < limit * 2 ** (margin + 1)


def test_bounds_are_reached_by_extreme_integers() -> None:
    """A chunk of extreme cells gives exactly the limits of the sheet: they are bounds, and tight ones."""
    delta, gradient = 2**TOY.window_bits - 1, 2**28 - 2
    inner = sum(gradient * delta for _ in range(TOY.capacity))
    sigma = inner + delta
    y = 2**39 * delta + sum(gradient * sigma for _ in range(TOY.rows))
    sheet = {bound.quantity: bound.limit for bound in bounds_sheet(TOY)}
    assert residual_limit(TOY) == y == sheet["y_i"]
    assert (sheet["⟨G_k, δ⟩"], sheet["σ_k"]) == (inner, sigma)
    assert sheet["Σ f y²"] == sum(y * y for _ in range(TOY.capacity))
    assert sheet["Σ e²"] == TOY.rows * delta**2
    assert sheet["Σ f δ²"] == TOY.capacity * delta**2


def test_enrolment_bounds_are_reached_by_extreme_integers() -> None:
    """Each proven range gives the next: v in its window, t one bit wider, G and Δ one more; then the sums."""
    first, second = 2**TOY.range_bits - 1, 2 * (2**TOY.range_bits - 1)
    sheet = {bound.quantity: bound.limit for bound in bounds_sheet(TOY) if bound.relation == "enrol"}
    assert (sheet["v_l"], sheet["t_jk"], sheet["G_ki, Δ_i"]) == (2**26, first, second)
    assert second < 2**28
    assert sheet["⟨a_l, t⟩"] == sum(first for _ in range(TOY.projections * (TOY.client_rows + 1)))
    assert sheet["⟨b_j, G_k⟩"] == sum(second for _ in range(TOY.capacity))
    assert sheet["Σ Δ²"] == sum(second**2 for _ in range(TOY.capacity))
    assert sheet["Σ Δ² + slack of D0"] == sheet["Σ Δ²"] + 2**48 - 1


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_every_quantity_of_both_relations_stays_below_half_of_p(preset: Preset) -> None:
    sheet = bounds_sheet(preset)
    assert {bound.relation for bound in sheet} == set(RELATIONS)
    assert min(bound.margin_bits for bound in sheet) >= 3
    assert len({(bound.relation, bound.quantity) for bound in sheet}) == len(sheet)


def test_forget_rows_keep_their_int8_range_where_enrolment_proves_less() -> None:
    narrow = dataclasses.replace(TOY, range_bits=4)
    assert {bound.quantity: bound.limit for bound in bounds_sheet(narrow)}["G_ki"] == 128


@pytest.mark.parametrize(("name", "cells", "columns", "bit_cells"), [
    ("toy", 48 + 16 * 27 + 16 * 9, 3, 480), ("ceremony-4096", 64 + 128 * 27 + 128 * 65, 3, 3520),
    ("ceremony-16384", 11_840, 1, 3520), ("ceremony-32768", 11_840, 1, 3520),
])  # fmt: skip
def test_enrolment_sizes(name: str, cells: int, columns: int, bit_cells: int) -> None:
    preset = get_preset(name)
    assert (preset.cell_count, preset.cell_columns, preset.bit_cells) == (cells, columns, bit_cells)


@given(st.integers(5, 14), st.integers(2, 20), st.integers(1, 90), st.integers(0, 10), st.integers(1, 128), st.integers(2, 30))
def test_every_preset_has_a_circuit(k: int, lanes: int, n: int, extra: int, projections: int, window: int) -> None:
    try:
        preset = Preset("mine", k, lanes, n, extra, projections, window, (70, 60, 50), 8, "none", True)
    except InputError:
        return
    assert preset.active_rows % 16 == 0
    assert 0 <= preset.usable_rows - preset.blinding_start - preset.blinding_rows < 16
    assert preset.bit_count <= preset.bit_columns * preset.bits_per_column
    assert preset.bits_per_column <= preset.blinding_start
    if preset.bit_columns <= 8:
        for relation in RELATIONS:
            circuit = build(relation, preset)
            assert (circuit.usable_rows, circuit.degree) == (preset.usable_rows, 3)

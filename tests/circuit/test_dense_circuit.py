"""The dense relation against its statement: honest blocks pass, each window ends where it says, each gate holds its own line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from dense_data import digits_rows, judged, plain_witness, random_witness, violated
from hypothesis import given, settings
from hypothesis import strategies as st

from zkapex_jax.bounds import FIELD_MODULUS
from zkapex_jax.circuit.relations import DENSE_SIZES, DENSE_TOY, Dense
from zkapex_jax.errors import InputError
from zkapex_jax.workflow.bench.dense_blocks import DenseWitness, dense_witness
from zkapex_jax.workflow.bench.dense_columns import Columns, dense_columns

P = FIELD_MODULUS
SMALL = [DENSE_TOY, Dense(16, 9, 3), Dense(24, 9, 3), Dense(56, 9, 3)]


@pytest.mark.parametrize("size", [*SMALL, DENSE_SIZES["8"], DENSE_SIZES["64"]], ids=lambda size: f"B={size.block},k={size.k}")
def test_honest_blocks_pass(size: Dense) -> None:
    assert judged(random_witness(size)) == set()
    assert judged(random_witness(size), ranges=False) == set()


@pytest.mark.parametrize("block", [8, 64])
def test_blocks_of_the_digits_pass(block: int) -> None:
    """Real curvature: correlated rows, and pixels at the rim that no image uses."""
    size = Dense(block)
    theta, rows = digits_rows()
    kept = slice(0, min(size.capacity, len(theta)))
    mask = np.random.default_rng(block).random(len(theta)) < 0.1
    witness = dense_witness(size, rows[:, kept], theta[kept], mask[kept])
    assert np.abs(witness.delta[witness.free]).max() > 0 and not witness.theta_u[~witness.free].any()
    assert judged(witness) == set()


@pytest.mark.parametrize("sparsity", [0.0, 1.0])
def test_blocks_without_masked_or_free_weights_pass(sparsity: float) -> None:
    assert judged(random_witness(DENSE_TOY, sparsity=sparsity)) == set()


def at(field: str, value: int, **others: object) -> DenseWitness:
    """C = I and zero weights, but for one integer: of block 1, weight 2 (its own row of C for the curvature)."""
    witness = replace(plain_witness(DENSE_TOY), **others)
    array = getattr(witness, field).copy()
    array[(1, 2, 5) if field == "curvature" else (1, 2)] = value
    return replace(witness, **{field: array})


def masked(value: int) -> DenseWitness:
    """A masked weight of that size before, zero after."""
    free = np.ones((DENSE_TOY.blocks, DENSE_TOY.block), np.bool_)
    free[1, 2] = False
    return at("theta_p", value, free=free)


def kept(value: int) -> DenseWitness:
    """A free weight of that size that stays."""
    theta_u = np.zeros((DENSE_TOY.blocks, DENSE_TOY.block), np.int64)
    theta_u[1, 2] = value
    return at("theta_p", value, theta_u=theta_u)


CURVATURE, WEIGHT, RESIDUE = DENSE_TOY.curvature_offset, DENSE_TOY.weight_offset, DENSE_TOY.residue_offset
WINDOWS: list[tuple[str, Callable[[int], DenseWitness], int, set[str]]] = [
    ("curvature", lambda value: at("curvature", value), CURVATURE, {"dense.range.curvature.5"}),
    ("weight before", masked, WEIGHT, {"dense.range.theta_p.2"}),
    ("weight kept", kept, WEIGHT, {"dense.range.theta_p.2", "dense.range.theta_u.2"}),
    ("residue", lambda value: at("theta_u", value), RESIDUE, {"dense.range.residue.1"}),
]


@pytest.mark.parametrize(("make", "offset", "gates"), [case[1:] for case in WINDOWS], ids=[case[0] for case in WINDOWS])
def test_windows_end_where_they_say(make: Callable[[int], DenseWitness], offset: int, gates: set[str]) -> None:
    """[−offset, offset): the integers on both sides of both ends."""
    for value, broken in ((-offset - 1, gates), (-offset, set()), (1 - offset, set()),
                          (offset - 2, set()), (offset - 1, set()), (offset, gates), (offset + 1, gates)):  # fmt: skip
        assert judged(make(value)) == broken, value


@pytest.mark.parametrize("value", [2**62, -(2**62)])
def test_far_outside_a_window(value: int) -> None:
    assert judged(at("curvature", value)) == {"dense.range.curvature.5"}
    assert judged(masked(value)) == {"dense.range.theta_p.2"}


ROW = DENSE_TOY.weight_row(1, 2)
CHANGES: list[tuple[str, int, set[str]]] = [
    ("delta", 1, {"dense.assembly", "copy"}),
    ("acc", 1, {"dense.product", "dense.stationarity"}),
    ("shared.2", 1, {"dense.product", "copy"}),
    ("theta_p", 1, {"dense.assembly", "dense.limbs"}),
    ("theta_u", 1, {"dense.assembly", "dense.limbs"}),
    ("curvature.2", 1, {"dense.product"}),
    ("residue.0", 1, {"dense.stationarity"}),
    ("residue.0", P - 4, {"dense.stationarity", "dense.range.residue.0"}),
    ("residue.1", 4, {"dense.stationarity", "dense.range.residue.1"}),
    ("limbs_p.0", 1, {"dense.limbs"}),
    ("limbs_u.1", 2**8, {"dense.limbs", "dense.range.theta_u.1"}),
]


@pytest.mark.parametrize(("name", "change", "gates"), CHANGES)
def test_a_changed_cell_is_named_by_the_gates_that_read_it(name: str, change: int, gates: set[str]) -> None:
    columns = altered(dense_columns(at("theta_u", 3)), name, change)
    assert violated(DENSE_TOY, columns) == gates


def altered(columns: Columns, name: str, change: int) -> Columns:
    values = list(columns[name])
    values[ROW] = (values[ROW] + change) % P
    return columns | {name: values}


def test_a_masked_weight_that_stays_is_named() -> None:
    witness = kept(3)
    free = witness.free.copy()
    free[1, 2] = False
    assert judged(replace(witness, free=free)) == {"dense.mask"}


def test_a_block_cannot_use_the_change_of_another() -> None:
    """Swap what two blocks multiply with: sums, residues and ranges hold, the copies do not."""
    witness = random_witness(DENSE_TOY)
    theta_u = witness.theta_u.copy()
    theta_u[0] = witness.theta_p[0]  # block 0 claims not to have moved …
    claimed, honest = dense_columns(replace(witness, theta_u=theta_u, free=np.ones_like(witness.free))), dense_columns(witness)
    used = {name: values for name, values in honest.items() if name.startswith("shared") or name in ("acc", "residue.0", "residue.1")}
    assert violated(DENSE_TOY, claimed | used | {"free": honest["free"]}) == {"copy", "dense.mask"}  # … but multiplies with an honest δ


small = st.integers(-3, 3)
edges = st.sampled_from([-CURVATURE - 1, -CURVATURE, CURVATURE - 1, CURVATURE])
heavy = st.sampled_from([-WEIGHT - 1, -WEIGHT, WEIGHT - 1, WEIGHT, -RESIDUE - 1, -RESIDUE, RESIDUE - 1, RESIDUE])
places = st.tuples(st.integers(0, 2), st.integers(0, 7), st.integers(0, 7))


@settings(max_examples=60)
@given(
    st.lists(st.tuples(places, small | edges), max_size=4),
    st.lists(st.tuples(places, small | heavy), max_size=3),
    st.lists(st.tuples(places, small | heavy), max_size=3),
    st.lists(places, max_size=3),
)
def test_satisfied_exactly_when_the_integers_say_so(entries, before, after, masks) -> None:
    """Random integers at and around every limit: the tables and the statement in plain Python agree."""
    witness = plain_witness(DENSE_TOY)
    for (b, i, j), value in entries:
        witness.curvature[b, i, j] = value
    for (b, i, _), value in before:
        witness.theta_p[b, i] = witness.theta_u[b, i] = value
    for (b, i, _), value in after:
        witness.theta_u[b, i] = value
    for b, i, _ in masks:
        witness.free[b, i] = False
    assert (judged(witness) == set()) is statement_holds(witness)


def statement_holds(witness: DenseWitness) -> bool:
    """The relation in words of integers, block by block."""
    size = witness.size
    for block in range(size.blocks):
        entries, old, new, free = (part[block].tolist() for part in (witness.curvature, witness.theta_p, witness.theta_u, witness.free))
        delta = [after - before for after, before in zip(new, old, strict=True)]
        small_enough = all(-CURVATURE <= entry < CURVATURE for row in entries for entry in row)
        weights = all(-WEIGHT <= value < WEIGHT for value in old + new)
        zeroed = all(value == 0 for value, stays in zip(new, free, strict=True) if not stays)
        products = [sum(entry * change for entry, change in zip(row, delta, strict=True)) for row in entries]
        stationary = all(-RESIDUE <= value < RESIDUE for value, stays in zip(products, free, strict=True) if stays)
        if not (small_enough and weights and zeroed and stationary):
            return False
    return True


@pytest.mark.parametrize(("theta", "rows", "mask", "field"), [
    (np.zeros(0), np.ones((2, 0)), np.zeros(0, bool), "theta"),
    (np.zeros(489), np.ones((2, 489)), np.zeros(489, bool), "theta"),
    (np.zeros(8), np.ones((2, 9)), np.zeros(8, bool), "rows"),
    (np.zeros(8), np.ones((0, 8)), np.zeros(8, bool), "rows"),
    (np.zeros(8), np.ones((2, 8), int), np.zeros(8, bool), "rows"),
    (np.zeros(8), np.full((2, 8), np.nan), np.zeros(8, bool), "rows"),
    (np.zeros(8), np.ones((2, 8)), np.zeros(8, int), "mask"),
    (np.full(8, np.inf), np.ones((2, 8)), np.zeros(8, bool), "weight 0"),
    (np.full(8, 128.0), np.ones((2, 8)), np.zeros(8, bool), "theta_p[0, 0]"),
], ids=str)  # fmt: skip
def test_bad_inputs_are_refused(theta: np.ndarray, rows: np.ndarray, mask: np.ndarray, field: str) -> None:
    with pytest.raises(InputError) as caught:
        dense_witness(DENSE_TOY, rows, theta, mask)
    assert caught.value.field == field

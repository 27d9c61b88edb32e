"""The bench changes many cells at once; the reference checker, asked for one change at a time, says the same."""

from dataclasses import replace

import dense_scene
import enrol_scene
import fold_scene
import pytest
from cell_bench import CellBench
from hypothesis import given, settings
from hypothesis import strategies as st
from tally import EFFORT, count

from reference_prover.checker import check
from reference_prover.field import MODULUS

SCENES = {"fold": fold_scene.scene, "enrol": enrol_scene.scene, "dense": dense_scene.scene}
BENCHES: dict[str, CellBench] = {}


def bench(name: str) -> CellBench:
    if name not in BENCHES:
        BENCHES[name] = CellBench(SCENES[name]().tables, SCENES[name]().columns)
    return BENCHES[name]


def violated(of: CellBench, changes: dict[str, int], row: int) -> bool:
    columns = {name: of.columns[name].tolist() for name in of.names}
    for name, value in changes.items():
        columns[name][row] = value
    return bool(check(of.tables, columns))


@pytest.mark.parametrize("name", SCENES)
@settings(max_examples=12 * EFFORT)
@given(data=st.data())
def test_one_cell_is_judged_as_by_the_checker(name: str, data: st.DataObject) -> None:
    of = bench(name)
    column = data.draw(st.sampled_from(of.names))
    step = data.draw(st.sampled_from([1, MODULUS - 1, 1 << 28]) | st.integers(1, MODULUS - 1))
    values = (of.columns[column] + step) % MODULUS
    caught = of.caught({column: values})
    for row in data.draw(st.sets(st.integers(0, of.tables.domain - 1), min_size=4, max_size=8)):
        assert caught[row] == violated(of, {column: values[row]}, row), (column, row)
        count("single cells compared with the checker")


@pytest.mark.parametrize("name", SCENES)
@settings(max_examples=6 * EFFORT)
@given(data=st.data())
def test_two_cells_of_a_row_are_judged_as_by_the_checker(name: str, data: st.DataObject) -> None:
    of = bench(name)
    pair = data.draw(st.lists(st.sampled_from(of.names), min_size=2, max_size=2, unique=True))
    steps = data.draw(st.lists(st.sampled_from([1, MODULUS - 1, 1 << 40]), min_size=2, max_size=2))
    values = {column: (of.columns[column] + step) % MODULUS for column, step in zip(pair, steps, strict=True)}
    caught = of.caught(values)
    for row in data.draw(st.sets(st.integers(0, of.tables.domain - 1), min_size=4, max_size=8)):
        assert caught[row] == violated(of, {column: values[column][row] for column in pair}, row), (pair, row)
        count("pairs of cells compared with the checker")


def test_a_copied_cell_may_be_held_by_its_copies_alone() -> None:
    """delta beside C, with the product that goes with it: where the weight is masked no gate minds, but the copy does."""
    of, scene = bench("dense"), dense_scene.scene()
    lane = {"shared.3": (of.columns["shared.3"] + 1) % MODULUS, "acc": (of.columns["acc"] + of.columns["curvature.3"]) % MODULUS}
    uncopied = CellBench(replace(scene.tables, copies=()), scene.columns)
    caught, held_by_gates = of.caught(lane), uncopied.caught(lane)
    masked = [row for row in range(dense_scene.SIZE.blinding_start) if not scene.columns["free"][row]]
    assert len(masked) > 50
    assert all(caught[row] for row in masked) and not any(held_by_gates[row] for row in masked)


def test_an_assignment_that_does_not_hold_is_refused() -> None:
    of = SCENES["fold"]()
    broken = dict(of.columns) | {"acc": [1, *of.columns["acc"][1:]]}
    with pytest.raises(AssertionError):
        CellBench(of.tables, broken)

"""Every integer of an honest claim, changed alone while the others stay and acc is run again: all are caught."""

import random
from collections import Counter
from dataclasses import replace

import enrol_scene
import fold_scene
import pytest
from cell_bench import CellBench
from integer_changes import STEPS, InRows, enrol_changes, fold_changes
from tally import count

from reference_prover.checker import check
from reference_prover.field import MODULUS

RELATIONS = {"fold_kkt": (fold_scene, fold_changes), "enrol": (enrol_scene, enrol_changes)}

#: Integers of each claim at the toy preset: 896 cells (pads too), 8 client rows and 2 forget rows, 16 projections.
INTEGERS = {
    "fold_kkt": {"θp, θu": 1792, "y": 896, "G": 8960, "σ": 10, "e": 10, "q": 10, "p": 16, "slacks": 3, "γ, T1, T2, D (public)": 4},
    "enrol": {"θp": 896, "f·θ0 (public)": 896, "θ_current": 896, "G": 7168, "t": 144, "v": 16, "slack": 1, "D0 (public)": 1},
}  # fmt: skip


@pytest.mark.parametrize("relation", RELATIONS)
def test_every_integer_changed_alone_is_caught(relation: str) -> None:
    module, changes = RELATIONS[relation]
    scene, found, tried = module.scene(), Counter(), 0
    bench = CellBench(scene.tables, scene.columns)
    for change in changes(bench):
        rows = change.rows if isinstance(change, InRows) else [None]
        found[change.name] += len(rows)
        for step in change.steps:
            columns, tried = change.columns(step), tried + len(rows)
            if isinstance(change, InRows):
                caught = bench.caught(columns)
                assert all(caught[row] for row in rows), (change.name, step, [row for row in rows if not caught[row]][:5])
            else:
                assert check(scene.tables, columns), (change.name, step)
    assert found == INTEGERS[relation]
    count(f"integers changed alone: {relation}", sum(found.values()))
    count(f"changes of single integers: {relation}", tried)


#: Where an integer ends up that is not on its own in a mask or bit gate.
ENDS = {"fold_kkt": {"fold.last", "fold.mask"}, "enrol": {"enrol.last"}}
CLAIMS = {"fold_kkt": ("theta_p", "theta_u", "y", "sigma", "e", "q"), "enrol": ("theta_p", "base", "current")}


@pytest.mark.parametrize(("relation", "field"), [(relation, field) for relation, fields in CLAIMS.items() for field in fields])
def test_the_accumulator_run_again_says_what_its_row_said(relation: str, field: str) -> None:
    """The shortcut above is right: a changed integer, assigned anew as a whole, violates the last gate (or the mask) and no other."""
    module, _ = RELATIONS[relation]
    stated, claim, drawn = module.honest()
    draw = random.Random(f"zkapex semantics {field}")
    for step in STEPS:
        integers = list(getattr(claim, field))
        integers[draw.randrange(len(integers))] += step
        columns = module.assign(stated, replace(claim, **{field: integers}), drawn)
        gates = {violation.gate for violation in check(module.TABLES, columns)}
        assert gates and gates <= ENDS[relation]
        count("integers assigned anew", 1)


def test_a_row_of_the_curvature_is_caught_in_the_last_gate() -> None:
    for relation, (module, _) in RELATIONS.items():
        stated, claim, drawn = module.honest()
        draw = random.Random("zkapex semantics gradients")
        for step in STEPS:
            rows = claim.gradients.astype(object)
            rows[draw.randrange(rows.shape[0]), draw.randrange(rows.shape[1])] += step
            columns = module.assign(stated, replace(claim, gradients=rows), drawn)
            assert {violation.gate for violation in check(module.TABLES, columns)} == {next(gate for gate in ENDS[relation] if "last" in gate)}
            count("integers assigned anew", 1)


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_number_outside_its_window_fits_only_where_a_bit_is_none(relation: str) -> None:
    """The sum comes out right with a 2 (or -1) in the place of a bit, which the gate of bits refuses."""
    module, _ = RELATIONS[relation]
    columns, lane = module.scene().columns, "bits.0" if relation == "fold_kkt" else "cells.0"
    width = module.SIZE.window_bits if relation == "fold_kkt" else module.SIZE.distance_bits
    for row in range(width - 1):
        if columns[lane][row + 1] == 0:
            continue
        spelled = list(columns[lane])  # 2^(row+1) taken from the upper bit and given to the lower one, twice
        spelled[row], spelled[row + 1] = (spelled[row] + 2) % MODULUS, 0
        violations = check(module.TABLES, dict(columns) | {lane: spelled})
        assert {violation.gate for violation in violations} - {f"{relation.split('_')[0]}.step"} == {f"{relation.split('_')[0]}.bits"}
        assert [violation.row for violation in violations if "bits" in violation.gate] == [row]
        count("bits that are none", 1)

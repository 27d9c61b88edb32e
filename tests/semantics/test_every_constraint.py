"""No constraint is idle: for each gate, lookup and copy an assignment that breaks the statement and violates nothing else."""

from dataclasses import replace

import dense_scene
import enrol_scene
import fold_scene
import pytest
from tally import count

from reference_prover.checker import check
from reference_prover.field import MODULUS
from reference_prover.rounds import online
from reference_prover.tables import Tables

Columns = dict[str, list[int]]


def constraints(tables: Tables) -> set[str]:
    return {one.id for one in (*tables.gates, *tables.lookups)} | ({"copy"} if tables.copies else set())


def added(columns: Columns, changes: dict[str, tuple[range, int]]) -> Columns:
    """A number added to some rows of some columns."""
    changed = {name: list(values) for name, values in columns.items()}
    for name, (rows, number) in changes.items():
        for row in rows:
            changed[name][row] = (changed[name][row] + number) % MODULUS
    return changed


def running_sums(module, prefix: str, bits: str) -> dict[str, Columns]:
    """What both folded relations share: a sum that is 1 too much, hidden at the start, on the way, at the end, or in a bit."""
    size, stated, claim, drawn = module.SIZE, *module.honest()
    end = size.blinding_start + 1
    honest = module.assign(stated, claim, drawn)
    forged = module.assign(stated, replace(claim, theta_p=[claim.theta_p[0] + 1, *claim.theta_p[1:]]), drawn)
    excess = forged["acc"][size.blinding_start]
    assert excess
    row = next(row for row in range(20) if honest[bits][row + 1] == 1)
    spelled = added(honest, {bits: (range(row, row + 1), 2)})
    spelled[bits][row + 1] = 0
    return {
        f"{prefix}.first": added(forged, {"acc": (range(end), -excess)}),
        f"{prefix}.step": added(forged, {"acc": (range(100, end), -excess)}),
        f"{prefix}.last": forged,
        f"{prefix}.bits": accumulated(module, spelled, f"{prefix}.step"),
    }


def accumulated(module, columns: Columns, step: str) -> Columns:
    """The running sum again: each row's residue in the step gate is moved into the accumulator."""
    residues = {one.row: one.residue for one in check(module.TABLES, columns) if one.gate == step}
    moved, total = dict(columns) | {"acc": list(columns["acc"])}, 0
    for row in range(module.SIZE.blinding_start):
        total -= residues.get(row, 0)
        moved["acc"][row + 1] = (moved["acc"][row + 1] + total) % MODULUS
    return moved


def unmasked() -> Columns:
    """A masked weight of 1 after the update, with rounds that are honest about it."""
    base = fold_scene.witness(2, 120)
    theta_u = list(base.theta_u)
    theta_u[base.free.index(0)] = 1
    of = replace(base, theta_u=tuple(theta_u))
    return online.run(fold_scene.TABLES, fold_scene.statement(of), of, fold_scene.challenges("statement"))[1]


def dense_forgeries() -> dict[str, Columns]:
    """Block 0 is blank: C = 0, every weight 0 and free; each forgery spoils it in one respect."""
    size, b = dense_scene.SIZE, dense_scene.B
    blank = dense_scene.honest()
    for name, value in (("curvature", [[0] * b] * b), ("theta_p", [0] * b), ("theta_u", [0] * b), ("free", [1] * b)):
        blank = blank.with_entry(name, (0,), value)
    row, limb = range(1), 1 << size.limb_bits
    at = dense_scene.assign
    cell = lambda name, number, of=blank: added(at(of), {name: (row, number)})
    curved = blank.with_entry("curvature", (0, 0, 0), 1)
    far = curved.with_entry("theta_u", (0, 0), size.residue_offset)  # C delta is one beyond the window
    limbs = lambda *values: {f"residue.{place}": [value, *at(far)[f"residue.{place}"][1:]] for place, value in enumerate(values)}
    forged = {
        "dense.assembly": added(at(blank), {"theta_u": (row, 1), "limbs_u.0": (row, 1)}),
        "dense.mask": at(blank.with_entry("free", (0, 0), 0).with_entry("theta_u", (0, 0), 1)),
        "dense.product": added(at(far), {"acc": (row, -size.residue_offset)}) | limbs(size.residue_offset % limb, size.residue_offset // limb),
        "dense.stationarity": at(far) | limbs(0, 0),
        "dense.limbs": at(blank.with_entry("theta_p", (0, 0), 2 * size.weight_offset).with_entry("theta_u", (0, 0), 2 * size.weight_offset)),
        "dense.range.residue.0": at(far) | limbs(2 * size.residue_offset, 0),
        "dense.range.residue.1": at(far) | limbs(0, 2 * size.residue_offset // limb),
        "copy": cell("shared.0", 1),
    }
    for theta, family in (("theta_p", "limbs_p"), ("theta_u", "limbs_u")):
        for place in range(size.weight_limbs):
            beyond = at(blank.with_entry(theta, (0, 0), 2 * size.weight_offset))
            forged[f"dense.range.{theta}.{place}"] = added(beyond, {f"{family}.{place}": (row, 2 * size.weight_offset >> (size.limb_bits * place))})
    for lane in range(size.lanes):
        forged[f"dense.range.curvature.{lane}"] = cell(f"curvature.{lane}", size.curvature_offset)
    return forged


RELATIONS = {
    "fold_kkt": (fold_scene, lambda: {**running_sums(fold_scene, "fold", "bits.0"), "fold.mask": unmasked()}),
    "enrol": (enrol_scene, lambda: running_sums(enrol_scene, "enrol", "cells.0")),
    "dense_kkt": (dense_scene, dense_forgeries),
}


@pytest.mark.parametrize("relation", RELATIONS)
def test_each_constraint_alone_refuses_some_false_statement(relation: str) -> None:
    module, forgeries = RELATIONS[relation]
    forged = forgeries()
    assert forged.keys() == constraints(module.TABLES)
    for name, columns in forged.items():
        assert {violation.gate for violation in check(module.TABLES, columns)} == {name}
    count(f"constraints that alone refuse a forgery: {relation}", len(forged))

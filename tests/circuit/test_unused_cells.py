"""Cells that nothing fills: a prover may write what it likes there, and no gate sees it; blinding is never forced.

The columns come from plain loops (``statement_columns``, ``enrolment_columns``); every other cell of a column that the prover
commits to is filled with a random element at a power of μ that nothing else has. Were one of them to meet a gate with a
weight, a power above 11 would show.
"""

import random
from types import ModuleType

import enrolment_columns
import pytest
import statement_columns
from statement_columns import PRESET, Poly, Symbolic, at, field_element, plus

from zkapex_jax.circuit import RELATIONS, build
from zkapex_jax.circuit.columns import Kind
from zkapex_jax.circuit.expression import Expression, interpret
from zkapex_jax.circuit.held import BLINDED, BLINDING, HELD, holds, is_random
from zkapex_jax.circuit.relations import DENSE_TOY, build_sized
from zkapex_jax.presets import TOY

CASES = {"fold_kkt": statement_columns, "enrol": enrolment_columns}
CIRCUITS = [*(build(name, TOY) for name in RELATIONS), build_sized(DENSE_TOY)]


def filled(module: ModuleType) -> dict[str, list[Poly]]:
    """An honest witness, and rubbish in every cell of the prover's columns that the statement leaves at zero."""
    witness = module.honest_witness() if module is statement_columns else module.honest_witness(tied=False)
    columns = module.fill(witness)
    for name in BLINDED[module.CIRCUIT.relation]:
        for column in (column for column in module.CIRCUIT.committed if column.family == name):
            cells = columns[column.name]
            for row in (row for row in range(PRESET.domain) if not cells[row] and not _spoken_for(module, column.name, row)):
                cells[row] = at(200 + row, field_element())
    return columns


def _spoken_for(module: ModuleType, name: str, row: int) -> bool:
    """Cells of the statement that happen to be zero: a weight, a bit, a product."""
    circuit = module.CIRCUIT
    region = circuit.region_at(row)
    if region is None or not holds(circuit, circuit.column(name), region):
        return False
    family, _, lane = name.partition(".")
    if family == "bits":
        return row < PRESET.bits_per_column
    if family == "cells":
        return int(lane) * PRESET.blinding_start + row < PRESET.cell_count
    return True


def over_rows(expression: Expression, columns: dict[str, list[Poly]]) -> list[Poly]:
    return [interpret(expression, Symbolic(columns, row)) for row in range(PRESET.domain)]


@pytest.mark.parametrize("relation", CASES)
def test_what_stands_in_unused_cells_adds_nothing(relation: str) -> None:
    random.seed(5)
    module = CASES[relation]
    columns = filled(module)
    rubbish = sum(power >= 200 for cells in columns.values() for cell in cells for power in cell)
    assert rubbish > PRESET.domain, "there must be something to find"
    prefix = "fold" if relation == "fold_kkt" else "enrol"
    (step,) = module.CIRCUIT.gate(f"{prefix}.step").polys
    assert plus(over_rows(step, columns)) == {}
    for gate in module.CIRCUIT.gates:
        for poly in gate.polys if gate.id not in (f"{prefix}.step",) else ():
            assert all(value == {} for value in over_rows(poly, columns)), gate.id


@pytest.mark.parametrize("relation", CASES)
def test_a_cell_that_is_used_does_add(relation: str) -> None:
    """The test above can fail: rubbish in an active cell, where a public weight or the mask meets it, is seen."""
    random.seed(6)
    module = CASES[relation]
    columns = filled(module)
    prefix = "fold" if relation == "fold_kkt" else "enrol"
    columns["fold.0"][PRESET.active_start] = at(300, field_element())
    (step,) = module.CIRCUIT.gate(f"{prefix}.step").polys
    assert any(power >= 300 for power in plus(over_rows(step, columns)))


@pytest.mark.parametrize("circuit", CIRCUITS, ids=lambda circuit: circuit.relation)
def test_the_map_names_every_column_and_every_region(circuit) -> None:
    families = {column.family for column in circuit.columns if column.kind is not Kind.FIXED}
    assert {name.partition(".")[0] for name in HELD[circuit.relation]} == families
    regions = {region.name for region in circuit.regions}
    assert {name for places in HELD[circuit.relation].values() for name in places} == regions - {BLINDING}
    assert BLINDED[circuit.relation] <= {column.family for column in circuit.committed}


@pytest.mark.parametrize("relation", CASES)
def test_the_map_agrees_with_the_filled_columns(relation: str) -> None:
    """Where the map says that a column holds something, a random witness does; elsewhere it is zero, or blinding."""
    random.seed(7)
    module = CASES[relation]
    circuit = module.CIRCUIT
    columns = module.fill(module.random_witness() if relation == "fold_kkt" else module.random_witness(tied=True))
    for column in circuit.instance:
        for region in circuit.regions:
            cells = columns[column.name][region.start : region.end]
            expected = holds(circuit, column, region) or is_random(circuit, column, region)
            assert any(cells) == expected or _last_column(column.name, region.name), (column.name, region.name)


def _last_column(name: str, region: str) -> bool:
    """The last column of a list of cells may end before the active rows do, or in the tail."""
    return name.partition(".")[0] in ("bits", "w_bits", "cells", "w") and region == "active"

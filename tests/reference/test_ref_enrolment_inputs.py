"""Enrolment statements, witnesses, layouts, transcripts: every bound from both sides, and tables that say what the relation says."""

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ref_chunks import parsed
from ref_enrolments import ENROL, SIZE, honest, make_statement, make_witness
from reference_prover import layout as layouts
from reference_prover import statement as statements
from reference_prover.checker import check
from reference_prover.enrolment import relation, rounds
from reference_prover.enrolment.statement import FIRST, EnrolmentStatement
from reference_prover.enrolment.transcript import EnrolmentChallenges
from reference_prover.enrolment.witness import ARRAYS, from_arrays
from reference_prover.errors import ChallengeError, StatementError, TablesError, WitnessError
from reference_prover.expression import Cell, evaluate
from reference_prover.field import MODULUS
from reference_prover.vectors.enrolment import challenges_of
from zkapex_jax.presets import PRESETS

VECTORS = Path(__file__).parents[2] / "vectors" / "enrolment"
HONEST = make_statement(make_witness(40, 3))
BOUNDS = {
    "gamma": ([1, 1 << 39], [0, -1, (1 << 39) + 1, MODULUS - 1, True, 1.0]),
    "d0": ([1, (1 << 250) - 1], [0, -1, 1 << 250, MODULUS - 1, MODULUS + 1]),
    "chunk": ([0, (1 << 32) - 1], [-1, 1 << 32]),
    "weights": ([1], [0, -1, 1 << 32]),
    "base": ([bytes(32)], [bytes(31), "00" * 32, None]),
    "state": ([FIRST, b"\x01" * 32], [b"", None]),
    "client": (["a", "A.b_c-9", "x" * 64], ["", "x" * 65, "a b", "a\n", None]),
    "relation": (["enrol"], ["fold_kkt", ""]),
}


@pytest.mark.parametrize("field, value", [(field, value) for field, (good, _) in BOUNDS.items() for value in good])
def test_values_within_bounds(field, value):
    changed = replace(HONEST, **{field: value})
    assert statements.from_mapping(statements.to_mapping(changed), EnrolmentStatement) == changed


@pytest.mark.parametrize("field, value", [(field, value) for field, (_, bad) in BOUNDS.items() for value in bad], ids=repr)
def test_values_out_of_bounds(field, value):
    with pytest.raises(StatementError) as caught:
        replace(HONEST, **{field: value})
    assert caught.value.field == field


@pytest.mark.parametrize("change", [dict(tables=bytes(32)), dict(preset="other"), dict(weights=897), dict(weights=5), dict(d0=1 << 48), dict(state=b"\x01" * 32)])
def test_statement_must_match_tables_and_witness(change):
    with pytest.raises((StatementError, WitnessError)):
        rounds.EnrolmentProver(ENROL, replace(HONEST, **change), make_witness(40, 3))


@pytest.mark.parametrize("d0, fits", [((1 << 48) - 1, True), (1 << 48, False)])
def test_the_limit_fits_its_slack(d0, fits):
    try:
        rounds.EnrolmentProver(ENROL, replace(HONEST, d0=d0), make_witness(40, 3))
    except StatementError as error:
        assert not fits and error.field == "d0"
    else:
        assert fits


def test_statements_of_one_relation_are_not_of_the_other():
    with pytest.raises(StatementError):
        statements.from_mapping(statements.to_mapping(HONEST))
    with pytest.raises(TablesError):
        layouts.of_tables(ENROL)
    with pytest.raises(TablesError):
        layouts.of_enrolment_tables(parsed())


def arrays(weights=5, rows=8):
    shapes = {name: (rows, weights) if name == "gradients" else (weights,) for name in ARRAYS}
    return {name: np.zeros(shape, dtype=ARRAYS[name]) for name, shape in shapes.items()}


BAD_ARRAYS = {
    "missing": lambda a: a.pop("theta_0"),
    "extra": lambda a: a.update(sigma=np.zeros(1)),
    "dtype": lambda a: a.update(theta_p=a["theta_p"].astype(np.int64)),
    "gradients with NaN": lambda a: a.update(gradients=np.full((8, 5), np.nan, dtype=np.float32)),
    "unsigned gradients": lambda a: a.update(gradients=a["gradients"].astype(np.uint8)),
    "short": lambda a: a.update(theta_0=a["theta_0"][1:]),
    "flat": lambda a: a.update(gradients=a["gradients"].ravel()),
    "free of 2": lambda a: a["free"].__setitem__(0, 2),
    "short current": lambda a: a.update(theta_current=np.zeros(4, dtype=np.int32)),
    "wide current": lambda a: a.update(theta_current=np.zeros(5, dtype=np.int64)),
}


@pytest.mark.parametrize("edit", BAD_ARRAYS.values(), ids=BAD_ARRAYS)
def test_bad_witness_arrays(edit):
    from_arrays(arrays() | {"theta_current": np.zeros(5, dtype=np.int32)})
    bad = arrays()
    edit(bad)
    with pytest.raises(WitnessError) as caught:
        from_arrays(bad)
    assert caught.value.field


def test_rows_and_current_weights_must_fit():
    fits = replace(HONEST, weights=5)
    rounds.EnrolmentProver(ENROL, fits, from_arrays(arrays()))
    current = arrays() | {"theta_current": np.zeros(5, dtype=np.int32)}
    rounds.EnrolmentProver(ENROL, replace(fits, state=b"\x01" * 32), from_arrays(current))
    for bad in (arrays(rows=7), arrays(weights=6), current):
        with pytest.raises(WitnessError):
            rounds.EnrolmentProver(ENROL, fits, from_arrays(bad))


LAYOUT_EDITS = {
    "range_bits": ["1", "65", "28"],
    "distance_bits": ["0", "251", "47"],
    "cell_count": ["623"],
    "cell_columns": ["2", "4"],
    "bit_cells": ["479"],
    "rows": ["9"],
    "capacity": ["895"],
    "insecure": ["true"],
}


@pytest.mark.parametrize("field, value", [(field, value) for field, values in LAYOUT_EDITS.items() for value in values])
def test_layout_that_breaks_a_rule(field, value):
    with pytest.raises(TablesError):
        layouts.of_enrolment_tables(replace(ENROL, layout=dict(ENROL.layout) | {field: value}))


@pytest.mark.parametrize("name", PRESETS)
def test_layout_of_every_preset_shares_the_rows_of_the_online_relation(name):
    preset, got, online = PRESETS[name], layouts.of_enrolment_tables(parsed(name, "enrol")), layouts.of_tables(parsed(name))
    for field in ("range_bits", "distance_bits", "cell_count", "cell_columns", "bit_cells", "srs", "insecure"):
        assert getattr(got, field) == getattr(preset, field)
    for field in ("k", "lanes", "rows", "projections", "active_start", "active_rows", "blinding_start", "blinding_rows", "capacity"):
        assert getattr(got, field) == getattr(online, field)


@pytest.mark.parametrize("preset", ["toy", "ceremony-4096"])
def test_emitted_gates_equal_the_relation_on_random_cells(preset):
    tables, rng = parsed(preset, "enrol"), random.Random(6)
    size, values = layouts.of_enrolment_tables(tables), {}
    read = lambda cell: values.setdefault(cell, rng.randrange(MODULUS))
    cell = lambda name: read(Cell(name, 0))
    bit_columns = sum(name.startswith("q_bits.") for name in tables.fixed)
    wanted = {
        "enrol.step": [relation.step(cell, read(Cell("acc", 1)), size.lanes, size.cell_columns)],
        "enrol.bits": [relation.bits(cell, l) for l in range(bit_columns)],
        "enrol.first": [relation.first(cell)],
        "enrol.last": [relation.last(cell)],
    }
    assert {gate.id: [evaluate(poly, read) for poly in gate.polys] for gate in tables.gates} == {
        gate: [value % MODULUS for value in polys] for gate, polys in wanted.items()
    }


def test_census_of_single_cells_of_an_honest_chunk():
    """Change one cell of each column at sampled rows: the checker names it exactly where the relation reads it."""
    statement, _, _, _, columns = honest(weights=893, seed=2)
    rng = random.Random(8)
    bit_rows = {f"cells.{i}": sum(ENROL.fixed[f"q_bits.{i}"]) for i in range(3)}
    for name in columns:
        for row in (0, SIZE.active_start, rng.randrange(SIZE.blinding_start), SIZE.blinding_start - 1, SIZE.blinding_start, SIZE.domain - 7):
            changed = columns | {name: columns[name][:row] + [(columns[name][row] + 1) % MODULUS] + columns[name][row + 1 :]}
            gates = {(v.gate, v.row) for v in check(ENROL, changed)}
            assert (("enrol.step", row) in gates) == _stepped(columns, name, row), (name, row)
            if name in bit_rows:
                assert (("enrol.bits", row) in gates) == (row < bit_rows[name] and columns[name][row] == 1), (name, row)


def _stepped(columns, name, row):
    """Whether adding 1 to that cell changes what its row adds to acc."""
    family, _, lane = name.partition(".")
    partner = {"fold": f"c.{lane}", "c": f"fold.{lane}", "cells": f"w.{lane}", "w": f"cells.{lane}"}
    if family == "w_const":
        return True
    if family == "acc":
        return row < SIZE.blinding_start
    if family == "delta":
        return SIZE.active_start <= row < SIZE.blinding_start
    return columns[partner[family]][row] != 0


DRAWN_AFTER = {"cells": 2}
ORDER = ("b", "a", "eta", "zeta", "rho", "mu", "inner")


@pytest.mark.parametrize("name", ["first", "renewal"])
def test_transcript_and_every_tampering(name):
    case = json.loads((VECTORS / "transcript.json").read_text())[name]
    points = {label: [bytes.fromhex(point) for point in row] for label, row in case["points"].items()}
    read = lambda mapping: statements.from_mapping(mapping, EnrolmentStatement)
    assert challenges_of(read(case["statement"]), points) == case["challenges"]
    assert len({*case["challenges"].values()}) == len(ORDER)
    for tampered in case["tampered"]:
        field = tampered["field"].removeprefix("points.")
        if tampered["field"].startswith("points."):
            got = challenges_of(read(case["statement"]), points | {field: points[field][:-1] + [bytes.fromhex(tampered["value"])]})
        else:
            got = challenges_of(read(case["statement"] | {field: tampered["value"]}), points)
        assert got == tampered["challenges"]
        for position, challenge in enumerate(ORDER):
            assert (got[challenge] == case["challenges"][challenge]) == (position < DRAWN_AFTER.get(field, 0)), (field, challenge)


def test_a_first_transcript_is_not_a_renewal():
    """Moving a point between labels, or swapping two, changes every challenge."""
    case = json.loads((VECTORS / "transcript.json").read_text())["renewal"]
    points = {label: [bytes.fromhex(point) for point in row] for label, row in case["points"].items()}
    statement = statements.from_mapping(case["statement"], EnrolmentStatement)
    moved = points | {"base_free": [*points["base_free"], *points["theta_current"]], "theta_current": []}
    swapped = points | {"theta_p": points["theta_p"][::-1]}
    crossed = points | {"theta_p": points["base_free"], "base_free": points["theta_p"]}
    seeds = {challenges_of(statement, some)["b"] for some in (points, moved, swapped, crossed)}
    assert len(seeds) == 4


@pytest.mark.parametrize("bad", [dict(b=bytes(63)), dict(a=bytes(65)), dict(eta=MODULUS), dict(zeta=-1), dict(rho=MODULUS), dict(mu=0), dict(mu=MODULUS)])
def test_challenges_are_bounded(bad):
    with pytest.raises(ChallengeError) as caught:
        replace(EnrolmentChallenges(bytes(64), bytes(64), 1, 1, 1, 1), **bad)
    assert caught.value.field == next(iter(bad))

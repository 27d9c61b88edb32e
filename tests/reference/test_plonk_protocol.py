"""Prover and verifier: honest proofs are accepted and hide their witness, cheats are refused, columns that do not fit are errors."""

import json
from dataclasses import replace

import pytest

from reference_prover.checker import check
from reference_prover.curve import curve
from reference_prover.errors import FieldError, ProofRefused, SpecError, SrsError, StatementError, TablesError, WitnessError
from reference_prover.expression import Cell, Const, Neg, Product, Sum
from reference_prover.field import MODULUS
from reference_prover.plonk import ChaCha20, Committed, ProvingKey, VerifyingKey, first_difference, layout, prove, verify
from reference_prover.plonk.circuit import Circuit
from reference_prover.plonk.explain import explain
from reference_prover.plonk.openings import evaluated, opened, point_sets
from reference_prover.plonk.permutation import cycles
from reference_prover.plonk.queries import Column, Kind, Opening
from reference_prover.plonk.simplify import simplified
from reference_prover.tables import parse
from reference_prover.vectors import proof_circuits
from reference_prover.vectors.proofs import ceremony
from reference_prover.vectors.tables import canonical, cell

POINTS = curve()
OUTER = bytes(range(64))
SAMPLES = {sample.name: sample for sample in proof_circuits.samples()}


def key_of(sample):
    tables = parse(sample.tables.encode())
    return ProvingKey.of(tables, ceremony(tables.k, POINTS), POINTS)


def statement(key, columns):
    instance, srs = key.verifying.circuit.tables.instance, key.verifying.srs
    committed = [Committed(columns[name], srs.commit_lagrange(columns[name])) for name, hidden in instance.items() if hidden]
    return committed, [columns[name] for name, hidden in instance.items() if not hidden]


def run(key, columns, rng=None):
    committed, plain = statement(key, columns)
    proof = prove(key, committed, plain, [columns[name] for name in key.verifying.circuit.tables.advice], OUTER, rng)
    verify(key.verifying, [one.commitment for one in committed], plain, OUTER, proof)
    return proof


@pytest.mark.parametrize("name", SAMPLES)
def test_proofs_with_fresh_randomness_are_accepted_and_differ(name):
    key, columns = key_of(SAMPLES[name]), SAMPLES[name].columns
    one, two = run(key, columns), run(key, columns)
    rounds = {field.round for field in layout(key) if one[field.offset :][: field.length] != two[field.offset :][: field.length]}
    assert rounds == {field.round for field in layout(key)}  # nothing is sent in the clear
    assert first_difference(key, one, two) == layout(key)[0] and first_difference(key, one, one) is None
    assert len(explain(key, one)) == len(layout(key))


@pytest.mark.parametrize("name, stride", [("next_first", 1), ("ranges", 1), ("steps", 5)])
def test_changed_cells_are_refused_where_the_checker_catches_them(name, stride):
    key, sample = key_of(SAMPLES[name]), SAMPLES[name]
    tables, caught = key.verifying.circuit.tables, 0
    for column, cells in sample.columns.items():
        for row in range(0, len(cells), stride):
            changed = sample.columns | {column: [*cells[:row], (cells[row] + 1) % MODULUS, *cells[row + 1 :]]}
            violated = check(tables, {one: values + [0] * (tables.domain - len(values)) for one, values in changed.items()})
            if not violated:
                run(key, changed)
                continue
            caught += 1
            with pytest.raises((ProofRefused, WitnessError)) as error:  # an input outside its table cannot even be arranged
                run(key, changed)
            assert isinstance(error.value, ProofRefused) or error.value.field == "ranges.range"
    assert caught >= 8


def test_a_commitment_must_be_that_of_its_cells():
    key, sample = key_of(SAMPLES["next_first"]), SAMPLES["next_first"]
    committed, plain = statement(key, sample.columns)
    other = POINTS.add(committed[0].commitment, POINTS.generator())
    proof = prove(key, [replace(committed[0], commitment=other)], plain, [sample.columns["b"], sample.columns["a"]], OUTER)
    for point in (other, committed[0].commitment):
        with pytest.raises(ProofRefused):
            verify(key.verifying, [point], plain, OUTER, proof)


def test_a_proof_serves_one_key():
    key, sample = key_of(SAMPLES["next_first"]), SAMPLES["next_first"]
    data = json.loads(sample.tables)
    data["fixed"][0]["runs"] = [["0", "3", "1"]]
    other = ProvingKey.of(parse(canonical(data).encode()), ceremony(4, POINTS), POINTS)
    proof = run(key, sample.columns)
    assert layout(other) == layout(key) and other.verifying.transcript_repr != key.verifying.transcript_repr
    committed, plain = statement(key, sample.columns)
    with pytest.raises(ProofRefused):
        verify(other.verifying, [committed[0].commitment], plain, OUTER, proof)


def test_columns_that_do_not_fit_are_the_callers_mistake():
    key, columns = key_of(SAMPLES["steps"]), SAMPLES["steps"].columns
    committed, plain = statement(key, columns)
    points, advice, proof = [one.commitment for one in committed], [columns["a"], columns["b"]], run(key, columns)
    long = [0] * (key.verifying.circuit.usable + 1)
    wrong = [
        (StatementError, lambda: verify(key.verifying, [], plain, OUTER, proof)),
        (StatementError, lambda: verify(key.verifying, points, [*plain, []], OUTER, proof)),
        (StatementError, lambda: verify(key.verifying, points, [long], OUTER, proof)),
        (FieldError, lambda: verify(key.verifying, points, [[MODULUS]], OUTER, proof)),
        (FieldError, lambda: verify(key.verifying, points, [[-1]], OUTER, proof)),
        (SpecError, lambda: verify(key.verifying, points, plain, OUTER[:-1], proof)),
        (StatementError, lambda: prove(key, [], plain, advice, OUTER)),
        (WitnessError, lambda: prove(key, committed, plain, advice[:1], OUTER)),
        (StatementError, lambda: prove(key, committed, plain, [long, long], OUTER)),
        (FieldError, lambda: prove(key, committed, plain, [[MODULUS], []], OUTER)),
        (StatementError, lambda: prove(key, [replace(committed[0], values=long)], plain, advice, OUTER)),
        (SrsError, lambda: VerifyingKey.of(key.verifying.circuit.tables, ceremony(4, POINTS), POINTS)),
    ]
    for error, call in wrong:
        with pytest.raises(error):
            call()


def edited(name, edit):
    data = json.loads(SAMPLES[name].tables)
    edit(data)
    return parse(canonical(data).encode())


def test_tables_that_the_proof_system_cannot_prove():
    zeroed = {"tag": "product", "factors": [{"tag": "const", "value": "0"}, *[cell("x")] * 6]}
    sixteen = [{"id": "far", "polys": [{"tag": "sum", "terms": [cell("x"), cell("x", 8), cell("x", -8)]}]}]
    cases = [
        edited("instance_only", lambda d: d.update(gates=[{"id": "next", "polys": [cell("x", 1)]}])),
        edited("instance_only", lambda d: d["gates"].append({"id": "zero", "polys": [zeroed]})),
        edited("instance_only", lambda d: d.update(gates=sixteen)),
        edited("instance_only", lambda d: d["gates"][0].update(polys=[{"tag": "product", "factors": [cell("x")] * 10}])),
    ]
    for tables in cases:
        with pytest.raises(TablesError) as caught:
            Circuit.of(tables)
        assert caught.value.field == "gates"


def test_simplified_expressions():
    x, zero, one = Cell("x", 0), Const(0), Const(1)
    cases = {
        Sum((zero, x)): x, Sum((x, zero, zero)): x, Product((one, x, one)): x, Product((x, zero)): zero, Neg(Sum((x, zero))): Neg(x),
        Sum((x, x, x)): Sum((Sum((x, x)), x)), Product((x, Const(2), one)): Product((x, Const(2))), Sum((Product((zero, x)), one)): one,
    }  # fmt: skip
    for expression, form in cases.items():
        assert simplified(expression) == form


def test_orders_of_queries_and_openings():
    circuit = Circuit.of(parse(SAMPLES["steps"].tables.encode()))
    a, b = Column(Kind.ADVICE, 0), Column(Kind.ADVICE, 1)
    assert circuit.queries.advice == (Opening(a, 0), Opening(b, 0), Opening(a, 1), Opening(a, -1))
    assert [column.kind for column in circuit.permuted] == [Kind.ADVICE, Kind.ADVICE, Kind.FIXED, Kind.INSTANCE, Kind.INSTANCE]
    plain = {one for one in circuit.queries.instance if not circuit.is_committed(one.column)}
    assert set(evaluated(circuit)) | {Opening(Column(Kind.QUOTIENT, 0), 0)} == set(opened(circuit)) and not plain & set(opened(circuit))
    assert len(set(opened(circuit))) == len(opened(circuit)) and opened(circuit)[0].rotation == 0
    sets = point_sets(circuit)
    assert [len(one.rotations) for one in sets] == sorted(len(one.rotations) for one in sets)
    assert sum(len(one.rotations) * len(one.columns) for one in sets) == len(opened(circuit))


def test_cycles_join_exactly_the_copied_cells():
    circuit = Circuit.of(parse(SAMPLES["cycles"].tables.encode()))
    following = cycles(circuit.tables, circuit.permuted, circuit.columns)
    names = [next(name for name, column in circuit.columns.items() if column == one) for one in circuit.permuted]

    def members(name, row):
        start = place = (names.index(name), row)
        found = set()
        while place not in found:
            found.add(place)
            place = following[place[0]][place[1]]
        assert place == start
        return {(names[column], line) for column, line in found}

    assert members("a", 10) == {("a", 10), ("a", 11), ("b", 13), ("a", 12), ("p", 0), ("x", 3)}
    assert members("c", 9) == {("c", 9), ("x", 8), ("x", 7)} and members("b", 0) == {("b", 0), ("c", 4), ("c", 5)}
    assert members("a", 9) == {("a", 9)}


def test_first_differences():
    key = key_of(SAMPLES["next_first"])
    proof = run(key, SAMPLES["next_first"].columns, ChaCha20(bytes(32)))
    for field in layout(key):
        for at in (field.offset, field.offset + field.length - 1):
            assert first_difference(key, proof, proof[:at] + bytes([proof[at] ^ 1]) + proof[at + 1 :]) == field
    assert first_difference(key, proof, proof[:-1]) == layout(key)[-1]
    assert first_difference(key, proof, proof + b"\0").round == "trailing bytes"

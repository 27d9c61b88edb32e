"""Random circuits: both programs refuse the same tables, agree on the key, and make the same bytes from the same seed.

The columns are random too, so that most proofs are of something false: the bytes must agree all the same, and both verifiers refuse.
"""

import json
from functools import cache
from random import Random

import pytest
from plonk_random import cells, circuit

from reference_prover.curve import curve
from reference_prover.errors import ProofRefused, TablesError
from reference_prover.plonk import ChaCha20, Committed, ProvingKey, first_difference, layout, prove, verify
from reference_prover.srs import from_ceremony
from reference_prover.tables import parse
from zkapex_jax.errors import ZkapexError
from zkapex_jax.prover.columns import write_columns
from zkapex_jax.prover.driver import Prover
from zkapex_jax.prover.relation import relation_prove, relation_verify

POINTS = curve()
SHORT, LONG = 15, 200


@pytest.fixture(scope="module")
def strings(tmp_path_factory):
    """k -> the Rust program's file and the reference's own string."""

    @cache
    def make(k):
        path = tmp_path_factory.mktemp("srs") / f"k{k}.srs"
        Prover.find().srs_ceremony(k, path)
        return path, from_ceremony(k, POINTS)

    return make


@pytest.mark.parametrize("start, count", [(0, SHORT), pytest.param(1000, LONG, marks=pytest.mark.slow)])
def test_random_circuits(start, count, strings, tmp_path):
    outcomes = [compare(Random(start + number), strings, tmp_path) for number in range(count)]
    made = [one for one in outcomes if one != "refused tables"]
    assert count // 2 < len(made) < count and made.count("same bytes") > count // 4  # the rest has left-over values in lookups


def compare(rng, strings, folder):
    """What became of one circuit; fails where the two programs differ."""
    text, outer, seed = circuit(rng), rng.randbytes(64), rng.randbytes(32)
    paths = tables_file, columns_file, proof_file, public_file = [folder / name for name in ("tables", "columns", "proof", "public")]
    for path in paths:
        path.unlink(missing_ok=True)
    tables_file.write_text(text)
    columns, k = {}, int(json.loads(text)["k"])
    srs_file, srs = strings(k)
    try:
        tables = parse(text.encode())
        columns = cells(rng, tables)
        key = ProvingKey.of(tables, srs, POINTS)
    except TablesError:
        write_columns(columns_file, columns)
        with pytest.raises(ZkapexError) as caught:
            relation_prove(tables_file, srs_file, columns_file, outer, proof_file, seed=seed)
        assert caught.value.file.endswith("tables"), caught.value
        return "refused tables"
    write_columns(columns_file, columns)
    made = relation_prove(tables_file, srs_file, columns_file, outer, proof_file, public=public_file, seed=seed)
    assert made.key == key.verifying.transcript_repr
    hidden = [name for name, committed in tables.instance.items() if committed]
    committed = [Committed(columns[name], srs.commit_lagrange(columns[name])) for name in hidden]
    assert {name: POINTS.encode(one.commitment) for name, one in zip(hidden, committed)} == dict(made.commitments)
    plain = [columns[name] for name in tables.instance if name not in hidden]
    proof, other = prove(key, committed, plain, [columns[name] for name in tables.advice], outer, ChaCha20(seed)), proof_file.read_bytes()
    assert len(proof) == len(other) == layout(key)[-1].offset + 48
    for one in (proof, other):
        proof_file.write_bytes(one)
        rust = relation_verify(tables_file, srs_file, public_file, outer, proof_file).accepted
        assert rust == accepted(key, committed, plain, outer, one)
    difference = first_difference(key, proof, other)
    if difference and difference.name.endswith(" table"):  # left-over values, in the order of a hash map
        return "same up to left-over values"
    assert difference is None, f"first difference: {difference}\n{text}"
    return "same bytes"


def accepted(key, committed, plain, outer, proof):
    try:
        verify(key.verifying, [one.commitment for one in committed], plain, outer, proof)
    except ProofRefused:
        return False
    return True

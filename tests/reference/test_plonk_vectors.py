"""The vectors of whole proofs: the verifier accepts each and refuses every twin, and the prover makes the same bytes again."""

import json
from pathlib import Path

import pytest

from reference_prover.curve import curve
from reference_prover.errors import SpecError
from reference_prover.field import parse
from reference_prover.plonk import ChaCha20, Committed, ProvingKey, VerifyingKey, first_difference, layout, prove, verify
from reference_prover.tables import read
from reference_prover.vectors.proofs import ceremony

FOLDER = Path(__file__).parents[2] / "vectors" / "proofs"
VECTORS = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json")) if not path.name.endswith(".tables.json")}
BACKENDS = ["arkworks", pytest.param("py_ecc", marks=pytest.mark.slow)]


def backend(name):
    if name == "arkworks":
        pytest.importorskip("py_arkworks_bls12381")
    return curve(name)


def columns(group):
    return {name: [parse(word) for word in text.split()] for name, text in group.items()}


def key_of(vector, points):
    tables = read(FOLDER / vector["tables"])
    return VerifyingKey.of(tables, ceremony(tables.k, points), points)


def check(key, vector):
    instance = key.circuit.tables.instance  # its order, not that of the file's names
    points = [key.curve.decode(bytes.fromhex(vector["commitments"][name]), name) for name, hidden in instance.items() if hidden]
    cells = columns(vector["plain"])
    plain = [cells[name] for name, hidden in instance.items() if not hidden]
    verify(key, points, plain, bytes.fromhex(vector["outer"]), bytes.fromhex(vector["proof"]))


def test_there_are_enough_circuits_and_twins():
    assert len(VECTORS) >= 10
    assert sum(vector["deterministic"] for vector in VECTORS.values()) >= 8
    assert {twin["error"] for vector in VECTORS.values() for twin in vector["invalid"]} == {"refused", "point"}


@pytest.mark.parametrize("name", VECTORS)
@pytest.mark.parametrize("points", BACKENDS)
def test_the_proof_is_accepted_and_its_key_recomputed(name, points):
    vector = VECTORS[name]
    key = key_of(vector, backend(points))
    assert str(key.transcript_repr) == vector["key"]
    assert set(vector["commitments"]) | set(vector["plain"]) == set(key.circuit.tables.instance)
    check(key, vector)


@pytest.mark.parametrize("name", VECTORS)
@pytest.mark.parametrize("points", BACKENDS)
def test_every_twin_is_refused_with_its_class(name, points):
    vector = VECTORS[name]
    key = key_of(vector, backend(points))
    for twin in vector["invalid"]:
        replaced = {"commitments" if part == "committed" else part: twin[part] for part in ("proof", "committed", "plain", "outer") if part in twin}
        assert len(replaced) == 1, twin["name"]
        with pytest.raises(SpecError) as caught:
            check(key, vector | replaced)
        assert caught.value.code == twin["error"], twin["name"]


@pytest.mark.parametrize("name", VECTORS)
@pytest.mark.parametrize("points", BACKENDS)
def test_the_seed_gives_the_same_bytes(name, points):
    vector = VECTORS[name]
    points = backend(points)
    tables = read(FOLDER / vector["tables"])
    key, trace = ProvingKey.of(tables, ceremony(tables.k, points), points), []
    cells = columns(vector["committed"] | vector["plain"] | vector["advice"])
    hidden = [name for name, committed in tables.instance.items() if committed]
    committed = [Committed(cells[name], points.decode(bytes.fromhex(vector["commitments"][name]), name)) for name in hidden]
    for one in committed:
        assert points.equal(one.commitment, key.verifying.srs.commit_lagrange(one.values))
    plain = [cells[name] for name in tables.instance if name not in hidden]
    proof = prove(
        key, committed, plain, [cells[name] for name in tables.advice], bytes.fromhex(vector["outer"]), ChaCha20(bytes.fromhex(vector["seed"])), trace
    )  # fmt: skip
    wanted = bytes.fromhex(vector["proof"])
    assert proof == wanted, f"first difference: {first_difference(key, proof, wanted)}"
    assert b"".join(data for _, data in trace) == proof and [field for field, _ in trace] == layout(key)


@pytest.mark.parametrize("name", VECTORS)
def test_rounds_cover_the_proof(name):
    vector, end = VECTORS[name], 0
    for one in vector["rounds"]:
        assert int(one["offset"]) == end and one["length"] in ("48", "32")
        end += int(one["length"])
    assert 2 * end == len(vector["proof"])

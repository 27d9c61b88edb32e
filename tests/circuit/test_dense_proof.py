"""Dense blocks proven: by the Rust binary and in plain Python, each verified by both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dense_data import digits_rows, plain_witness, tables

from reference_prover import srs as reference_srs
from reference_prover.curve import curve
from reference_prover.errors import ProofRefused
from reference_prover.plonk import Committed, ProvingKey, VerifyingKey, prove, verify
from zkapex_jax.circuit.cost import cost_sheet
from zkapex_jax.circuit.relations import DENSE_TOY
from zkapex_jax.errors import InputError
from zkapex_jax.prover import Prover, ensure_srs
from zkapex_jax.prover.columns import write_columns
from zkapex_jax.prover.relation import RelationProof, relation_check
from zkapex_jax.workflow.bench.dense_blocks import DenseWitness, dense_witness
from zkapex_jax.workflow.bench.dense_columns import dense_columns, free_column
from zkapex_jax.workflow.bench.dense_proving import DenseSetup, prove_dense, verify_dense



def digits_witness() -> DenseWitness:
    """As many weights of a regression on the digits as the toy holds, one in ten masked."""
    theta, rows = digits_rows()
    kept = slice(0, DENSE_TOY.capacity)
    mask = np.random.default_rng(3).random(DENSE_TOY.capacity) < 0.1
    return dense_witness(DENSE_TOY, rows[:, kept], theta[kept], mask)


WITNESS = digits_witness()


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> DenseSetup:
    folder = tmp_path_factory.mktemp("dense")
    return DenseSetup.create(folder, DENSE_TOY, ensure_srs(Prover.find(), DENSE_TOY.k, folder))


@pytest.fixture(scope="module")
def proven(setup: DenseSetup, tmp_path_factory: pytest.TempPathFactory) -> tuple[RelationProof, Path]:
    folder = tmp_path_factory.mktemp("proven")
    return prove_dense(setup, WITNESS, folder, purpose="test"), folder


def accepted(setup: DenseSetup, proven: tuple[RelationProof, Path], **other: object) -> bool:
    proof, folder = proven
    asked = {"commitments": dict(proof.commitments), "free": WITNESS.free, "purpose": "test", **other}
    return verify_dense(setup, asked["commitments"], asked["free"], folder, purpose=asked["purpose"]).accepted


def test_an_honest_proof_is_accepted_and_has_the_counted_bytes(setup: DenseSetup, proven: tuple[RelationProof, Path]) -> None:
    assert accepted(setup, proven)
    proof, folder = proven
    sheet = cost_sheet(setup.circuit)
    assert proof.bytes == (folder / "proof.bin").stat().st_size == sheet.proof_bytes
    assert sheet.message_bytes == sheet.proof_bytes + 48
    assert not (folder / "columns.safetensors").exists(), "the witness is secret"


def test_a_proof_serves_its_mask_its_commitments_and_its_purpose_only(
    setup: DenseSetup, proven: tuple[RelationProof, Path]
) -> None:
    other_mask = WITNESS.free.copy()
    other_mask[0, 0] ^= True
    swapped = dict(proven[0].commitments)
    swapped["theta_p"], swapped["theta_u"] = swapped["theta_u"], swapped["theta_p"]
    assert not accepted(setup, proven, free=other_mask)
    assert not accepted(setup, proven, commitments=swapped)
    assert not accepted(setup, proven, purpose="another")


def test_the_proof_systems_own_checker_agrees(setup: DenseSetup, tmp_path: Path) -> None:
    write_columns(tmp_path / "good", dense_columns(WITNESS))
    assert relation_check(setup.tables, tmp_path / "good") == []
    entries = plain_witness(DENSE_TOY)
    entries.curvature[1, 2, 5] = DENSE_TOY.curvature_offset
    write_columns(tmp_path / "bad", dense_columns(entries))
    assert [line.split()[:2] for line in relation_check(setup.tables, tmp_path / "bad")] == [["lookup", "dense.range.curvature.5"]]


def test_nothing_is_proven_of_integers_outside_their_window(setup: DenseSetup, tmp_path: Path) -> None:
    theta_u = WITNESS.theta_u.copy()
    theta_u[~WITNESS.free] += 1
    with pytest.raises(InputError) as caught:
        prove_dense(setup, replace(WITNESS, theta_u=theta_u), tmp_path, purpose="test")
    assert caught.value.code == "dense.range" and not list(tmp_path.iterdir())


def test_tables_are_not_overwritten(setup: DenseSetup) -> None:
    with pytest.raises(Exception, match="already exists"):
        DenseSetup.create(setup.tables.parent, DENSE_TOY, setup.srs)


def test_plain_python_accepts_the_binarys_proof(setup: DenseSetup, proven: tuple[RelationProof, Path]) -> None:
    points, result = curve(), proven[0]
    key = VerifyingKey.of(tables(DENSE_TOY), reference_srs.read(setup.srs.path, points), points)
    commitments = [points.decode(result.commitments[column.name], column.name) for column in setup.circuit.committed]
    proof, mask = (proven[1] / "proof.bin").read_bytes(), free_column(DENSE_TOY, WITNESS.free)
    verify(key, commitments, [mask], setup.outer("test"), proof)
    wrong = list(mask)
    wrong[0] ^= 1
    with pytest.raises(ProofRefused):
        verify(key, commitments, [wrong], setup.outer("test"), proof)


def test_the_binary_accepts_a_proof_of_plain_python(setup: DenseSetup, tmp_path: Path) -> None:
    """Everything but the curve is plain Python; with a plain curve too it takes a minute."""
    pytest.importorskip("py_arkworks_bls12381")
    points = curve("arkworks")
    srs = reference_srs.read(setup.srs.path, points)
    columns = dense_columns(WITNESS)
    committed = [Committed(columns[column.name], srs.commit_lagrange(columns[column.name])) for column in setup.circuit.committed]
    key, advice = ProvingKey.of(tables(DENSE_TOY), srs, points), [columns[column.name] for column in setup.circuit.advice]
    (tmp_path / "proof.bin").write_bytes(prove(key, committed, [columns["free"]], advice, setup.outer("test")))
    commitments = {column.name: points.encode(one.commitment) for column, one in zip(setup.circuit.committed, committed, strict=True)}
    assert verify_dense(setup, commitments, WITNESS.free, tmp_path, purpose="test").accepted
    assert not verify_dense(setup, commitments, np.ones_like(WITNESS.free), tmp_path, purpose="test").accepted

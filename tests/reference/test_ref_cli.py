"""The command line: exit codes, what it prints, and one sentence for each bad input."""

import json

import numpy as np
import pytest
import safetensors.numpy

import ref_enrolments
from ref_chunks import emitted, make_statement, make_witness
from reference_prover.__main__ import main
from reference_prover.enrolment import witness as enrolments
from reference_prover.statement import to_mapping
from reference_prover.vectors.tables import canonical, tiny
from reference_prover.witness import ARRAYS


@pytest.fixture
def files(tmp_path):
    """(tables, a function that writes a witness file)."""
    (tmp_path / "tables.json").write_bytes(emitted())

    def write(witness, statement, drop=(), metadata=True):
        arrays = {name: np.array(getattr(witness, name), dtype=kind) for name, kind in ARRAYS.items() if name not in drop}
        path = tmp_path / "witness.safetensors"
        safetensors.numpy.save_file(arrays, path, {"statement": json.dumps(to_mapping(statement))} if metadata else None)
        return path

    return tmp_path / "tables.json", write


def test_honest_chunk(files, capsys):
    tables, write = files
    witness = make_witness(100, 1)
    assert main(["check", str(tables), str(write(witness, make_statement(witness)))]) == 0
    assert capsys.readouterr().out == "0 violations in 250 rows of fold_kkt\n"


def test_violations_are_explained(files, capsys):
    tables, write = files
    witness = make_witness(100, 1)
    masked = witness.free.index(0)
    forged = witness.__class__(witness.theta_p, witness.theta_u[:masked] + (5,) + witness.theta_u[masked + 1 :], witness.free, witness.gradients, witness.sigma)
    assert main(["check", str(tables), str(write(forged, make_statement(witness))), "--explain"]) == 3
    shown = capsys.readouterr().out
    row = 10 + masked // 4
    assert f"fold.mask[{masked % 4}] fails at row {row} (active): residue 5\n  0 = (s=1)·theta_u.{masked % 4}=5\n" in shown


def test_exceeded_budget_is_named(files, capsys):
    tables, write = files
    witness = make_witness(100, 1)
    assert main(["check", str(tables), str(write(witness, make_statement(witness, budget=0)))]) == 3
    assert "this sum is not zero: mu^0 budget: sum f delta^2 = D - slack" in capsys.readouterr().out


def test_statement_in_its_own_file(files, tmp_path):
    tables, write = files
    witness = make_witness(50, 2)
    (tmp_path / "statement.json").write_text(json.dumps(to_mapping(make_statement(witness))))
    path = write(witness, make_statement(witness), metadata=False)
    assert main(["check", str(tables), str(path)]) == 2
    assert main(["check", str(tables), str(path), "--statement", str(tmp_path / "statement.json")]) == 0


def test_bad_inputs_say_file_and_field(files, tmp_path, capsys):
    tables, write = files
    witness = make_witness(50, 2)
    good = write(witness, make_statement(witness))
    (tmp_path / "cut").write_bytes(good.read_bytes()[:-1])
    runs = [
        ([str(tmp_path / "none"), str(good)], "none"),
        ([str(tables), str(tmp_path / "none")], "none"),
        ([str(good), str(good)], "witness.safetensors"),
        ([str(tables), str(tables)], "tables.json"),
        ([str(tables), str(tmp_path / "cut")], "cut: "),
        ([str(tables), str(good), "--statement", str(tables)], "tables.json"),
        ([str(tables), str(good), "--statement", str(tmp_path / "none")], "none"),
    ]
    for arguments, named in runs:
        assert main(["check", *arguments]) == 2
        error = capsys.readouterr().err
        assert error.startswith("error: ") and error.count("\n") == 1 and named in error
    assert main(["check", str(tables), str(write(witness, make_statement(witness), drop=["sigma"]))]) == 2
    assert "sigma: missing" in capsys.readouterr().err
    short = make_statement(make_witness(49, 2))
    assert main(["check", str(tables), str(write(witness, short))]) == 2
    assert "49 weights (got 50)" in capsys.readouterr().err


def enrolment_file(tmp_path, witness, statement):
    kinds = enrolments.ARRAYS | ({} if witness.theta_current is None else enrolments.OPTIONAL)
    arrays = {name: np.array(getattr(witness, name), dtype=kind) for name, kind in kinds.items()}
    safetensors.numpy.save_file(arrays, tmp_path / "enrolment.safetensors", {"statement": json.dumps(to_mapping(statement))})
    return str(tmp_path / "enrolment.safetensors")


@pytest.mark.parametrize("renews", [False, True])
def test_enrolments_are_checked_too(tmp_path, capsys, renews):
    (tmp_path / "enrol.json").write_bytes(emitted("toy", "enrol"))
    witness = ref_enrolments.make_witness(100, 1, renews=renews)
    good = ref_enrolments.make_statement(witness)
    assert main(["check", str(tmp_path / "enrol.json"), enrolment_file(tmp_path, witness, good)]) == 0
    assert capsys.readouterr().out == "0 violations in 250 rows of enrol\n"
    low = ref_enrolments.make_statement(witness, d0=ref_enrolments.distance(witness) - 1)
    assert main(["check", str(tmp_path / "enrol.json"), enrolment_file(tmp_path, witness, low)]) == 3
    assert "enrol.last: this sum is not zero: mu^0 distance: sum Delta^2 = D0 - slack" in capsys.readouterr().out


def test_tables_of_an_unknown_relation_are_refused(files, tmp_path, capsys):
    tables, write = files
    witness = make_witness(5, 1)
    (tmp_path / "tiny.json").write_text(canonical(tiny()))
    assert main(["check", str(tmp_path / "tiny.json"), str(write(witness, make_statement(witness)))]) == 2
    assert "the relation must be fold_kkt or enrol (got 'tiny')" in capsys.readouterr().err

"""Random circuits before all judges: checker, MockProver, and the proofs of both provers before both verifiers say the same."""

import pytest
from circuits import circuits
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from judges import Court
from tally import EFFORT, count

from reference_prover.errors import TablesError
from reference_prover.field import MODULUS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("agreement")


@settings(max_examples=15 * EFFORT)
@given(drawn=circuits())
def test_checker_and_mock_prover_list_the_same(folder, drawn):
    court = Court(folder, *drawn)
    found = {f"gate {one.gate}[{one.poly}] row {one.row}" for one in court.violations if one.gate.startswith("gate")}
    found |= {f"lookup {one.gate} row {one.row}" for one in court.violations if one.gate.startswith("lookup")}
    listed = court.mock()
    assert {line for line in listed if not line.startswith("copy")} == found
    assert any(line.startswith("copy") for line in listed) == any(one.gate == "copy" for one in court.violations)
    count(f"circuits before checker and MockProver: {'violated' if court.violations else 'satisfied'}")


@settings(max_examples=10 * EFFORT)
@given(drawn=circuits())
def test_all_judges_agree(folder, drawn):
    court = Court(folder, *drawn)
    try:
        said = court.verdicts()
    except TablesError:  # of tables that the proof system cannot prove
        count("circuits that both provers refuse")
        assert court.rust_proof() is None
        return
    assert len(set(said.values())) == 1, said
    count(f"circuits before all judges: {'accepted' if said['checker'] else 'refused'}")


@settings(max_examples=6 * EFFORT)
@given(drawn=circuits(wild=True))
def test_all_judges_agree_where_rotations_leave_the_usable_rows(folder, drawn):
    """The MockProver refuses any gate that reads a kept row with a weight, also one where the cell cancels: it may say no alone."""
    court = Court(folder, *drawn)
    try:
        said = court.verdicts()
    except TablesError:
        count("circuits that both provers refuse")
        assert court.rust_proof() is None
        return
    mock = said.pop("mock prover")
    assert len(set(said.values())) == 1, said
    assert said["checker"] or not mock
    count(f"wild circuits before all judges: {'accepted' if said['checker'] else 'refused'}")


@settings(max_examples=8 * EFFORT)
@given(drawn=circuits(), data=st.data())
def test_both_verifiers_refuse_every_spoiled_proof(folder, drawn, data):
    """Bits flipped, bytes lost or gained, pieces exchanged: no verdict but refused, and from both."""
    court = Court(folder, *drawn)
    try:
        assume(not court.violations)
        proof = court.python_proof()
    except TablesError:
        return
    for _ in range(3):
        at = data.draw(st.integers(0, len(proof) - 1))
        forged = bytearray(proof)
        match data.draw(st.sampled_from(["flip", "cut", "grow", "swap", "zeros", "ones"])):
            case "flip":
                forged[at] ^= 1 << data.draw(st.integers(0, 7))
            case "cut":
                del forged[at:]
            case "grow":
                forged += proof[: at + 1]
            case "swap":
                forged[:48], forged[-48:] = proof[-48:], proof[:48]
            case "zeros":
                forged[at : at + 32] = bytes(len(forged[at : at + 32]))
            case "ones":
                forged[at : at + 32] = b"\xff" * len(forged[at : at + 32])
        if bytes(forged) != proof:
            assert not court.python_accepts(bytes(forged)) and not court.rust_accepts(bytes(forged))
            count("spoiled proofs before both verifiers")


@settings(max_examples=4 * EFFORT)
@given(drawn=circuits())
def test_a_proof_of_other_public_cells_is_refused_by_both(folder, drawn):
    circuit, columns = drawn
    court = Court(folder, circuit, columns)
    if not court.names[1] or court.violations:
        return
    proof = court.python_proof()
    name = court.names[1][0]
    other = Court(folder, circuit, columns | {name: [(columns[name][0] + 1) % MODULUS, *columns[name][1:]]})
    assert proof and court.python_accepts(proof) and court.rust_accepts(proof)
    assert not other.python_accepts(proof) and not other.rust_accepts(proof)
    count("proofs of other public cells")

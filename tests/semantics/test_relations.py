"""Random small relations: the tables accept a witness if and only if the clauses hold for its integers, read in plain Python."""

from clauses import Clause, Masked, Member, Quadratic, Range, Same, SumOfSquares
from hypothesis import given, settings
from hypothesis import strategies as st
from relations import Relation, relations
from tally import EFFORT, count

from reference_prover.checker import check
from reference_prover.field import MODULUS


@settings(max_examples=150 * EFFORT)
@given(drawn=relations())
def test_tables_hold_iff_the_statement_does(drawn):
    relation, of = drawn
    tables = relation.tables()
    satisfied = [check(tables, relation.fill(tables, of, greedy)) == [] for greedy in (False, True)]
    assert satisfied == [relation.holds(of)] * 2
    count(f"random relations whose statement {'holds' if satisfied[0] else 'does not hold'}")


@settings(max_examples=150 * EFFORT)
@given(drawn=relations(), data=st.data())
def test_a_changed_integer_is_judged_as_the_statement_judges_it(drawn, data):
    """The same for one entry that is moved, with everything else filled anew."""
    relation, of = drawn
    tables = relation.tables()
    name, place = data.draw(st.sampled_from(sorted(of))), data.draw(st.integers(0, 5))
    of[name][place] += data.draw(st.sampled_from([1, -1, 16, -(1 << 11), 1 << 40, MODULUS // 2]))
    for greedy in (False, True):
        assert (check(tables, relation.fill(tables, of, greedy)) == []) == relation.holds(of)
    count("random relations with a moved integer")


def blamed(clause: Clause, gate: str) -> bool:
    """Whether a violated gate, lookup or copy belongs to that clause."""
    match clause:
        case Range(column):
            return gate.startswith(f"range_{column}.")
        case Masked(column):
            return gate == f"masked_{column}"
        case Quadratic():
            return gate == f"quadratic_{clause.z}"
        case SumOfSquares(column):
            return gate.startswith(f"squares_{column}.")
        case Member():
            return gate == f"member_{clause.x}"
        case Same():
            return gate == "copy"


@settings(max_examples=100 * EFFORT)
@given(drawn=relations(), greedy=st.booleans())
def test_exactly_the_clauses_that_do_not_hold_are_blamed(drawn, greedy):
    relation, of = drawn
    tables = relation.tables()
    gates = {violation.gate for violation in check(tables, relation.fill(tables, of, greedy))}
    for clause in relation.clauses:
        assert any(blamed(clause, gate) for gate in gates) == (not clause.holds(of)), (clause, gates)
    assert all(any(blamed(clause, gate) for clause in relation.clauses) for gate in gates)
    count("random relations whose violations name the clauses")


@settings(max_examples=60 * EFFORT)
@given(drawn=relations(), data=st.data())
def test_no_single_cell_turns_a_false_statement_true(drawn, data):
    """A prover who may also spoil one cell of its own columns, to any value, gains nothing for the integers that are committed.

    Only relations whose integers are all committed: else the changed cell may be an integer of the statement."""
    relation, of = drawn
    relation = Relation(dict.fromkeys(relation.committed, True), relation.clauses)
    tables = relation.tables()
    columns = relation.fill(tables, of, data.draw(st.booleans()))
    if relation.holds(of) or not tables.advice:
        return
    name, row = data.draw(st.sampled_from(tables.advice)), data.draw(st.integers(0, 8))
    columns[name][row] = data.draw(st.sampled_from([0, 1, 2, MODULUS - 1]) | st.integers(0, MODULUS - 1))
    assert check(tables, columns)
    count("false statements with one cell of the prover's choice")

"""Expressions: operators, values, degrees and queries against slow twins that share no code with them."""

from typing import Any

import galois
import pytest
from circuit_strategies import EDGES, expressions, field_elements, sample_columns
from hypothesis import given, settings
from hypothesis import strategies as st

from zkapex_jax.bounds import FIELD_MODULUS
from zkapex_jax.circuit.emit import ast
from zkapex_jax.circuit.expression import Cell, Constant, Expression, Negated, Product, Sum, cells, degree, evaluate, total
from zkapex_jax.errors import InputError

COLUMNS = sample_columns()
A, F, I0, I1 = COLUMNS
CELLS = [(column.name, rotation) for column in COLUMNS for rotation in range(-2, 3)]
ASSIGNMENTS = st.lists(field_elements(), min_size=len(CELLS), max_size=len(CELLS)).map(lambda v: dict(zip(CELLS, v, strict=True)))


def slow_value(node: dict[str, Any], values: dict[tuple[str, int], int]) -> int:
    """Exact integer of the emitted tree, reduced once at the end by the caller."""
    match node["tag"]:
        case "const":
            return node["value"]
        case "cell":
            return values[node["column"], node["rotation"]]
        case "sum":
            return sum(slow_value(term, values) for term in node["terms"])
        case "neg":
            return -slow_value(node["term"], values)
    result = 1
    for factor in node["factors"]:
        result *= slow_value(factor, values)
    return result


def value(expression: Expression, values: dict[tuple[str, int], int]) -> int:
    return evaluate(expression, lambda column, rotation: values[column.name, rotation])


@given(expressions(COLUMNS), ASSIGNMENTS)
def test_evaluation_is_exact_integer_arithmetic_mod_p(expression: Expression, values: dict) -> None:
    assert value(expression, values) == slow_value(ast(expression), values) % FIELD_MODULUS


@settings(max_examples=25)
@given(expressions(COLUMNS), ASSIGNMENTS)
def test_evaluation_agrees_with_galois(expression: Expression, values: dict) -> None:
    field = galois.GF(FIELD_MODULUS, primitive_element=7, verify=False)

    def oracle(node: dict[str, Any]) -> Any:
        match node["tag"]:
            case "const":
                return field(node["value"])
            case "cell":
                return field(values[node["column"], node["rotation"]])
            case "neg":
                return -oracle(node["term"])
        parts = [oracle(part) for part in node["terms" if node["tag"] == "sum" else "factors"]]
        result = parts[0]
        for part in parts[1:]:
            result = result + part if node["tag"] == "sum" else result * part
        return result

    assert value(expression, values) == int(oracle(ast(expression)))


def natural_degree(node: dict[str, Any]) -> list[int]:
    """Coefficients in t after every cell became t + 1 and every sign a plus: nothing cancels, so the degree is the tree's."""
    match node["tag"]:
        case "const":
            return [node["value"]]
        case "cell":
            return [1, 1]
        case "neg":
            return natural_degree(node["term"])
        case "sum":
            parts = [natural_degree(term) for term in node["terms"]]
            return [sum(part[i] for part in parts if i < len(part)) for i in range(max(map(len, parts)))]
    result = [1]
    for factor in node["factors"]:
        other = natural_degree(factor)
        result = [sum(result[i] * other[n - i] for i in range(len(result)) if 0 <= n - i < len(other))
                  for n in range(len(result) + len(other) - 1)]  # fmt: skip
    return result


@given(expressions(COLUMNS, constants=st.integers(1, 9)))
def test_degree_is_that_of_the_polynomial(expression: Expression) -> None:
    assert degree(expression) == len(natural_degree(ast(expression))) - 1


@given(expressions(COLUMNS), ASSIGNMENTS)
def test_cells_are_what_evaluation_reads_in_order(expression: Expression, values: dict) -> None:
    read: list[tuple[str, int]] = []
    evaluate(expression, lambda column, rotation: read.append((column.name, rotation)) or 0)
    assert read == [(cell.column.name, cell.rotation) for cell in cells(expression)]


def test_operators_write_flat_trees() -> None:
    a, f = A.expression(), F.expression()
    assert A + F + 3 == Sum((a, f, Constant(3)))
    assert 2 * A * F == Product((Constant(2), a, f))
    assert A - F == Sum((a, Negated(f)))
    assert 1 - A == Sum((Constant(1), Negated(a)))
    assert A.square() == Product((a, a))
    assert -A == Negated(a)
    assert A.next() == Cell(A, 1)
    assert total([A]) == a
    assert total([A, F + I0, I1]) == Sum((a, f, I0.expression(), I1.expression()))
    assert (A + F) * (A - F) == Product((Sum((a, f)), Sum((a, Negated(f)))))


def test_negative_integers_are_written_as_negations() -> None:
    assert A + -3 == Sum((A.expression(), Negated(Constant(3))))
    assert A * -(FIELD_MODULUS - 1) == Product((A.expression(), Negated(Constant(FIELD_MODULUS - 1))))


@pytest.mark.parametrize("edge", EDGES)
def test_field_elements_are_constants(edge: int) -> None:
    assert value(A * 0 + edge, {("a", 0): 5}) == edge


@pytest.mark.parametrize("bad", [FIELD_MODULUS, FIELD_MODULUS + 1, -FIELD_MODULUS, 2**256, True, 1.0, "1", None])
def test_nothing_is_reduced_silently(bad: Any) -> None:
    with pytest.raises(InputError) as caught:
        A + bad
    assert caught.value.code == "circuit.constant"


@pytest.mark.parametrize("bad", [FIELD_MODULUS, -1, 2**300, True, 0.0])
def test_cells_hold_field_elements(bad: Any) -> None:
    with pytest.raises(InputError) as caught:
        evaluate(A + F, lambda column, rotation: bad)
    assert caught.value.code == "circuit.cell"


@pytest.mark.parametrize("bad", [-9, 9, True, 1.0, "1"])
def test_rotations_are_small_integers(bad: Any) -> None:
    with pytest.raises(InputError) as caught:
        A.at(bad)
    assert caught.value.code == "circuit.rotation"


@pytest.mark.parametrize("kind", [Sum, Product])
@pytest.mark.parametrize("parts", [(), (Constant(1),), [Constant(1), Constant(2)]])
def test_sums_and_products_have_two_parts(kind: type, parts: Any) -> None:
    with pytest.raises(InputError):
        kind(parts)

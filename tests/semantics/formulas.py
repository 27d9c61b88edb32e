"""Random formulas, written once with Python's operators and read three times: as builder DSL, in galois' GF(p), in integers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import galois
from hypothesis import strategies as st

from reference_prover.field import MODULUS

#: 7 generates the multiplicative group; without it galois would factor p - 1.
FIELD = galois.GF(MODULUS, primitive_element=7, verify=False)

EDGES = [0, 1, 2, MODULUS // 2, MODULUS // 2 + 1, MODULUS - 2, MODULUS - 1]
ELEMENTS = st.sampled_from(EDGES) | st.integers(0, 9) | st.integers(0, MODULUS - 1)

#: Constants as a person writes them: small, negative, anywhere in the field.
NUMBERS = st.integers(-9, 9) | st.sampled_from([MODULUS - 1, 1 - MODULUS, 1 << 64, -(1 << 128)]) | st.integers(1 - MODULUS, MODULUS - 1)


@dataclass(frozen=True)
class Leaf:
    """The cell of a column, some rows below."""

    column: str
    rotation: int


@dataclass(frozen=True)
class Applied:
    """An operator with its arguments: formulas, or (never alone) plain integers."""

    operator: str
    arguments: tuple


OPERATORS: Mapping[str, Callable[..., Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "neg": lambda a: -a,
    "cube": lambda a: a * a * a,
}  # fmt: skip


def read(formula: Leaf | Applied | int, leaf: Callable[[Leaf], Any], number: Callable[[int], Any]) -> Any:
    """The value in whatever algebra `leaf` and `number` give."""
    match formula:
        case Leaf():
            return leaf(formula)
        case Applied(operator, arguments):
            return OPERATORS[operator](*(read(argument, leaf, number) for argument in arguments))
    return number(formula)


def formulas(columns: list[str], rotations: tuple[int, int] = (-2, 2), leaves: int = 7) -> st.SearchStrategy:
    """Trees over the cells of those columns; every operator has at least one argument that is a formula."""
    leaf = st.builds(Leaf, st.sampled_from(columns), st.integers(*rotations))

    def grow(inner: st.SearchStrategy) -> st.SearchStrategy:
        pairs = st.tuples(inner, inner) | st.tuples(NUMBERS, inner) | st.tuples(inner, NUMBERS)
        binary = st.builds(Applied, st.sampled_from("+-*"), pairs)
        return binary | st.builds(Applied, st.sampled_from(["neg", "cube"]), st.tuples(inner))

    return st.recursive(leaf, grow, max_leaves=leaves)


def element(number: int) -> Any:
    """An integer -p < n < p in GF(p)."""
    return FIELD(number % MODULUS)

"""Polynomial expressions over column cells, in the shape in which they are emitted.

Operators build them: ``q * (acc.next() - acc) - 3``. Constants are integers of the field written as they are: 0 ≤ v < p,
or an explicit negative −p < v < 0 which becomes the negation of its magnitude. Nothing is reduced silently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from zkapex_jax.bounds import FIELD_MODULUS
from zkapex_jax.errors import InputError

if TYPE_CHECKING:
    from zkapex_jax.circuit.columns import Column

Value = TypeVar("Value")


class Operand:
    """Whatever stands in a formula: an expression, or a column (its cell of the same row)."""

    __slots__ = ()

    def expression(self) -> Expression:
        raise NotImplementedError

    def __add__(self, other: Operand | int) -> Expression:
        return Sum(_flat(Sum, self, other))

    def __radd__(self, other: int) -> Expression:
        return Sum(_flat(Sum, other, self))

    def __sub__(self, other: Operand | int) -> Expression:
        return Sum(_flat(Sum, self, Negated(as_expression(other))))

    def __rsub__(self, other: int) -> Expression:
        return Sum(_flat(Sum, other, Negated(self.expression())))

    def __mul__(self, other: Operand | int) -> Expression:
        return Product(_flat(Product, self, other))

    def __rmul__(self, other: int) -> Expression:
        return Product(_flat(Product, other, self))

    def __neg__(self) -> Expression:
        return Negated(self.expression())

    def square(self) -> Expression:
        return self * self


class Expression(Operand):
    """One of Constant, Cell, Sum, Product, Negated."""

    __slots__ = ()

    def expression(self) -> Expression:
        return self

    @property
    def children(self) -> tuple[Expression, ...]:
        return ()


@dataclass(frozen=True, slots=True)
class Constant(Expression):
    """A field element 0 ≤ value < p."""

    value: int

    def __post_init__(self) -> None:
        if type(self.value) is not int or not 0 <= self.value < FIELD_MODULUS:
            raise InputError("a constant is an integer 0 ≤ v < p", code="circuit.constant", field="value", value=self.value)


@dataclass(frozen=True, slots=True)
class Cell(Expression):
    """The cell of ``column`` that lies ``rotation`` rows below the current one."""

    column: Column
    rotation: int


@dataclass(frozen=True, slots=True)
class Sum(Expression):
    terms: tuple[Expression, ...]

    def __post_init__(self) -> None:
        _at_least_two("a sum", self.terms)

    @property
    def children(self) -> tuple[Expression, ...]:
        return self.terms


@dataclass(frozen=True, slots=True)
class Product(Expression):
    factors: tuple[Expression, ...]

    def __post_init__(self) -> None:
        _at_least_two("a product", self.factors)

    @property
    def children(self) -> tuple[Expression, ...]:
        return self.factors


@dataclass(frozen=True, slots=True)
class Negated(Expression):
    term: Expression

    @property
    def children(self) -> tuple[Expression, ...]:
        return (self.term,)


class Algebra(Protocol[Value]):
    """A ring in which an expression can be read: field elements, polynomials, degrees, JSON."""

    def constant(self, value: int) -> Value: ...
    def cell(self, column: Column, rotation: int) -> Value: ...
    def sum(self, terms: list[Value]) -> Value: ...
    def product(self, factors: list[Value]) -> Value: ...
    def negated(self, term: Value) -> Value: ...


def interpret(expression: Expression, algebra: Algebra[Value]) -> Value:
    """Value of the expression, leaves and operations read in ``algebra``."""
    values = [interpret(child, algebra) for child in expression.children]
    match expression:
        case Constant(value):
            return algebra.constant(value)
        case Cell(column, rotation):
            return algebra.cell(column, rotation)
        case Sum():
            return algebra.sum(values)
        case Product():
            return algebra.product(values)
        case Negated():
            return algebra.negated(values[0])
    raise InputError("not an expression", code="circuit.expression", value=type(expression).__name__)


def as_expression(value: Operand | int) -> Expression:
    """An operand as expression; an integer −p < v < p as constant or negated constant.

    Raises:
        InputError: anything else, a bool included.
    """
    if isinstance(value, Operand):
        return value.expression()
    if type(value) is int and -FIELD_MODULUS < value < 0:
        return Negated(Constant(-value))
    return Constant(value)


def total(operands: list[Operand]) -> Expression:
    """Sum of one or more operands."""
    terms = _flat(Sum, *operands)
    return terms[0] if len(terms) == 1 else Sum(terms)


def degree(expression: Expression) -> int:
    """Degree in the cells, counted on the tree as written (so as Halo2 counts it)."""
    degrees = [degree(child) for child in expression.children]
    match expression:
        case Cell():
            return 1
        case Product():
            return sum(degrees)
    return max(degrees, default=0)


def cells(expression: Expression) -> Iterator[Cell]:
    """Every cell in reading order, repetitions included."""
    if isinstance(expression, Cell):
        yield expression
    for child in expression.children:
        yield from cells(child)


def evaluate(expression: Expression, cell: Callable[[Column, int], int]) -> int:
    """Value modulo p, given the value 0 ≤ v < p of every cell."""
    return interpret(expression, _Field(cell))


@dataclass(frozen=True)
class _Field:
    """Integers modulo p."""

    read: Callable[[Column, int], int]

    def constant(self, value: int) -> int:
        return value

    def cell(self, column: Column, rotation: int) -> int:
        value = self.read(column, rotation)
        if type(value) is not int or not 0 <= value < FIELD_MODULUS:
            raise InputError("a cell holds an integer 0 ≤ v < p", code="circuit.cell", field=column.name, value=value)
        return value

    def sum(self, terms: list[int]) -> int:
        return sum(terms) % FIELD_MODULUS

    def product(self, factors: list[int]) -> int:
        result = 1
        for factor in factors:
            result = result * factor % FIELD_MODULUS
        return result

    def negated(self, term: int) -> int:
        return -term % FIELD_MODULUS


def _flat(kind: type[Sum] | type[Product], *operands: Operand | int) -> tuple[Expression, ...]:
    """Operands as expressions; sums of sums and products of products are written in one level."""
    expressions = map(as_expression, operands)
    return tuple(part for item in expressions for part in (item.children if isinstance(item, kind) else (item,)))


def _at_least_two(what: str, parts: tuple[Expression, ...]) -> None:
    if not isinstance(parts, tuple) or len(parts) < 2:
        raise InputError(f"{what} has at least two parts", code="circuit.expression", value=parts)

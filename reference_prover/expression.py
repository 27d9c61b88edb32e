"""Constraint expressions: the tagged trees of the emitted tables, their value on a row, and how to show them.

Four readings of one tree: `evaluate` (one row, the definition), `evaluate_rows` (many rows at once, its fast twin),
`cells` (which cells it reads) and `explain` (the formula with the numbers in place).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Iterator

import numpy as np

from .field import MODULUS, to_signed


@dataclass(frozen=True)
class Const:
    """A field element."""

    value: int


@dataclass(frozen=True)
class Cell:
    """The value of `column`, `rotation` rows below the current one, counted around the domain."""

    column: str
    rotation: int

    def __str__(self) -> str:
        return self.column if self.rotation == 0 else f"{self.column}@{self.rotation:+d}"


@dataclass(frozen=True)
class Sum:
    """Two or more terms."""

    terms: tuple["Expression", ...]


@dataclass(frozen=True)
class Product:
    """Two or more factors."""

    factors: tuple["Expression", ...]


@dataclass(frozen=True)
class Neg:
    """The negative of a term."""

    term: "Expression"


Expression = Const | Cell | Sum | Product | Neg
Read = Callable[[Cell], int]


def evaluate(expression: Expression, read: Read) -> int:
    """The value mod p, given the value of each cell."""
    match expression:
        case Const(value):
            return value
        case Cell():
            return read(expression)
        case Sum(terms):
            return sum(evaluate(term, read) for term in terms) % MODULUS
        case Product(factors):
            product = 1
            for factor in factors:
                product = product * evaluate(factor, read) % MODULUS
            return product
        case Neg(term):
            return -evaluate(term, read) % MODULUS


def evaluate_rows(expression: Expression, read: Callable[[Cell], np.ndarray]) -> np.ndarray | int:
    """`evaluate` on many rows at once, reduced mod p; `read` gives object arrays of Python integers, so nothing overflows."""
    return _rows(expression, read) % MODULUS


def _rows(expression: Expression, read: Callable[[Cell], np.ndarray]) -> np.ndarray | int:
    match expression:
        case Const(value):
            return value
        case Cell():
            return read(expression)
        case Sum(terms):
            return sum((_rows(term, read) for term in terms[1:]), start=_rows(terms[0], read))
        case Product(factors):
            product = _rows(factors[0], read)
            for factor in factors[1:]:
                product = product * _rows(factor, read)
                if len(factors) > 3:  # keep numbers short where many factors meet
                    product = product % MODULUS
            return product
        case Neg(term):
            return -_rows(term, read)


def children(expression: Expression) -> tuple[Expression, ...]:
    """The direct sub-expressions, in reading order."""
    match expression:
        case Sum(terms):
            return terms
        case Product(factors):
            return factors
        case Neg(term):
            return (term,)
    return ()


def cells(expression: Expression) -> Iterator[Cell]:
    """Every cell that the expression reads, in reading order, with repetitions."""
    if isinstance(expression, Cell):
        yield expression
    for child in children(expression):
        yield from cells(child)


def degree(expression: Expression) -> int:
    """The degree in the cells."""
    match expression:
        case Const():
            return 0
        case Cell():
            return 1
        case Product(factors):
            return sum(degree(factor) for factor in factors)
    return max(degree(child) for child in children(expression))


def explain(expression: Expression, read: Read) -> str:
    """The formula with each cell's number behind its name, e.g. `(s=1 - free.2=0)·theta_u.2=17`.

    Terms of a sum that are zero are left out, so that a long sum shows only what contributes."""
    return _show(expression, read, inside_product=False)


def _show(expression: Expression, read: Read, inside_product: bool) -> str:
    match expression:
        case Const(value):
            return number(value)
        case Cell():
            return f"{expression}={number(read(expression))}"
        case Neg(term):
            return f"-{_show(term, read, inside_product=True)}"
        case Product(factors):
            return "·".join(_show(factor, read, inside_product=True) for factor in factors)
        case Sum(terms):
            kept = [term for term in terms if evaluate(term, read)]
            text = " + ".join(_show(term, read, inside_product=False) for term in kept) or "0"
            text = text.replace("+ -", "- ")
            return f"({text})" if inside_product else text


def number(value: int) -> str:
    """A field element for people: a signed integer if it is short, else the ends of its hexadecimal form."""
    signed = to_signed(value)
    if abs(signed) < 1 << 64:
        return str(signed)
    digits = f"{value:x}"
    return f"0x{digits[:6]}…{digits[-6:]}"

"""The text that the verifying key's transcript value hashes: the library's Rust `Debug` output, written here from the tables.

It pins the domain and every gate, query and lookup. That a text meant for people is hashed is the library's choice; writing it
out again, rather than taking the value from a key file, is what makes this verifier independent. The library simplifies expressions
before it shows them: it drops terms that are the constant 0 and factors that are the constant 1, and products with a 0.
"""

from __future__ import annotations

from typing import Iterable, Sequence

from ..errors import TablesError
from ..expression import Cell, Const, Expression, Neg, Product, Sum
from .circuit import Circuit
from .queries import Column, Kind, Opening
from .simplify import simplified

_NAMES = {Kind.ADVICE: "Advice", Kind.FIXED: "Fixed", Kind.INSTANCE: "Instance"}


def domain_text(circuit: Circuit) -> str:
    domain = circuit.domain
    return f"PinnedEvaluationDomain {{ k: {domain.k}, extended_k: {domain.extended_k}, omega: {_scalar(domain.omega)} }}"


def constraint_text(circuit: Circuit) -> str:
    """The constraint system. Selectors, trashcans, constants and a minimum degree are features of the library that tables do not use."""
    tables, queries = circuit.tables, circuit.queries
    parts = {
        "num_fixed_columns": len(tables.fixed),
        "num_advice_columns": len(tables.advice),
        "num_instance_columns": len(tables.instance),
        "num_selectors": 0,
        "gates": _expressions(circuit, (poly for gate in tables.gates for poly in gate.polys)),
        "advice_queries": _queries(queries.advice),
        "instance_queries": _queries(queries.instance),
        "fixed_queries": _queries(queries.fixed),
        "permutation": f"Argument {{ columns: {_list(map(_column, circuit.permuted))} }}",
        "lookups": _list(_lookup(circuit, lookup.inputs, lookup.table) for lookup in tables.lookups),
        "trashcans": "[]",
        "constants": "[]",
        "minimum_degree": "None",
    }
    return f"PinnedConstraintSystem {{ {', '.join(f'{name}: {value}' for name, value in parts.items())} }}"


def _expression(circuit: Circuit, expression: Expression) -> str:
    match expression:
        case Const(value):
            return f"Constant({_scalar(value)})"
        case Cell(name, rotation):
            column = circuit.columns[name]
            index = circuit.queries.of(column.kind).index(Opening(column, rotation))
            return f"{_NAMES[column.kind]} {{ query_index: {index}, column_index: {column.index}, rotation: Rotation({rotation}) }}"
        case Neg(term):
            return f"Negated({_expression(circuit, term)})"
        case Sum((left, right)) | Product((left, right)):
            return f"{type(expression).__name__}({_expression(circuit, left)}, {_expression(circuit, right)})"
    raise TablesError("an expression was not simplified", field="gates", value=expression)


def _expressions(circuit: Circuit, expressions: Iterable[Expression]) -> str:
    return _list(_expression(circuit, simplified(one)) for one in expressions)


def _lookup(circuit: Circuit, inputs: Sequence[Expression], table: Sequence[Expression]) -> str:
    return f"Argument {{ input_expressions: {_expressions(circuit, inputs)}, table_expressions: {_expressions(circuit, table)} }}"


def _queries(queries: Sequence[Opening]) -> str:
    return _list(f"({_column(column)}, Rotation({rotation}))" for column, rotation in queries)


def _column(column: Column) -> str:
    return f"Column {{ index: {column.index}, column_type: {_NAMES[column.kind]} }}"


def _scalar(value: int) -> str:
    return f"Fq(0x{value:064x})"


def _list(items: Iterable[str]) -> str:
    return f"[{', '.join(items)}]"

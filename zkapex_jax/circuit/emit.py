"""Emit a circuit as constraint tables: canonical JSON whose SHA-256 names the statement (docs/formats.md).

`zkapex_jax.circuit.parse` reads them back; ``emit(parse(data)) == data`` for every table that it accepts.
"""

import hashlib
import os
from typing import Any

from zkapex_jax.bounds import FIELD_MODULUS
from zkapex_jax.circuit.columns import Column
from zkapex_jax.circuit.expression import Expression, interpret
from zkapex_jax.circuit.model import Circuit, Place
from zkapex_jax.formats import atomic, canonical

FORMAT = "zkapex.tables"
VERSION = "1"

Json = dict[str, Any]


def emit(circuit: Circuit) -> bytes:
    """The tables as canonical bytes: sorted keys, no spaces, integers as decimal strings."""
    return canonical.dumps(to_json(circuit))


def digest(data: bytes) -> bytes:
    """SHA-256 of emitted tables, 32 bytes: what the transcript absorbs."""
    return hashlib.sha256(data).digest()


def write_tables(circuit: Circuit, path: str | os.PathLike[str], *, force: bool = False) -> bytes:
    """Write the tables to ``path``, completely or not at all; returns their digest.

    Raises:
        StorageError: the file exists and ``force`` is not given, or the system refuses the write.
    """
    data = emit(circuit)
    atomic.write_bytes(path, data, force=force)
    return digest(data)


def to_json(circuit: Circuit) -> Json:
    """The tables as JSON values; the field names are those of the format."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "relation": circuit.relation,
        "k": circuit.k,
        "field": FIELD_MODULUS,
        "layout": dict(circuit.layout),
        "advice": [column.name for column in circuit.advice],
        "fixed": [_fixed(circuit, column) for column in circuit.fixed],
        "instance": [{"name": column.name, "committed": column.committed} for column in circuit.instance],
        "gates": [{"id": gate.id, "polys": _asts(gate.polys)} for gate in circuit.gates],
        "lookups": [{"id": item.id, "inputs": _asts(item.inputs), "table": _asts(item.table)} for item in circuit.lookups],
        "copies": [{"left": _place(copy.left), "right": _place(copy.right)} for copy in circuit.copies],
        "regions": [{"name": region.name, "start": region.start, "rows": region.rows} for region in circuit.regions],
    }


def ast(expression: Expression) -> Json:
    """Tagged tree of one expression."""
    return interpret(expression, _Tagged())


class _Tagged:
    """JSON nodes as an algebra."""

    def constant(self, value: int) -> Json:
        return {"tag": "const", "value": value}

    def cell(self, column: Column, rotation: int) -> Json:
        return {"tag": "cell", "column": column.name, "rotation": rotation}

    def sum(self, terms: list[Json]) -> Json:
        return {"tag": "sum", "terms": terms}

    def product(self, factors: list[Json]) -> Json:
        return {"tag": "product", "factors": factors}

    def negated(self, term: Json) -> Json:
        return {"tag": "neg", "term": term}


def _asts(expressions: tuple[Expression, ...]) -> list[Json]:
    return [ast(expression) for expression in expressions]


def _fixed(circuit: Circuit, column: Column) -> Json:
    return {"name": column.name, "runs": [(run.start, run.count, run.value) for run in circuit.runs[column.name]]}


def _place(place: Place) -> Json:
    return {"column": place.column.name, "row": place.row}

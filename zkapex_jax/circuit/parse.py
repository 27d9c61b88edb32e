"""Read constraint tables back into a circuit. The bytes are hostile: whatever is not exactly what ``emit`` writes is refused.

Shape and ranges are checked here; names, rows, degrees, owners and duplicates by the builder, as for any other circuit.
"""

from collections.abc import Callable
from typing import Any

from zkapex_jax.bounds import FIELD_MODULUS
from zkapex_jax.circuit.builder import CircuitBuilder
from zkapex_jax.circuit.columns import MAX_ROTATION, Column
from zkapex_jax.circuit.emit import FORMAT, VERSION, emit
from zkapex_jax.circuit.expression import Constant, Expression, Negated, Product, Sum
from zkapex_jax.circuit.model import Circuit, LayoutValue
from zkapex_jax.errors import InputError
from zkapex_jax.formats import canonical

#: The largest tables of the presets have under 100 kB, those of dense blocks, whose copies are many, under 3 MB.
MAX_BYTES = 4 << 20

#: Layout fields that are text; ``insecure`` is a flag, ``slack_bits`` a list, all others are integers.
TEXT_FIELDS = frozenset({"preset", "srs"})

_MAX_ROW = 2**24


def parse(data: bytes) -> Circuit:
    """The circuit that those bytes describe.

    Raises:
        InputError: not canonical JSON, an unknown or missing key, a value of the wrong type or out of range (≥ p for
            constants), a duplicate or unknown column, or any misuse that the builder refuses.
    """
    tables = _object(canonical.loads(data, max_bytes=MAX_BYTES), "tables", _TABLE_KEYS)
    for field, expected in (("format", FORMAT), ("version", VERSION), ("field", str(FIELD_MODULUS))):
        if tables[field] != expected:
            raise InputError(f"must be {expected}", code="tables.kind", field=field, value=tables[field])
    circuit = _build(tables)
    if emit(circuit) != data:
        raise InputError("tables are not written the one canonical way", code="not_canonical", field="tables")
    return circuit


_TABLE_KEYS = frozenset({"format", "version", "relation", "k", "field", "layout", "advice", "fixed", "instance",
                         "gates", "lookups", "copies", "regions"})  # fmt: skip


def _build(tables: dict[str, Any]) -> Circuit:
    builder = CircuitBuilder(tables["relation"], _int(tables["k"], "k", 3, 24), _layout(tables["layout"]))
    columns = {column.name: column for column in _columns(builder, tables)}
    find = _finder(columns)
    for item in _list(tables["gates"], "gates"):
        gate = _object(item, "gates", {"id", "polys"})
        builder.gate(gate["id"], _expressions(gate["polys"], "polys", find))
    for item in _list(tables["lookups"], "lookups"):
        lookup = _object(item, "lookups", {"id", "inputs", "table"})
        sides = [_expressions(lookup[side], side, find) for side in ("inputs", "table")]
        builder.lookup(lookup["id"], *sides)
    for item in _list(tables["copies"], "copies"):
        copy = _object(item, "copies", {"left", "right"})
        builder.copy(*_place(copy["left"], find), *_place(copy["right"], find))
    for item in _list(tables["regions"], "regions"):
        region = _object(item, "regions", {"name", "start", "rows"})
        builder.region(region["name"], _row(region["start"], "start"), _row(region["rows"], "rows"))
    return builder.build()


def _columns(builder: CircuitBuilder, tables: dict[str, Any]) -> list[Column]:
    columns = [builder.advice(name) for name in _list(tables["advice"], "advice")]
    for item in _list(tables["fixed"], "fixed"):
        entry = _object(item, "fixed", {"name", "runs"})
        columns.append(builder.fixed(entry["name"]))
        for run in _list(entry["runs"], "runs"):
            _run(builder, columns[-1], run)
    for item in _list(tables["instance"], "instance"):
        entry = _object(item, "instance", {"name", "committed"})
        if not isinstance(entry["committed"], bool):
            raise _wrong("committed", entry["committed"], "must be true or false")
        columns.append(builder.instance(entry["name"], committed=entry["committed"]))
    return columns


def _run(builder: CircuitBuilder, column: Column, run: Any) -> None:
    if len(_list(run, "runs")) != 3:
        raise _wrong("runs", run, "a run is start, count and value")
    value = _int(run[2], "value", 1, FIELD_MODULUS - 1)
    builder.run(column, _row(run[0], "start"), _row(run[1], "count"), value)


def _layout(value: Any) -> dict[str, LayoutValue]:
    if not isinstance(value, dict):
        raise _wrong("layout", value, "must be an object")
    return {key: _layout_value(key, item) for key, item in value.items()}


def _layout_value(key: str, item: Any) -> LayoutValue:
    if isinstance(item, bool):
        return item
    if key in TEXT_FIELDS and isinstance(item, str) and item.isprintable() and len(item) <= 64:
        return item
    if isinstance(item, list):
        return tuple(_row(part, f"layout.{key}") for part in item)
    return _row(item, f"layout.{key}")


def _expressions(value: Any, field: str, find: Callable[[Any], Column]) -> list[Expression]:
    return [_expression(item, find) for item in _list(value, field)]


def _expression(value: Any, find: Callable[[Any], Column]) -> Expression:
    tag = value.get("tag") if isinstance(value, dict) else None
    match tag:
        case "const":
            return Constant(_int(_object(value, tag, {"tag", "value"})["value"], "value", 0, FIELD_MODULUS - 1))
        case "cell":
            node = _object(value, tag, {"tag", "column", "rotation"})
            return find(node["column"]).at(_int(node["rotation"], "rotation", -MAX_ROTATION, MAX_ROTATION))
        case "sum":
            return Sum(tuple(_expressions(_object(value, tag, {"tag", "terms"})["terms"], "terms", find)))
        case "product":
            return Product(tuple(_expressions(_object(value, tag, {"tag", "factors"})["factors"], "factors", find)))
        case "neg":
            return Negated(_expression(_object(value, tag, {"tag", "term"})["term"], find))
    raise _wrong("tag", tag, "must be const, cell, sum, product or neg")


def _place(value: Any, find: Callable[[Any], Column]) -> tuple[Column, int]:
    place = _object(value, "copies", {"column", "row"})
    return find(place["column"]), _row(place["row"], "row")


def _finder(columns: dict[str, Column]) -> Callable[[Any], Column]:
    def find(name: Any) -> Column:
        if not isinstance(name, str) or name not in columns:
            raise _wrong("column", name, "there is no column of that name")
        return columns[name]

    return find


def _object(value: Any, field: str, keys: frozenset[str] | set[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(field, value, "must be an object")
    for key in sorted(keys ^ value.keys()):
        raise _wrong(f"{field}.{key}", None, "is missing" if key in keys else "is not a key of the format")
    return value


def _list(value: Any, field: str) -> list[Any]:
    if not isinstance(value, list):
        raise _wrong(field, value, "must be a list")
    return value


def _int(value: Any, field: str, low: int, high: int) -> int:
    return canonical.parse_int(value, low=low, high=high, field=field)


def _row(value: Any, field: str) -> int:
    return _int(value, field, 0, _MAX_ROW)


def _wrong(field: str, value: object, message: str) -> InputError:
    return InputError(message, code="tables.value", field=field, value=value)

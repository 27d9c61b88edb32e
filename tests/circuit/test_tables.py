"""Tables: what is emitted is read back to the same bytes, and nothing else is read."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from circuit_strategies import circuits
from hypothesis import given, settings
from hypothesis import strategies as st

from zkapex_jax.bounds import FIELD_MODULUS
from zkapex_jax.circuit import RELATIONS, Circuit, build, build_fold_kkt, digest, emit, parse, write_tables
from zkapex_jax.circuit.parse import MAX_BYTES
from zkapex_jax.errors import InputError, StorageError
from zkapex_jax.presets import PRESETS, TOY

GOOD = emit(build_fold_kkt(TOY))
P = FIELD_MODULUS


@given(circuits())
def test_parse_undoes_emit(circuit: Circuit) -> None:
    data = emit(circuit)
    again = parse(data)
    assert emit(again) == data
    assert (again.degree, again.unusable, len(again.queries)) == (circuit.degree, circuit.unusable, len(circuit.queries))
    assert dict(again.layout) == dict(circuit.layout)
    assert dict(again.runs) == dict(circuit.runs)


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("name", PRESETS)
def test_presets_emit_the_same_bytes_each_time(name: str, relation: str) -> None:
    data = emit(build(relation, PRESETS[name]))
    assert data == emit(build(relation, PRESETS[name])) == emit(parse(data))


def test_no_two_presets_or_relations_have_one_digest() -> None:
    digests = {digest(emit(build(relation, preset))) for relation in RELATIONS for preset in PRESETS.values()}
    assert len(digests) == len(PRESETS) * len(RELATIONS)


def test_an_unknown_relation_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        build("fold", TOY)
    assert caught.value.field == "relation"


def test_tables_are_written_once(tmp_path: Path) -> None:
    path = tmp_path / "tables.json"
    assert write_tables(build_fold_kkt(TOY), path) == digest(path.read_bytes()) == digest(GOOD)
    with pytest.raises(StorageError):
        write_tables(build_fold_kkt(TOY), path)


def canonical(tables: Any) -> bytes:
    return json.dumps(tables, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def put(*path_and_value: Any) -> Callable[[Any], None]:
    """A change of one place of the tables."""
    *path, last, value = path_and_value

    def change(tables: Any) -> None:
        for key in path:
            tables = tables[key]
        tables[last] = value

    return change


def drop(*path: Any) -> Callable[[Any], None]:
    *path, last = path

    def change(tables: Any) -> None:
        for key in path:
            tables = tables[key]
        del tables[last]

    return change


def add(*path_and_value: Any) -> Callable[[Any], None]:
    *path, value = path_and_value

    def change(tables: Any) -> None:
        for key in path:
            tables = tables[key]
        tables.append(value)

    return change


STEP = ("gates", 1, "polys", 0)
ACC = {"tag": "cell", "column": "acc", "rotation": "0"}
NUMBER = "must be an integer written as a decimal string"
RANGE = "must be between"

BAD: list[tuple[str, Callable, str]] = [
    ("unknown key", put("extra", "1"), "is not a key of the format"),
    ("missing key", drop("copies"), "is missing"),
    ("another format", put("format", "zkapex.proof"), "must be zkapex.tables"),
    ("another version", put("version", "2"), "must be 1"),
    ("another field", put("field", str(P + 2)), f"must be {P}"),
    ("k as number with sign", put("k", "+8"), NUMBER),
    ("k with a leading zero", put("k", "08"), NUMBER),
    ("k below", put("k", "2"), RANGE),
    ("k above", put("k", "25"), RANGE),
    ("k that leaves no rows", put("k", "7"), "from 1 to 112"),
    ("relation of another type", put("relation", ["fold_kkt"]), "lower case words"),
    ("layout as a list", put("layout", []), "must be an object"),
    ("layout with an object", put("layout", "rows", {}), NUMBER),
    ("layout with a float", put("layout", "rows", "1.5"), NUMBER),
    ("layout with a huge integer", put("layout", "rows", "1" * 100), RANGE),
    ("layout with an endless integer", put("layout", "rows", "1" * 10_000), NUMBER),
    ("layout with long text", put("layout", "preset", "x" * 65), NUMBER),
    ("advice is an object", put("advice", {}), "must be a list"),
    ("advice twice", add("advice", "acc"), "there is a column of that name"),
    ("fixed has an advice's name", put("fixed", 0, "name", "acc"), "there is a column of that name"),
    ("instance twice", put("instance", 1, "name", "theta_p.0"), "there is a column of that name"),
    ("instance with a bad name", put("instance", 0, "name", "Theta"), "a column's name"),
    ("instance with a number for a name", put("instance", 0, "name", True), "a column's name"),
    ("committed as text", put("instance", 0, "committed", "true"), "must be true or false"),
    ("committed after plain", put("instance", 0, "committed", False), "committed instance columns come before"),
    ("instance without committed", drop("instance", 0, "committed"), "is missing"),
    ("run of two", put("fixed", 0, "runs", 0, ["1", "2"]), "a run is start, count and value"),
    ("run as an object", put("fixed", 0, "runs", 0, {}), "must be a list"),
    ("run of value zero", put("fixed", 0, "runs", 0, 2, "0"), RANGE),
    ("run of value p", put("fixed", 0, "runs", 0, 2, str(P)), RANGE),
    ("run of a negative value", put("fixed", 0, "runs", 0, 2, "-1"), RANGE),
    ("run of no cells", put("fixed", 0, "runs", 0, 1, "0"), "must be an integer from 1"),
    ("run past the end", put("fixed", 0, "runs", 0, 1, "241"), "must be an integer from 1 to 240"),
    ("runs that overlap", add("fixed", 0, "runs", ["233", "2", "1"]), "are written twice"),
    ("runs that should be one", add("fixed", 0, "runs", ["234", "1", "1"]), "one canonical way"),
    ("runs out of order", put("fixed", 0, "runs", [["20", "1", "1"], ["10", "1", "1"]]), "one canonical way"),
    ("gate twice", put("gates", 1, "id", "fold.mask"), "there is a gate or lookup of that ID"),
    ("gate with a bad ID", put("gates", 1, "id", "fold step"), "lower case words"),
    ("gate without polynomials", put("gates", 1, "polys", []), "at least one polynomial"),
    ("unknown tag", put(*STEP, "tag", "power"), "must be const, cell, sum, product or neg"),
    ("tag of another type", put(*STEP, "tag", ["sum"]), "must be const, cell, sum, product or neg"),
    ("node as text", put(*STEP, "acc"), "must be const, cell, sum, product or neg"),
    ("node with an extra key", put(*STEP, "weight", "1"), "is not a key of the format"),
    ("sum of one", put(*STEP, {"tag": "sum", "terms": [ACC]}), "at least two parts"),
    ("product of none", put(*STEP, {"tag": "product", "factors": []}), "at least two parts"),
    ("constant p", put(*STEP, {"tag": "sum", "terms": [ACC, {"tag": "const", "value": str(P)}]}), RANGE),
    ("negative constant", put(*STEP, {"tag": "sum", "terms": [ACC, {"tag": "const", "value": "-1"}]}), RANGE),
    ("only constants", put(*STEP, {"tag": "const", "value": "1"}), "mentions at least one cell"),
    ("unknown column", put(*STEP, {**ACC, "column": "acc2"}), "there is no column of that name"),
    ("column as a list", put(*STEP, {**ACC, "column": ["acc"]}), "there is no column of that name"),
    ("far rotation", put(*STEP, {**ACC, "rotation": "9"}), RANGE),
    ("rotation minus zero", put(*STEP, {**ACC, "rotation": "-0"}), NUMBER),
    ("degree over the limit", put(*STEP, {"tag": "product", "factors": [ACC] * 10}), "over the degree limit"),
    ("lookup of unequal sides", add("lookups", {"id": "x", "inputs": [ACC], "table": []}), "as many inputs"),
    ("lookup without a table", add("lookups", {"id": "x", "inputs": [ACC]}), "is missing"),
    ("copy to nowhere", add("copies", {"left": {"column": "acc", "row": "0"}, "right": {"column": "x", "row": "0"}}), "no column"),
    ("copy past the rows",
     add("copies", {"left": {"column": "acc", "row": "250"}, "right": {"column": "s", "row": "0"}}), "from 0 to 249"),
    ("copy to itself",
     add("copies", {"left": {"column": "acc", "row": "1"}, "right": {"column": "acc", "row": "1"}}), "joins two cells"),
    ("region past the rows", put("regions", 2, "rows", "17"), "from 1 to 16"),
    ("regions that overlap", put("regions", 0, "rows", "11"), "distinct names and rows"),
    ("a JSON number", put("k", 8), "numbers as decimal strings"),
    ("a float", put("k", 8.5), "numbers as decimal strings"),
    ("null", put("copies", None), "NoneType"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "message"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_bad_tables_are_refused(change: Callable, message: str) -> None:
    tables = json.loads(GOOD)
    change(tables)
    with pytest.raises(InputError) as caught:
        parse(canonical(tables))
    assert message in str(caught.value)


def test_the_region_check_uses_the_exact_limit() -> None:
    """The change of a bad table would pass one row earlier: the tables above fail for the reason they name."""
    tables = json.loads(GOOD)
    tables["regions"][2]["rows"] = "15"
    tables["fixed"][0]["runs"][0][1] = "223"
    parse(canonical(tables))


BAD_BYTES = {
    "empty": b"",
    "trailing newline": GOOD + b"\n",
    "trailing object": GOOD + b"{}",
    "cut short": GOOD[:-1],
    "byte order mark": b"\xef\xbb\xbf" + GOOD,
    "not UTF-8": GOOD.replace(b"acc", b"\xff\xfe\xfd", 1),
    "a space": GOOD.replace(b",", b", ", 1),
    "unsorted keys": b'{"version":"1",' + GOOD[1:].replace(b',"version":"1"', b""),
    "a key twice": GOOD.replace(b'{"advice"', b'{"advice":["x"],"advice"', 1),
    "an escape": GOOD.replace(b"acc", b"\\u0061cc", 1),
    "infinity": GOOD.replace(b'"k":"8"', b'"k":Infinity'),
    "an exponent": GOOD.replace(b'"k":"8"', b'"k":8e0'),
    "an endless number": GOOD.replace(b'"k":"8"', b'"k":' + b"1" * 10_000),
    "deep nesting": b"[" * 100_000,
    "deep tables": GOOD.replace(b'"lookups":[]', b'"lookups":' + b"[" * 100 + b"]" * 100),
    "a list": b"[]",
    "text": b'"zkapex.tables"',
    "too long": b'"' + b"x" * (5 << 20) + b'"',
}  # fmt: skip


@pytest.mark.parametrize("data", BAD_BYTES.values(), ids=BAD_BYTES)
def test_bytes_that_are_not_tables_are_refused(data: bytes) -> None:
    assert data != GOOD
    with pytest.raises(InputError):
        parse(data)


def many(what: str) -> bytes:
    """Tables of nearly the largest size: tens of thousands of parts of one sort."""
    tables = json.loads(GOOD)
    parts = {"instance": lambda i: {"name": f"x{i}", "committed": False}, "regions": lambda i: {"name": f"r{i}", "start": "0", "rows": "1"},
             "gates": lambda i: {"id": f"g{i}", "polys": [ACC]}}  # fmt: skip
    if what == "runs":
        tables["k"] = "17"
        tables["fixed"][0]["runs"] = [[str(2 * i), "1", "1"] for i in range(60_000)]
    else:
        tables[what] += [parts[what](i) for i in range(30_000)]
    return canonical(tables)


@pytest.mark.parametrize("what", ["instance", "regions", "gates", "runs"])
def test_large_tables_cost_little(what: str) -> None:
    """Reading is linear in the bytes (seconds would be hours if it were not)."""
    data = many(what)
    assert len(data) < MAX_BYTES
    start = time.process_time()
    try:
        assert emit(parse(data)) == data
    except InputError:
        assert what in ("instance", "regions")
    assert time.process_time() - start < 20


@settings(max_examples=200)
@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=0, max_size=3))
def test_any_change_of_bytes_is_refused_or_is_other_tables(place: int, patch: bytes) -> None:
    data = GOOD[:place] + patch + GOOD[place + 1 :]
    try:
        circuit = parse(data)
    except InputError:
        return
    assert emit(circuit) == data

"""Vectors of the constraint tables: digests and facts of the emitted files, a tiny hand-made table, malformed twins.

The emitted files `*.tables.json` in the folder are inputs, copied from the emitter; a test compares them with it.
"""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any, Callable

from ..errors import SpecError, TablesError
from ..expression import degree
from ..field import MODULUS
from ..tables import MAX_DEPTH, Tables, parse, read

Json = dict[str, Any]


def cases(folder: Path) -> dict[str, Any]:
    """File name -> content."""
    return {"digests.json": digests(folder), "tiny.json": tiny_case(), "invalid.json": invalid()}


def digests(folder: Path) -> Json:
    """File -> digest and what a reader should count in it."""
    return {path.name: facts(read(path)) for path in sorted(folder.glob("*.tables.json"))}


def facts(tables: Tables) -> Json:
    """Digest, sizes and degrees."""
    return {
        "digest": tables.digest.hex(),
        "relation": tables.relation,
        "k": str(tables.k),
        "unusable": str(tables.unusable),
        "columns": {"advice": str(len(tables.advice)), "fixed": str(len(tables.fixed)), "instance": str(len(tables.instance))},
        "committed": str(sum(tables.instance.values())),
        "polys": {gate.id: [str(degree(poly)) for poly in gate.polys] for gate in tables.gates},
    }


def canonical(data: Json) -> str:
    """The canonical text of tables."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def cell(column: str, rotation: int = 0) -> Json:
    return {"tag": "cell", "column": column, "rotation": str(rotation)}


def place(column: str, row: int) -> Json:
    return {"column": column, "row": str(row)}


def tiny() -> Json:
    """a' = a b + 3 on rows 0 to 3, s b in the table 0, 1, 2, 5; x and z copy the first and the last a."""
    negative = lambda term: {"tag": "neg", "term": term}
    product = {"tag": "product", "factors": [cell("a"), cell("b")]}
    body = {"tag": "sum", "terms": [cell("a", 1), negative(product), negative({"tag": "const", "value": "3"})]}
    return {
        "format": "zkapex.tables",
        "version": "1",
        "relation": "tiny",
        "k": "4",
        "field": str(MODULUS),
        "layout": {},
        "advice": ["a", "b"],
        "fixed": [{"name": "s", "runs": [["0", "4", "1"]]}, {"name": "t", "runs": [["0", "1", "1"], ["1", "1", "2"], ["2", "2", "5"]]}],
        "instance": [{"name": "x", "committed": True}, {"name": "z", "committed": False}],
        "gates": [{"id": "tiny.step", "polys": [{"tag": "product", "factors": [cell("s"), body]}]}],
        "lookups": [{"id": "tiny.range", "inputs": [{"tag": "product", "factors": [cell("s"), cell("b")]}], "table": [cell("t")]}],
        "copies": [{"left": place("a", 0), "right": place("x", 0)}, {"left": place("a", 4), "right": place("z", 0)}],
        "regions": [{"name": "steps", "start": "0", "rows": "5"}],
    }


def tiny_case() -> Json:
    """The tiny tables as text, their facts, and columns that satisfy them."""
    text = canonical(tiny())
    a, b = [4], [1, 2, 5, 2]
    for factor in b:
        a.append(a[-1] * factor + 3)
    columns = {"a": a, "b": b, "x": a[:1], "z": a[-1:]}
    padded = {name: " ".join(map(str, values + [0] * (16 - len(values)))) for name, values in columns.items()}
    return {"tables": text, "facts": facts(parse(text.encode())), "columns": padded}


def invalid() -> list[Json]:
    """Malformed twins of the tiny tables: text, and the field that a reader should name."""
    return [_refused(name, text) for name, text in [*_edited().items(), *_mangled().items()]]


def _refused(name: str, text: str) -> Json:
    try:
        parse(text.encode())
    except TablesError as error:
        return {"name": name, "tables": text, "field": error.field}
    raise SpecError("a malformed twin was accepted", field=name)


def _edited() -> dict[str, str]:
    result = {}
    for name, edit in EDITS.items():
        data = deepcopy(tiny())
        edit(data)
        result[name] = canonical(data)
    return result


def _mangled() -> dict[str, str]:
    text = canonical(tiny())
    return {
        "empty": "",
        "truncated": text[:-1],
        "trailing_line_feed": text + "\n",
        "blank_after_colon": text.replace(":", ": ", 1),
        "unsorted": canonical({"version": "1"})[:-1] + "," + text[1:].replace(',"version":"1"', "", 1),
        "doubled_key": text.replace('"k":"4"', '"k":"4","k":"4"'),
        "bare_number": text.replace('"k":"4"', '"k":4'),
        "float": text.replace('"k":"4"', '"k":4.0'),
        "not_a_number": text.replace('"k":"4"', '"k":NaN'),
        "needless_escape": text.replace('"tiny"', '"\\u0074iny"'),
        "list_at_top": "[]",
    }


def _factors(data: Json) -> list[Json]:
    return data["gates"][0]["polys"][0]["factors"]


def _nest(data: Json) -> None:
    for _ in range(MAX_DEPTH + 1):
        data["gates"][0]["polys"][0] = {"tag": "neg", "term": data["gates"][0]["polys"][0]}


EDITS: dict[str, Callable[[Json], Any]] = {
    "wrong_format": lambda d: d.update(format="zkapex.table"),
    "wrong_version": lambda d: d.update(version="2"),
    "wrong_field": lambda d: d.update(field=str(MODULUS - 2)),
    "missing_copies": lambda d: d.pop("copies"),
    "extra_field": lambda d: d.update(note="x"),
    "k_33": lambda d: d.update(k="33"),
    "k_leading_zero": lambda d: d.update(k="04"),
    "k_negative": lambda d: d.update(k="-4"),
    "k_leaves_no_rows": lambda d: d.update(k="2"),
    "column_twice": lambda d: d["advice"].append("s"),
    "column_name_bad": lambda d: d["advice"].append("A b"),
    "plain_before_committed": lambda d: d["instance"].reverse(),
    "committed_is_text": lambda d: d["instance"][0].update(committed="true"),
    "constant_p": lambda d: _factors(d).append({"tag": "const", "value": str(MODULUS)}),
    "constant_negative": lambda d: _factors(d).append({"tag": "const", "value": "-1"}),
    "unknown_column": lambda d: _factors(d).append(cell("w")),
    "rotation_9": lambda d: _factors(d).append(cell("a", 9)),
    "unknown_tag": lambda d: _factors(d).append({"tag": "power", "base": cell("a")}),
    "product_of_one": lambda d: _factors(d).pop(),
    "expression_null": lambda d: _factors(d).append(None),
    "nested_too_deep": _nest,
    "gate_without_polys": lambda d: d["gates"][0].update(polys=[]),
    "gate_twice": lambda d: d["gates"].append(d["gates"][0]),
    "lookup_uneven": lambda d: d["lookups"][0]["table"].append(cell("s")),
    "run_zero_value": lambda d: d["fixed"][0]["runs"][0].__setitem__(2, "0"),
    "run_value_p": lambda d: d["fixed"][0]["runs"][0].__setitem__(2, str(MODULUS)),
    "run_zero_count": lambda d: d["fixed"][0]["runs"][0].__setitem__(1, "0"),
    "run_overlaps": lambda d: d["fixed"][1]["runs"][1].__setitem__(0, "0"),
    "run_into_unusable": lambda d: d["fixed"][0]["runs"][0].__setitem__(1, "11"),
    "run_of_two": lambda d: d["fixed"][0]["runs"][0].pop(),
    "relation_upper_case": lambda d: d.update(relation="Tiny"),
    "k_21": lambda d: d.update(k="21"),
    "no_columns": lambda d: d.update(advice=[], fixed=[], instance=[], gates=[], lookups=[], copies=[]),
    "layout_nested": lambda d: d["layout"].update(sizes={"rows": "3"}),
    "layout_list_of_words": lambda d: d["layout"].update(sizes=["three"]),
    "layout_count_too_large": lambda d: d["layout"].update(rows=str((1 << 24) + 1)),
    "gate_id_with_blank": lambda d: d["gates"][0].update(id="tiny step"),
    "gate_without_cell": lambda d: d["gates"][0]["polys"].append({"tag": "const", "value": "0"}),
    "lookup_table_without_cell": lambda d: d["lookups"][0].update(table=[{"tag": "const", "value": "0"}]),
    "region_twice": lambda d: d["regions"].append(d["regions"][0]),
    "region_of_no_rows": lambda d: d["regions"][0].update(rows="0"),
    "region_into_unusable": lambda d: d["regions"][0].update(rows="11"),
    "copy_unknown_column": lambda d: d["copies"][0]["left"].update(column="w"),
    "copy_column_is_a_list": lambda d: d["copies"][0]["left"].update(column=["a"]),
    "copy_of_itself": lambda d: d["copies"][0].update(right=d["copies"][0]["left"]),
    "copy_unusable_row": lambda d: d["copies"][0]["left"].update(row="10"),
    "region_past_end": lambda d: d["regions"][0].update(rows="17"),
    "fixed_columns_of_gigabytes": lambda d: d.update(k="20", fixed=d["fixed"] + [{"name": f"f.{i}", "runs": []} for i in range(16)]),
}

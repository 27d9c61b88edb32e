"""A relation of three columns: a = x·y on the first rows, x committed, y plain, and y looked up in 0 … 7."""

from __future__ import annotations

import json
from pathlib import Path

from zkapex_jax.bounds import FIELD_MODULUS

ROWS = 7
X = [3, 0, FIELD_MODULUS - 1, 11, 2, 1, 9]
#: Every value of the table, so that the lookup leaves only zeros over and the proof's bytes follow from its seed.
Y = [1, 2, 7, 4, 5, 3, 6]
OUTER = bytes(range(64))
SEED = bytes(range(32))


def cell(column: str) -> dict[str, object]:
    return {"tag": "cell", "column": column, "rotation": "0"}


def tables(folder: Path) -> Path:
    """Write the tables and return their path."""
    product = {"tag": "product", "factors": [cell("x"), cell("y")]}
    difference = {"tag": "sum", "terms": [cell("a"), {"tag": "neg", "term": product}]}
    value = {
        "format": "zkapex.tables", "version": "1", "relation": "sample", "k": "4", "field": str(FIELD_MODULUS),
        "layout": {"preset": "sample"}, "advice": ["a"],
        "fixed": [{"name": "q", "runs": [["0", str(ROWS), "1"]]},
                  {"name": "t", "runs": [[str(row), "1", str(row)] for row in range(1, 8)]}],
        "instance": [{"name": "x", "committed": True}, {"name": "y", "committed": False}],
        "gates": [{"id": "sample.product", "polys": [{"tag": "product", "factors": [cell("q"), difference]}]}],
        "lookups": [{"id": "sample.range", "inputs": [cell("y")], "table": [cell("t")]}],
        "copies": [{"left": {"column": "a", "row": "1"}, "right": {"column": "t", "row": "0"}}],
        "regions": [{"name": "all", "start": "0", "rows": str(ROWS)}],
    }  # fmt: skip
    path = folder / "sample.tables.json"
    path.write_text(json.dumps(value, sort_keys=True, separators=(",", ":")))
    return path


def columns() -> dict[str, list[int]]:
    """Columns that satisfy the tables."""
    return {"x": list(X), "y": list(Y), "a": [x * y % FIELD_MODULUS for x, y in zip(X, Y, strict=True)]}

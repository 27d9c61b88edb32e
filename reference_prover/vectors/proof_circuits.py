"""Small circuits that between them use every feature of the tables, each with columns that satisfy it.

A gate must vanish on *all* 2^k rows, the unusable ones with their random advice included: each one that reads advice is therefore
multiplied by a fixed column that is zero there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable

from ..field import MODULUS
from .tables import canonical, cell, place
from .writing import Stream

Json = dict[str, Any]
Columns = dict[str, list[int]]


@dataclass(frozen=True)
class Sample:
    """A circuit: tables as canonical text, columns by name, and why it is there."""

    name: str
    why: str
    tables: str
    columns: Columns


def samples() -> list[Sample]:
    """All of them; the same in every run."""
    return [make() for make in SAMPLES]


def _sum(*terms: Json) -> Json:
    return {"tag": "sum", "terms": list(terms)}


def _product(*factors: Json) -> Json:
    return {"tag": "product", "factors": list(factors)}


def _minus(term: Json) -> Json:
    return {"tag": "neg", "term": term}


def _const(value: int) -> Json:
    return {"tag": "const", "value": str(value % MODULUS)}


def _fixed(name: str, *runs: tuple[int, int, int]) -> Json:
    return {"name": name, "runs": [[str(start), str(count), str(value % MODULUS)] for start, count, value in runs]}


def _copies(*pairs: tuple[tuple[str, int], tuple[str, int]]) -> list[Json]:
    return [{"left": place(*left), "right": place(*right)} for left, right in pairs]


def _gate(name: str, *polys: Json) -> Json:
    return {"id": name, "polys": list(polys)}


def _lookup(name: str, *pairs: tuple[Json, Json]) -> Json:
    return {"id": name, "inputs": [one for one, _ in pairs], "table": [two for _, two in pairs]}


def _tables(name: str, k: int, **parts: Any) -> str:
    """Tables with these parts; `committed` and `plain` name the instance columns."""
    instance = [{"name": one, "committed": True} for one in parts.pop("committed", ())]
    instance += [{"name": one, "committed": False} for one in parts.pop("plain", ())]
    base = {"format": "zkapex.tables", "version": "1", "relation": f"vector.{name}", "field": str(MODULUS), "layout": {}}
    empty: Json = {"advice": [], "fixed": [], "gates": [], "lookups": [], "copies": [], "regions": []}
    return canonical(base | empty | {"k": str(k), "instance": instance} | parts)


def steps() -> Sample:
    """a' = a + x p up, read again from below; start and end are copied."""
    stream, count = Stream("proofs/steps"), 12
    up = _sum(cell("a", 1), _minus(cell("a")), _minus(_product(cell("x"), cell("p"))))
    down = _sum(cell("a"), _minus(cell("a", -1)), _minus(_product(cell("x", -1), cell("p", -1))))
    text = _tables(
        "steps", 5, advice=["a", "b"], committed=["x"], plain=["p"],
        fixed=[_fixed("q", (0, count, 1)), _fixed("q_down", (1, count, 1)), _fixed("start", (0, 1, 7))],
        gates=[
            _gate("steps.up", _product(cell("q"), up)),
            _gate("steps.down", _product(cell("q_down"), down), _product(cell("q"), _sum(_product(_const(2), cell("b")), _minus(cell("a")), _minus(cell("a"))))),
        ],
        copies=_copies((("a", 0), ("start", 0)), (("b", count), ("p", 20)), (("x", 2), ("x", 15))),
    )  # fmt: skip
    x, p, a = [stream.below(MODULUS) for _ in range(16)], [stream.below(MODULUS) for _ in range(21)], [7]
    x[15] = x[2]
    for index in range(count):
        a.append((a[-1] + x[index] * p[index]) % MODULUS)
    p[20] = a[-1]
    why = "rotations both ways, committed and plain instance, copies over all kinds of columns in five permutation products"
    return Sample("steps", why, text, {"a": a, "b": list(a), "x": x, "p": p})


def ranges() -> Sample:
    """b in [0, 8) by one lookup; every value is used, so that only zeros are left over."""
    stream = Stream("proofs/ranges")
    text = _tables(
        "ranges", 5, advice=["b"], committed=["x"], fixed=[_fixed("t", *((value, 1, value) for value in range(1, 8))), _fixed("q", (0, 12, 1))],
        gates=[_gate("ranges.same", _product(cell("q"), _sum(cell("b"), _minus(cell("x")))))],
        lookups=[_lookup("ranges.range", (cell("b"), cell("t")))],
    )  # fmt: skip
    values = [*range(8), *(stream.below(8) for _ in range(4))]
    return Sample("ranges", "one lookup whose table is used up", text, {"b": values[::-1], "x": values[::-1]})


def pairs() -> Sample:
    """(u, v) in a table of squares and (q w u, w') in another: two lookups of two columns, one side of degree 2."""
    text = _tables(
        "pairs", 5, advice=["u", "v", "w"], plain=["p"],
        fixed=[_fixed("n", *((row, 1, row) for row in range(1, 6))), _fixed("sq", *((row, 1, row * row) for row in range(1, 6))), _fixed("q", (3, 5, 1))],
        gates=[_gate("pairs.next", _product(cell("q"), _sum(cell("w", 1), _minus(_product(cell("w"), cell("u"))), _minus(cell("p", -2)))))],
        lookups=[
            _lookup("pairs.square", (cell("u"), cell("n")), (cell("v"), cell("sq"))),
            _lookup("pairs.root", (_product(cell("q", 1), cell("v", 1)), cell("sq")), (_product(cell("q", 1), cell("u", 1)), cell("n"))),
        ],
    )  # fmt: skip
    u, p, w = [0, 1, 2, 1, 2, 3, 4, 5, 2], [5, 9, 2, MODULUS - 1, 4, 6], [0, 0, 0, 11]
    for row in range(3, 8):
        w.append((w[row] * u[row] + p[row - 2]) % MODULUS)
    why = "several lookups, of several columns, with inputs of degree 2 and rotations in them; a plain column read from above"
    return Sample("pairs", why, text, {"u": u, "v": [one * one for one in u], "w": w, "p": p})


def leftover() -> Sample:
    """b in [0, 16), few values used."""
    text = _tables(
        "leftover", 5, advice=["b"], fixed=[_fixed("t", *((value, 1, value) for value in range(1, 16)))],
        lookups=[_lookup("leftover.range", (cell("b"), cell("t")))],
    )  # fmt: skip
    return Sample("leftover", "a lookup that leaves many values of its table over; no gate, no instance", text, {"b": [3, 1, 4, 1, 5]})


def next_first() -> Sample:
    """a' = a^2 + x, the next row read first; b is read in the next row only."""
    text = _tables(
        "next_first", 4, advice=["b", "a"], committed=["x"], fixed=[_fixed("q", (0, 4, 1))],
        gates=[_gate("next_first.square", _product(cell("q"), _sum(cell("a", 1), _minus(_product(cell("a"), cell("a"))), _minus(cell("x"))))),
               _gate("next_first.follow", _product(cell("q"), _sum(cell("b", 1), _minus(cell("a", 2)))))],
    )  # fmt: skip
    x, a = [3, 1, 4, 1], [2]
    for value in x:
        a.append((a[-1] ** 2 + value) % MODULUS)
    why = "a gate that reads the next row first, a column that is never read in its own row, rotation 2, no copies"
    return Sample("next_first", why, text, {"a": a + [9], "b": [0, *a[2:], 9], "x": x})


def rotated_only() -> Sample:
    """a_(+1) = a_(-1) + 1 with no advice read in its own row."""
    text = _tables(
        "rotated_only", 4, advice=["a", "b"], fixed=[_fixed("q", (1, 6, 1))],
        gates=[_gate("rotated_only.step", _product(cell("q"), _sum(cell("b", 1), _minus(cell("b", -1)), _minus(_const(1)))))],
    )  # fmt: skip
    why = "no advice is read at rotation 0: the proof system then opens the first column there"
    return Sample("rotated_only", why, text, {"a": [], "b": [5, 6, 6, 7, 7, 8, 8, 9]})


def instance_only() -> Sample:
    """x y = p and x = 3 z: no advice column at all."""
    text = _tables(
        "instance_only", 4, committed=["x", "y", "z"], plain=["p", "r"], fixed=[_fixed("q", (0, 5, 1))],
        gates=[_gate("instance_only.product", _product(cell("q"), _sum(_product(cell("x"), cell("y")), _minus(cell("p"))))),
               _gate("instance_only.triple", _sum(cell("x"), _product(_const(-3), cell("z")), _minus(cell("r", 1))))],
    )  # fmt: skip
    x, y = [3, 6, 9, 12, 15], [2, 7, 1, 8, 2]
    return Sample("instance_only", "committed and plain instance columns only, a constant of -3, a plain column read in the next row", text,
                  {"x": x, "y": y, "z": [one // 3 for one in x], "p": [one * two for one, two in zip(x, y)], "r": []})  # fmt: skip


def empty() -> Sample:
    """Columns without a cell: advice and fixed ones that are read, committed and plain ones, and some that nothing reads."""
    text = _tables(
        "empty", 4, advice=["a", "unread"], committed=["x", "idle"], plain=["p", "silent"], fixed=[_fixed("zero"), _fixed("unused", (2, 1, 5)), _fixed("q", (0, 9, 1))],
        gates=[_gate("empty.sum", _product(cell("q"), _sum(cell("a"), cell("x"), cell("p", -1), cell("zero"))))],
        copies=_copies((("x", 1), ("p", 3)), (("zero", 2), ("a", 4))),
    )  # fmt: skip
    why = "empty columns of every kind, commitments at infinity, columns that nothing reads"
    return Sample("empty", why, text, {"a": [], "unread": [], "x": [], "idle": [], "p": [], "silent": []})


def cycles() -> Sample:
    """Copies that close, merge and repeat cycles, under a gate of degree 5: three columns a permutation product."""
    stream = Stream("proofs/cycles")
    power = _product(cell("q"), cell("a"), cell("a"), cell("a"), cell("a"))
    text = _tables(
        "cycles", 5, advice=["a", "b"], committed=["x"], plain=["p"], fixed=[_fixed("q", (0, 3, 1)), _fixed("c", (4, 2, 81), (9, 1, MODULUS - 2))],
        gates=[_gate("cycles.power", _sum(power, _minus(_product(cell("q"), cell("b")))))],
        copies=_copies(
            (("a", 10), ("a", 11)), (("a", 12), ("b", 13)), (("a", 11), ("b", 13)), (("b", 13), ("a", 10)),  # two cycles, joined, and again
            (("x", 3), ("p", 0)), (("p", 0), ("a", 12)), (("b", 0), ("c", 4)), (("c", 5), ("c", 4)),
            (("c", 9), ("x", 8)), (("x", 8), ("x", 7)), (("x", 7), ("c", 9)),
        ),
    )  # fmt: skip
    shared, a = stream.below(MODULUS), [3, stream.below(MODULUS), 2]
    columns = {"a": a + [0] * 7 + [shared] * 3, "b": [pow(one, 4, MODULUS) for one in a] + [0] * 10 + [shared]}
    columns |= {"x": [0, 0, 0, shared, 0, 0, 0, MODULUS - 2, MODULUS - 2], "p": [shared]}
    return Sample("cycles", "copies within and between columns and classes, cycles merged and repeated; degree 5, two products", text, columns)


def wide() -> Sample:
    """A column read in five rows, up to three away: more blinding rows; a degree of 9; a lookup beside copies; 64 rows."""
    stream = Stream("proofs/wide")
    window = _sum(*(_product(_const(weight), cell("a", rotation)) for weight, rotation in ((1, -3), (5, -1), (-7, 0), (11, 1), (2, 3))), _minus(cell("x")))
    bits = _product(cell("q"), *(_sum(cell("b"), _minus(_const(value))) for value in range(8)))
    text = _tables(
        "wide", 6, advice=["a", "b"], committed=["x"], plain=["p"], fixed=[_fixed("q", (3, 40, 1)), _fixed("t", *((row, 1, row) for row in range(1, 8)))],
        gates=[_gate("wide.window", _product(cell("q"), window)), _gate("wide.range", bits)],
        lookups=[_lookup("wide.table", (cell("b"), cell("t")))],
        copies=_copies((("b", 5), ("p", 1)), (("a", 6), ("b", 7))),
    )  # fmt: skip
    a, b = [stream.below(MODULUS) for _ in range(50)], [row % 8 for row in range(50)]
    a[6] = b[7]
    x = [0] * 3 + [(a[row - 3] + 5 * a[row - 1] - 7 * a[row] + 11 * a[row + 1] + 2 * a[row + 3]) % MODULUS for row in range(3, 43)]
    return Sample("wide", "a column read in five rows, degree 9, a lookup beside gates and copies, 64 rows", text, {"a": a, "b": b, "x": x, "p": [0, b[5]]})


SAMPLES: list[Callable[[], Sample]] = [steps, ranges, pairs, leftover, next_first, rotated_only, instance_only, empty, cycles, wide]

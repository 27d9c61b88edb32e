"""Random circuits with random columns, mostly unsatisfied: enough to compare two provers byte for byte, round by round."""

from random import Random

from reference_prover.field import MODULUS
from reference_prover.tables import Tables
from reference_prover.vectors.tables import canonical, cell, place

ROTATIONS = [0, 0, 0, 0, 1, -1, 2, -3]
ROWS = 7  # usable at k = 4, whatever the queries


def circuit(rng: Random) -> str:
    """The text of random tables: every kind of column, gates, lookups whose inputs are their table, copies."""
    names = {kind: [f"{kind}.{i}" for i in range(rng.randrange(most))] for kind, most in (("a", 4), ("x", 3), ("p", 3), ("f", 3))}
    if not any(names.values()):
        names["x"] = ["x.0"]
    columns = [name for group in names.values() for name in group]
    gates = [{"id": f"g.{i}", "polys": [expression(rng, columns, 3) for _ in range(rng.randrange(1, 3))]} for i in range(rng.randrange(3))]
    sides = [[expression(rng, columns, 1) for _ in range(rng.randrange(1, 3))] for _ in range(rng.choice([0, 0, 1, 2]))]
    ends = [[(rng.choice(columns), rng.randrange(ROWS)) for _ in range(2)] for _ in range(rng.randrange(6))]
    return canonical({
        "format": "zkapex.tables", "version": "1", "relation": "random", "k": rng.choice("445"), "field": str(MODULUS), "layout": {},
        "advice": names["a"], "fixed": [{"name": name, "runs": runs(rng)} for name in names["f"]],
        "instance": [{"name": name, "committed": kind == "x"} for kind in "xp" for name in names[kind]],
        "gates": gates, "lookups": [{"id": f"l.{i}", "inputs": side, "table": side} for i, side in enumerate(sides)],
        "copies": [{"left": place(*left), "right": place(*right)} for left, right in ends if left != right], "regions": [],
    })  # fmt: skip


def expression(rng: Random, columns: list[str], depth: int) -> dict:
    """A random tree; constants 0 and 1 are frequent, as the proof system simplifies them away."""
    kind = rng.random()
    if depth == 0 or kind < 0.35:
        if rng.random() < 0.15:
            return {"tag": "const", "value": str(rng.choice([0, 1, 2, MODULUS - 1, rng.randrange(MODULUS)]))}
        return cell(rng.choice(columns), rng.choice(ROTATIONS))
    if kind < 0.5:
        return {"tag": "neg", "term": expression(rng, columns, depth - 1)}
    parts = [expression(rng, columns, depth - 1) for _ in range(rng.choice([2, 2, 3]))]
    return {"tag": "sum", "terms": parts} if kind < 0.75 else {"tag": "product", "factors": parts}


def runs(rng: Random) -> list[list[str]]:
    result, row = [], rng.randrange(3)
    while row < ROWS - 2 and rng.random() < 0.7:
        count = rng.randrange(1, 3)
        result.append([str(row), str(count), str(rng.choice([1, rng.randrange(1, MODULUS)]))])
        row += count + rng.randrange(2)
    return result


def cells(rng: Random, tables: Tables) -> dict[str, list[int]]:
    """Random cells in columns of random lengths."""
    names = [*tables.advice, *tables.instance]
    return {name: [rng.choice([0, 1, rng.randrange(MODULUS)]) for _ in range(rng.randrange(tables.usable + 1))] for name in names}

"""Vectors of whole proofs: each sample circuit proved with a seed, what stands where in the bytes, and altered twins.

Writes the tables of each circuit beside its proof. The same bytes come out with either backend of the curve.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from ..checker import check
from ..curve import Curve, curve
from ..errors import SpecError
from ..plonk import ChaCha20, Committed, ProvingKey, layout, prove
from ..plonk.lookup import joined, leftovers
from ..srs import Srs, from_ceremony
from ..tables import Tables, parse
from .proof_circuits import Columns, Sample, samples
from .proof_twins import Honest, twins
from .writing import Stream, decimals

Json = dict[str, Any]


def cases(folder: Path) -> dict[str, Any]:
    """File name -> content. Also writes `<name>.tables.json` into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    result = {}
    for sample in samples():
        (folder / f"{sample.name}.tables.json").write_text(sample.tables, encoding="utf-8")
        result[f"{sample.name}.json"] = case(sample, curve())
    return result


def case(sample: Sample, backend: Curve) -> Json:
    """One vector. Raises SpecError where the sample's columns violate its tables."""
    tables = parse(sample.tables.encode())
    for violation in check(tables, {name: cells + [0] * (tables.domain - len(cells)) for name, cells in sample.columns.items()}):
        raise SpecError(f"the sample is not satisfied: {violation}", field=sample.name)
    key = ProvingKey.of(tables, ceremony(tables.k, backend), backend)
    honest, seed = _prove(sample, tables, key)
    groups = {"committed": honest.commitments, "plain": honest.plain, "advice": tables.advice}
    return {
        "name": sample.name,
        "why": sample.why,
        "k": str(tables.k),
        "tables": f"{sample.name}.tables.json",
        "srs": "ceremony",
        **{group: {name: decimals(sample.columns[name]) for name in names} for group, names in groups.items()},
        "outer": honest.outer.hex(),
        "seed": seed.hex(),
        "commitments": {name: point.hex() for name, point in honest.commitments.items()},
        "key": str(key.verifying.transcript_repr),
        "deterministic": _deterministic(tables, sample.columns),
        "rounds": [{"round": one.round, "field": one.name, "offset": str(one.offset), "length": str(one.length)} for one in layout(key)],
        "proof": honest.proof.hex(),
        "invalid": twins(sample.name, honest, key.verifying),
    }


@cache
def ceremony(k: int, backend: Curve) -> Srs:
    """The ceremony's first 2^k powers."""
    return from_ceremony(k, backend)


def _prove(sample: Sample, tables: Tables, key: ProvingKey) -> tuple[Honest, bytes]:
    stream = Stream(f"proofs/{sample.name}/proof")
    outer, seed = hashlib.blake2b(stream.bytes(32)).digest(), stream.bytes(32)
    verifying, columns = key.verifying, sample.columns
    committed = {name: Committed(columns[name], verifying.srs.commit_lagrange(columns[name])) for name, hidden in tables.instance.items() if hidden}
    plain = {name: columns[name] for name, hidden in tables.instance.items() if not hidden}
    advice = [columns[name] for name in tables.advice]
    proof = prove(key, list(committed.values()), list(plain.values()), advice, outer, ChaCha20(seed))
    points = {name: verifying.curve.encode(one.commitment) for name, one in committed.items()}
    return Honest(points, plain, outer, proof), seed


def _deterministic(tables: Tables, columns: Columns) -> bool:
    """Whether each lookup leaves at most one distinct value of its table over, whatever theta."""
    theta = int.from_bytes(Stream("proofs/theta").bytes(31), "little")  # two tuples are joined to one value by few thetas only
    cells = {name: [*values, *[0] * (tables.domain - len(values))] for name, values in (columns | dict(tables.fixed)).items()}
    for lookup in tables.lookups:
        sides: tuple[list[int], list[int]] = ([], [])
        for row in range(tables.usable):
            read = lambda cell: cells[cell.column][(row + cell.rotation) % tables.domain]
            for side, expressions in zip(sides, (lookup.inputs, lookup.table)):
                side.append(joined(expressions, read, theta))
        if len(leftovers(*sides)) > 1:
            return False
    return True

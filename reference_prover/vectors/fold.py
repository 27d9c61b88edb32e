"""Vectors of the online rounds: a toy chunk from integers to the digest of every column, and its seven forgeries."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from .. import tables as table_format
from ..compensation import compensate
from ..field import MODULUS, to_bytes
from ..layout import Frame, Layout, of_tables
from ..rounds import blinding as blind
from ..rounds import columns as round_4
from ..rounds import online
from ..rounds.claim import Claim
from ..rounds.sums import at, seven_sums
from ..statement import Statement, rules, to_mapping
from ..tables import Tables
from ..transcript import Challenges
from ..witness import Witness
from .forgeries import FORGERIES, forge
from .writing import Stream, decimals

GAMMA = 3 << 12
TABLES = "toy.tables.json"


def cases(folder: Path) -> dict[str, Any]:
    """File name -> content; reads the tables from the folder beside."""
    tables = table_format.read(folder.parent / "tables" / TABLES)
    capacity = of_tables(tables).capacity
    return {"full.json": case(tables, "full", capacity, blinded=False), "partial.json": case(tables, "partial", capacity - 3, blinded=True)}


def case(tables: Tables, name: str, weights: int, blinded: bool) -> dict[str, Any]:
    """One chunk: `weights` of the capacity used, with or without blinding cells."""
    layout, stream = of_tables(tables), Stream(f"fold/{name}")
    witness = toy_witness(layout, stream, weights)
    statement = toy_statement(tables, layout, stream, witness)
    challenges = Challenges(stream.bytes(64), *(1 + stream.below(MODULUS - 1) for _ in range(3)))
    draw = (lambda: stream.below(MODULUS)) if blinded else (lambda: 0)
    blinding = blind.make(layout, draw)
    claim, columns = online.run(tables, statement, witness, challenges, blinding)
    return {
        "tables": TABLES,
        "statement": to_mapping(statement),
        "witness": witness_fields(witness),
        "challenges": {"r": challenges.r.hex(), "eta": str(challenges.eta), "rho": str(challenges.rho), "mu": str(challenges.mu)},
        "blinding": {field.name: nested(getattr(blinding, field.name)) for field in fields(blinding)} if blinded else None,
        "squared_sums": dict(zip(("t1", "t2", "d"), map(str, online.squared_sums(claim)), strict=True)),
        "claim": _claim(claim),
        "columns": {column: column_digest(values) for column, values in columns.items()},
        "samples": {column: samples(layout, values) for column, values in columns.items()},
        "forgeries": [_forgery(tables, layout, statement, claim, challenges, blinding, power) for power in FORGERIES],
    }


def toy_witness(layout: Layout, stream: Stream, weights: int) -> Witness:
    """Weights about 0.1, a tenth of them masked, int8 gradients, compensated exactly."""
    theta = [stream.between(-9000, 9000) for _ in range(weights)]
    free = [int(stream.below(10) > 0) for _ in range(weights)]
    gradients = [[stream.between(-35, 35) for _ in range(weights)] for _ in range(layout.rows)]
    return compensate(theta, free, np.array(gradients, dtype=np.int8), GAMMA)


def toy_statement(tables: Tables, layout: Layout, stream: Stream, witness: Witness) -> Statement:
    """T1 and T2 by the rule, D a quarter above what the chunk needs, stand-in digests for all but the tables."""
    t1, t2 = rules(GAMMA, len(witness.theta_p), layout.rows)
    moved = sum(d * d for d, f in zip(witness.delta, witness.free, strict=True) if f)
    digests = {name: stream.bytes(32) for name in ("srs", "enrolment", "state", "request")}
    sizes = dict(chunk=0, weights=len(witness.theta_p), gamma=GAMMA, t1=t1, t2=t2, d=moved * 5 // 4)
    return Statement(preset=layout.preset, client="client-07", tables=tables.digest, **digests, **sizes)


def column_digest(values: list[int]) -> str:
    """SHA-256 of all 2^k cells, 32 little-endian bytes each, hex."""
    return hashlib.sha256(b"".join(map(to_bytes, values))).hexdigest()


def samples(layout: Frame, values: list[int]) -> dict[str, str]:
    """Cells of the first two rows, the first active and the first blinding row."""
    return {str(row): str(values[row]) for row in (0, 1, layout.active_start, layout.blinding_start)}


def _forgery(
    tables: Tables, layout: Layout, statement: Statement, claim: Claim, challenges: Challenges, blinding: blind.Blinding, power: int
) -> dict[str, Any]:
    forged = forge(power, layout, claim, challenges)
    sums = seven_sums(layout, statement, forged, challenges)
    acc = round_4.assign(tables, layout, statement, forged, challenges, blinding)["acc"]
    before, after = _claim(claim), _claim(forged)
    return {
        "name": FORGERIES[power].__name__,
        "power": str(power),
        "sum": str(sums[power]),
        "acc_end": str(at(challenges.mu, sums)),
        "acc_sha256": column_digest(acc),
        "claim": {name: value for name, value in after.items() if value != before[name]},
    }


def witness_fields(witness: Witness) -> dict[str, Any]:
    lists = {name: decimals(getattr(witness, name)) for name in ("theta_p", "theta_u", "free", "sigma")}
    return lists | {"gradients": [decimals(row) for row in witness.gradients.tolist()]}


def _claim(claim: Claim) -> dict[str, Any]:
    return {name: decimals(getattr(claim, name)) for name in ("e", "y", "p", "slacks", "q")}


def nested(value: Any) -> Any:
    """Nested lists of integers with the innermost as decimals."""
    return decimals(value) if not value or isinstance(value[0], int) else [nested(item) for item in value]

"""Vectors of the enrolment: toy chunks from integers to the digest of every column, forgeries of each sum, the transcript."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from .. import tables as table_format
from ..enrolment import blinding as blind
from ..enrolment import columns as round_2
from ..enrolment import rounds
from ..enrolment.blinding import EnrolmentBlinding
from ..enrolment.claim import EnrolmentClaim
from ..enrolment.statement import FIRST, EnrolmentStatement
from ..enrolment.sums import four_sums
from ..enrolment.transcript import EnrolmentChallenges, EnrolmentPoints, EnrolmentTranscript
from ..enrolment.witness import EnrolmentWitness
from ..field import MODULUS
from ..layout import EnrolmentLayout, of_enrolment_tables
from ..rounds.integers import squares
from ..statement import to_mapping
from ..tables import Tables
from ..transcript import POINT_BYTES
from .enrolment_forgeries import FORGERIES, Forgery
from .fold import column_digest, nested, samples
from .writing import Stream, decimals

TABLES = "enrol-toy.tables.json"
GAMMA = 3 << 12
LANES, ROWS, CELL_COLUMNS = 4, 3, 3  # of the transcript's stand-in points


def cases(folder: Path) -> dict[str, Any]:
    """File name -> content; reads the tables from the folder beside."""
    tables = table_format.read(folder.parent / "tables" / TABLES)
    capacity = of_enrolment_tables(tables).capacity
    return {
        "full.json": case(tables, "full", capacity, renews=False, blinded=False),
        "partial.json": case(tables, "partial", capacity - 3, renews=False, blinded=True),
        "renewal.json": case(tables, "renewal", 40, renews=True, blinded=True),
        "transcript.json": {"first": transcript("first", FIRST), "renewal": transcript("renewal", Stream("enrolment/state").bytes(32))},
    }


def case(tables: Tables, name: str, weights: int, renews: bool, blinded: bool) -> dict[str, Any]:
    """One chunk: `weights` of the capacity used, first or renewed, with or without blinding cells."""
    layout, stream = of_enrolment_tables(tables), Stream(f"enrolment/{name}")
    witness = toy_witness(layout, stream, weights, renews)
    statement = toy_statement(tables, layout, stream, witness)
    challenges = EnrolmentChallenges(stream.bytes(64), stream.bytes(64), *(1 + stream.below(MODULUS - 1) for _ in range(4)))
    blinding = blind.make(layout, (lambda: stream.below(MODULUS)) if blinded else (lambda: 0))
    claim, columns = rounds.run(tables, statement, witness, challenges, blinding)
    seeds = {"b": challenges.b.hex(), "a": challenges.a.hex()}
    return {
        "tables": TABLES,
        "statement": to_mapping(statement),
        "witness": witness_fields(witness),
        "challenges": seeds | {name: str(getattr(challenges, name)) for name in ("eta", "zeta", "rho", "mu")},
        "blinding": {field.name: nested(getattr(blinding, field.name)) for field in fields(blinding)} if blinded else None,
        "distance": str(squares(claim.delta)),
        "claim": _claim(claim),
        "columns": {column: column_digest(values) for column, values in columns.items()},
        "samples": {column: samples(layout, values) for column, values in columns.items()},
        "forgeries": [_forgery(tables, layout, statement, claim, challenges, blinding, one) for one in FORGERIES if renews or not one.renews],
    }


def toy_witness(layout: EnrolmentLayout, stream: Stream, weights: int, renews: bool) -> EnrolmentWitness:
    """A base model about 0.1, a tenth of it forgotten, a client a little away from it, int8 rows."""
    theta_0 = [stream.between(-9000, 9000) for _ in range(weights)]
    free = [int(stream.below(10) > 0) for _ in range(weights)]
    theta_p = [f * (x + stream.between(-300, 300)) for f, x in zip(free, theta_0, strict=True)]
    gradients = [[f * stream.between(-127, 127) for f in free] for _ in range(layout.client_rows)]
    current = tuple(theta_p) if renews else None
    return EnrolmentWitness(tuple(theta_p), tuple(theta_0), tuple(free), np.array(gradients, dtype=np.int8), current)


def toy_statement(tables: Tables, layout: EnrolmentLayout, stream: Stream, witness: EnrolmentWitness) -> EnrolmentStatement:
    """D0 a quarter above what the chunk needs, stand-in digests for all but the tables."""
    base = [f * x for f, x in zip(witness.free, witness.theta_0, strict=True)]
    distance = squares(p - x for p, x in zip(witness.theta_p, base, strict=True))
    digests = {name: stream.bytes(32) for name in ("srs", "enrolment", "base")}
    state = stream.bytes(32) if witness.theta_current is not None else FIRST
    sizes = dict(chunk=0, weights=len(base), gamma=GAMMA, d0=distance * 5 // 4)
    return EnrolmentStatement(preset=layout.preset, client="client-07", tables=tables.digest, state=state, **digests, **sizes)


def _forgery(
    tables: Tables, layout: EnrolmentLayout, statement: EnrolmentStatement, claim: EnrolmentClaim, challenges: EnrolmentChallenges,
    blinding: EnrolmentBlinding, forgery: Forgery,
) -> dict[str, Any]:  # fmt: skip
    forged = forgery.forge(layout, claim, challenges)
    sums = four_sums(layout, statement, forged, challenges)
    columns = round_2.assign(tables, layout, statement, forged, challenges, blinding)
    return {
        "name": forgery.name,
        "power": str(forgery.power),
        "sum": str(sums[forgery.power]),
        "acc_end": str(columns["acc"][layout.blinding_start]),
        "acc_sha256": column_digest(columns["acc"]),
        "claim": {name: value for name, value in _claim(forged).items() if value != _claim(claim)[name]},
        "witness": {name: value for name, value in _rows(forged).items() if value != _rows(claim)[name]},
    }


def witness_fields(witness: EnrolmentWitness) -> dict[str, Any]:
    lists = {name: decimals(getattr(witness, name)) for name in ("theta_p", "theta_0", "free")}
    current = None if witness.theta_current is None else decimals(witness.theta_current)
    return lists | {"gradients": [decimals(row) for row in witness.gradients.tolist()], "theta_current": current}


def _claim(claim: EnrolmentClaim) -> dict[str, Any]:
    return {"t": [decimals(row) for row in claim.t], "v": decimals(claim.v), "slack": str(claim.slack)}


def _rows(claim: EnrolmentClaim) -> dict[str, Any]:
    current = None if claim.current is None else decimals(claim.current)
    return {"theta_p": decimals(claim.theta_p), "gradients": [decimals(row) for row in claim.gradients.tolist()], "theta_current": current}


def transcript(name: str, state: bytes) -> dict[str, Any]:
    """One chunk with stand-in points (the transcript does not look into them), and every single tampering."""
    stream = Stream(f"enrolment/transcript/{name}")
    digests = {label: stream.bytes(32) for label in ("tables", "srs", "enrolment", "base")}
    honest = EnrolmentStatement("toy", "client-07", **digests, state=state, chunk=5, weights=893, gamma=GAMMA, d0=987654321)
    counts = {"theta_p": LANES, "gradients": ROWS * LANES, "base_free": LANES, "theta_current": LANES if honest.renews else 0, "cells": CELL_COLUMNS}
    points = {label: [stream.bytes(POINT_BYTES) for _ in range(count)] for label, count in counts.items()}
    return {
        "statement": to_mapping(honest),
        "points": {label: [point.hex() for point in row] for label, row in points.items()},
        "challenges": challenges_of(honest, points),
        "tampered": _tampered(honest, points),
    }


def challenges_of(statement: EnrolmentStatement, points: dict[str, list[bytes]]) -> dict[str, str]:
    """Every challenge, in order."""
    transcript = EnrolmentTranscript(statement, EnrolmentPoints(**{label: row for label, row in points.items() if label != "cells"}))
    b, a = transcript.seeds()
    scalars = dict(zip(("eta", "zeta", "rho", "mu"), map(str, transcript.round_1(points["cells"])), strict=True))
    return {"b": b.hex(), "a": a.hex(), **scalars, "inner": transcript.finish().hex()}


def _tampered(honest: EnrolmentStatement, points: dict[str, list[bytes]]) -> list[dict[str, Any]]:
    flip = lambda data: bytes([data[0] ^ 1]) + data[1:]
    result = []
    for name in ("tables", "srs", "enrolment", "base", "state", "chunk", "weights", "gamma", "d0", "preset", "client"):
        value = getattr(honest, name)
        other = flip(value) if isinstance(value, bytes) else value + 1 if isinstance(value, int) else value + "x"
        statement = replace(honest, **{name: other})
        result.append({"field": name, "value": to_mapping(statement)[name], "challenges": challenges_of(statement, points)})
    for name, row in points.items():
        if row:
            changed = points | {name: row[:-1] + [flip(row[-1])]}
            result.append({"field": f"points.{name}", "value": changed[name][-1].hex(), "challenges": challenges_of(honest, changed)})
    return result

"""Vectors of whole chunks: integers and seeds to the bytes of a message, for each relation, with invalid twins."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Iterator, Mapping

from .. import tables as table_format
from ..chunk_blinding import Source
from ..curve import curve
from ..enrolment import points as enrolled
from ..enrolment import prove as enrolment_prove
from ..layout import of_enrolment_tables, of_tables
from ..plonk import ProvingKey
from ..plonk.layout import POINT, Field, layout
from ..rounds import points as online
from ..rounds import prove as online_prove
from ..srs import Srs, from_ceremony
from ..statement import to_mapping
from ..tables import Tables
from . import chunk_cheats, fold
from . import enrolment as enrolment_vectors
from .chunk_cheats import ENROLMENT, ONLINE, Cheat
from .chunk_twins import Twin, altered_messages, other_points, other_statements, twin
from .writing import Stream

SPARE = 3  # pad lanes in the last active row


def cases(folder: Path) -> dict[str, Any]:
    """File name -> content; reads the tables from the folder beside."""
    read = lambda name: table_format.read(folder.parent / "tables" / name)
    fold_tables, enrol_tables = read(fold.TABLES), read(enrolment_vectors.TABLES)
    srs = from_ceremony(fold_tables.k, curve())
    return {
        "fold-toy.json": fold_case(fold_tables, srs),
        "enrolment-toy.json": enrolment_case(enrol_tables, srs, "first", renews=False),
        "renewal-toy.json": enrolment_case(enrol_tables, srs, "renewal", renews=True),
    }


def fold_case(tables: Tables, srs: Srs) -> dict[str, Any]:
    """One chunk online, chunk 2 of its client."""
    size, stream, key = of_tables(tables), Stream("chunks/fold"), ProvingKey.of(tables, srs, srs.curve)
    witness = fold.toy_witness(size, stream, size.capacity - SPARE)
    statement = replace(fold.toy_statement(tables, size, stream, witness), srs=srs.digest, chunk=2)
    seeds, insecure = {name: stream.bytes(32) for name in ("theta_p", "theta_u", "gradients")}, stream.bytes(32)
    blinding = online_prove.blinding_of(size, statement.chunk, seeds, Source(insecure))
    points = online.commit_statement(srs, size, witness, blinding)
    prover = lambda: online_prove.ChunkProver(key, statement, witness, points, blinding, Source(insecure))
    honest = prover()
    message = chunk_cheats.run(honest, 4)
    sections = {"theta_u": size.lanes, "y": size.lanes, "bits": size.bit_columns, "q": 1}
    scalars = {name: str(getattr(honest.challenges, name)) for name in ("eta", "rho", "mu")}
    drawn = {"r": honest.challenges.r.hex(), **scalars, "inner": honest.outer.hex()}
    shared = {"tables": fold.TABLES, "statement": to_mapping(statement), "witness": fold.witness_fields(witness), "challenges": drawn}
    named = {label: [data.hex() for data in getattr(points, label).data] for label in online.HIDING}
    cheats = [(cheat, chunk_cheats.run(prover(), 4, cheat)) for cheat in ONLINE]
    return shared | _bytes(seeds, insecure, named, message, message_layout(key, sections)) | {
        "invalid": [*_cheats(cheats), *_twins(shared["statement"], size.rows, named, online.HIDING, message, message_layout(key, sections))]
    }


def enrolment_case(tables: Tables, srs: Srs, name: str, renews: bool) -> dict[str, Any]:
    """One chunk of an enrolment, first or renewed, chunk 1 of its client."""
    size, stream, key = of_enrolment_tables(tables), Stream(f"chunks/enrolment/{name}"), ProvingKey.of(tables, srs, srs.curve)
    witness = enrolment_vectors.toy_witness(size, stream, size.capacity - SPARE, renews)
    statement = replace(enrolment_vectors.toy_statement(tables, size, stream, witness), srs=srs.digest, chunk=1)
    seeds = {label: stream.bytes(32) for label in ("theta_p", "gradients", *(["theta_current"] if renews else []))}
    insecure = stream.bytes(32)
    blinding = enrolment_prove.blinding_of(size, statement.chunk, seeds, Source(insecure))
    points = enrolled.commit_statement(srs, size, witness, blinding)
    prover = lambda: enrolment_prove.EnrolmentChunkProver(key, statement, witness, points, blinding, Source(insecure))
    honest = prover()
    message = chunk_cheats.run(honest, 2)
    scalars = {label: str(getattr(honest.challenges, label)) for label in ("eta", "zeta", "rho", "mu")}
    drawn = {"b": honest.b.hex(), "a": honest.a.hex(), **scalars, "inner": honest.outer.hex()}
    integers = enrolment_vectors.witness_fields(witness)
    shared = {"tables": enrolment_vectors.TABLES, "statement": to_mapping(statement), "witness": integers, "challenges": drawn}
    named = {label: [data.hex() for data in getattr(points, label).data] for label in enrolled.HIDING}
    cheats = [(cheat, chunk_cheats.run(prover(), 2, cheat)) for cheat in ENROLMENT if renews or not cheat.renews]
    places = message_layout(key, {"cells": size.cell_columns})
    return shared | _bytes(seeds, insecure, named, message, places) | {
        "invalid": [*_cheats(cheats), *_twins(shared["statement"], size.rows, named, enrolled.HIDING, message, places)]
    }


def message_layout(key: ProvingKey, sections: Mapping[str, int]) -> list[Field]:
    """What stands where in a message: the commitments of its sections, then the fields of the proof."""
    points = [(label, index) for label, count in sections.items() for index in range(count)]
    head = [Field(label, f"{label}.{index}", POINT * at, POINT) for at, (label, index) in enumerate(points)]
    return head + [replace(field, offset=field.offset + POINT * len(head)) for field in layout(key)]


def _bytes(seeds: dict[str, bytes], insecure: bytes, points: dict[str, list[str]], message: bytes, places: list[Field]) -> dict[str, Any]:
    place = lambda field: {"round": field.round, "field": field.name, "offset": str(field.offset), "length": str(field.length)}
    return {
        "srs": "ceremony",
        "seeds": {name: seed.hex() for name, seed in seeds.items()},
        "insecure": insecure.hex(),
        "points": points,
        "rounds": [place(field) for field in places],
        "message": message.hex(),
    }


def _cheats(messages: list[tuple[Cheat, bytes]]) -> list[Twin]:
    return [twin(cheat.name, cheat.why, message=message.hex()) for cheat, message in messages]


def _twins(
    statement: dict[str, str], rows: int, points: dict[str, list[str]], hiding: Mapping[str, bool], message: bytes, places: list[Field]
) -> Iterator[Twin]:
    yield from altered_messages(message, places)
    yield from other_statements(statement, rows)
    yield from other_points(points, hiding)

"""Whole toy chunks: integers and seeds to the bytes of the vectors, and every invalid twin refused with its class of error."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reference_prover import chunk_blinding, statement, tables
from reference_prover.chunk import Commitments
from reference_prover.curve import curve
from reference_prover.enrolment import points as enrolled
from reference_prover.enrolment import prove as enrolment_prove
from reference_prover.enrolment import verify as enrolment_verify
from reference_prover.enrolment.statement import EnrolmentStatement
from reference_prover.enrolment.witness import EnrolmentWitness
from reference_prover.errors import SpecError
from reference_prover.layout import of_enrolment_tables, of_tables
from reference_prover.plonk import ProvingKey
from reference_prover.rounds import points as online
from reference_prover.rounds import prove as online_prove
from reference_prover.rounds import verify as online_verify
from reference_prover.srs import Srs, from_ceremony
from reference_prover.vectors.writing import parse_decimals
from reference_prover.witness import Witness

FOLDER = Path(__file__).parents[2] / "vectors" / "chunks"
FILES = ("fold-toy.json", "enrolment-toy.json", "renewal-toy.json")


@cache
def load(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / name).read_text())


@cache
def srs() -> Srs:
    return from_ceremony(8, curve())


@cache
def key(name: str) -> ProvingKey:
    return ProvingKey.of(tables.read(FOLDER.parent / "tables" / load(name)["tables"]), srs(), curve())


def witness(name: str) -> Witness | EnrolmentWitness:
    data = dict(load(name)["witness"])
    gradients = np.array([parse_decimals(row) for row in data.pop("gradients")], dtype=np.int8)
    lists = {field: None if text is None else tuple(parse_decimals(text)) for field, text in data.items()}
    return (Witness if "sigma" in lists else EnrolmentWitness)(gradients=gradients, **lists)


def decoded(name: str, named: dict[str, list[str]]) -> Any:
    kind, hiding = (online.ChunkPoints, online.HIDING) if name.startswith("fold") else (enrolled.EnrolledPoints, enrolled.HIDING)
    return kind(**{label: decoded_label(label, hiding[label], tuple(encodings)) for label, encodings in named.items()})


@cache
def decoded_label(label: str, hiding: bool, encodings: tuple[str, ...]) -> Commitments:
    return Commitments.decode(curve(), [bytes.fromhex(one) for one in encodings], label, hiding=hiding)


def verify(name: str, replaced: dict[str, Any]) -> None:
    case = load(name)
    message = bytes.fromhex(replaced.get("message", case["message"]))
    fields = replaced.get("statement", case["statement"])
    points = decoded(name, case["points"] | replaced.get("points", {}))
    if name.startswith("fold"):
        online_verify.verify_chunk(key(name).verifying, statement.from_mapping(fields), points, message)
    else:
        free = parse_decimals(case["witness"]["free"])
        enrolment_verify.verify_chunk(key(name).verifying, statement.from_mapping(fields, EnrolmentStatement), free, points, message)


def prove(name: str, source: chunk_blinding.Source) -> tuple[Any, bytes]:
    """(commitments of the statement, message)."""
    case, seeds = load(name), {label: bytes.fromhex(seed) for label, seed in load(name)["seeds"].items()}
    if name.startswith("fold"):
        public, size, parts, commit = statement.from_mapping(case["statement"]), of_tables(key(name).verifying.circuit.tables), online_prove, online
    else:
        public, size = statement.from_mapping(case["statement"], EnrolmentStatement), of_enrolment_tables(key(name).verifying.circuit.tables)
        parts, commit = enrolment_prove, enrolled
    blinding = parts.blinding_of(size, public.chunk, seeds, source)
    points = commit.commit_statement(srs(), size, witness(name), blinding)
    return points, parts.prove_chunk(key(name), public, witness(name), points, blinding, source)


@pytest.mark.parametrize("name", FILES)
def test_integers_and_seeds_give_the_bytes(name: str) -> None:
    case = load(name)
    points, message = prove(name, chunk_blinding.Source(bytes.fromhex(case["insecure"])))
    assert {label: [data.hex() for data in getattr(points, label).data] for label in case["points"]} == case["points"]
    wanted = bytes.fromhex(case["message"])
    for field in case["rounds"]:
        place = slice(int(field["offset"]), int(field["offset"]) + int(field["length"]))
        assert message[place] == wanted[place], f"the message first differs in {field['round']}: {field['field']}"
    assert message == wanted and int(field["offset"]) + int(field["length"]) == len(wanted)


@pytest.mark.parametrize("name", FILES)
def test_fresh_randomness_changes_the_message_and_not_the_verdict(name: str) -> None:
    _, message = prove(name, chunk_blinding.Source())
    honest = bytes.fromhex(load(name)["message"])
    head = 4 * 48 if name.startswith("fold") else 0  # Com(theta_u) is of a long-lived seed
    assert message[:head] == honest[:head]
    assert message[head : head + 48] != honest[head : head + 48] and len(message) == len(honest)
    verify(name, {"message": message.hex()})


@pytest.mark.parametrize("name", FILES)
def test_the_honest_message_is_accepted(name: str) -> None:
    verify(name, {})


@pytest.mark.parametrize(("name", "index"), [(name, index) for name in FILES for index in range(len(load(name)["invalid"]))],
                         ids=lambda value: value if isinstance(value, str) else str(value))  # fmt: skip
def test_every_invalid_twin_is_refused_with_its_error(name: str, index: int) -> None:
    twin = load(name)["invalid"][index]
    with pytest.raises(SpecError) as caught:
        verify(name, twin)
    assert caught.value.code == twin["error"], f"{twin['name']}: {caught.value}"


@pytest.mark.parametrize("name", FILES)
def test_the_twins_differ_from_the_honest_case_and_from_each_other(name: str) -> None:
    case = load(name)
    names = [twin["name"] for twin in case["invalid"]]
    assert len(set(names)) == len(names) and sum(one.startswith("cheat.") for one in names) >= 5
    for twin in case["invalid"]:
        kinds = [kind for kind in ("message", "statement", "points") if kind in twin]
        assert len(kinds) == 1, twin["name"]
        honest = {label: case["points"][label] for label in twin["points"]} if kinds == ["points"] else case[kinds[0]]
        assert twin[kinds[0]] != honest, twin["name"]

"""The vectors of encodings, proofs: other bytes of a proof are refused, and nothing but refused."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from reference_prover import plonk, srs
from reference_prover.curve import curve
from reference_prover.errors import ProofRefused
from reference_prover.plonk import VerifyingKey
from reference_prover.tables import parse
from reference_prover.vectors.writing import parse_decimals

VECTORS = Path(__file__).parents[2] / "vectors"
CASES = json.loads((VECTORS / "encodings" / "proofs.json").read_text())
string = cache(lambda k: srs.from_ceremony(k, curve()))


@cache
def honest(name: str) -> tuple[dict[str, Any], VerifyingKey]:
    case = json.loads((VECTORS / "proofs" / f"{name}.json").read_text())
    tables = parse((VECTORS / "proofs" / case["tables"]).read_bytes())
    return case, VerifyingKey.of(tables, string(int(case["k"])), curve())


def judge(name: str, proof: bytes) -> None:
    case, key = honest(name)
    kinds = key.circuit.tables.instance
    points = [key.curve.decode(bytes.fromhex(case["commitments"][column]), column) for column, kind in kinds.items() if kind]
    plain = [parse_decimals(case["plain"][column]) for column, kind in kinds.items() if not kind]
    plonk.verify(key, points, plain, bytes.fromhex(case["outer"]), proof)


def altered(case: dict[str, Any]) -> bytes:
    """The bytes that a case describes."""
    proof = bytes.fromhex(honest(case["of"])[0]["proof"])
    if "keep" in case:
        return proof[: int(case["keep"])] + bytes.fromhex(case["append"])
    at, put = int(case["at"]), bytes.fromhex(case["put"])
    assert at + len(put) <= len(proof)
    return proof[:at] + put + proof[at + len(put) :]


@pytest.mark.parametrize("name", sorted({case["of"] for case in CASES}))
def test_the_proofs_as_they_are_hold(name: str) -> None:
    judge(name, bytes.fromhex(honest(name)[0]["proof"]))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_other_bytes_are_refused(case: dict[str, Any]) -> None:
    proof = altered(case)
    assert proof != bytes.fromhex(honest(case["of"])[0]["proof"])
    with pytest.raises(ProofRefused) as refusal:
        judge(case["of"], proof)
    assert refusal.value.code == case["error"]


def test_every_field_and_every_circuit_is_there() -> None:
    files = {path.stem for path in (VECTORS / "proofs").glob("*.json") if not path.name.endswith(".tables.json")}
    assert {case["of"] for case in CASES} == files
    in_other_form = [case for case in CASES if "at" in case]
    (name,) = {case["of"] for case in in_other_form}
    assert {case["at"] for case in in_other_form} == {field["offset"] for field in honest(name)[0]["rounds"]}

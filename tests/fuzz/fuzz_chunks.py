"""Messages of whole chunks and proofs of small circuits, against one honest statement each, by the reference prover's verifiers."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from fuzz_targets import VECTORS, Fault, Target
from reference_prover import plonk
from reference_prover import tables as reference_tables
from reference_prover.chunk import Commitments
from reference_prover.curve import curve
from reference_prover.enrolment import verify as enrolment_verify
from reference_prover.enrolment.points import HIDING as ENROLLED_HIDING
from reference_prover.enrolment.points import EnrolledPoints
from reference_prover.enrolment.statement import EnrolmentStatement
from reference_prover.errors import ProofRefused
from reference_prover.plonk import VerifyingKey
from reference_prover.rounds import verify as online_verify
from reference_prover.rounds.points import HIDING as ONLINE_HIDING
from reference_prover.rounds.points import ChunkPoints
from reference_prover.srs import from_ceremony
from reference_prover.statement import from_mapping

CIRCUITS = ("cycles", "empty", "instance_only", "leftover", "next_first", "pairs", "ranges", "rotated_only", "steps", "wide")


def load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text())


@lru_cache
def key(tables: str, k: int) -> VerifyingKey:
    return VerifyingKey.of(reference_tables.read(VECTORS / tables), from_ceremony(k, curve()), curve())


@lru_cache
def chunk(name: str) -> tuple[Any, VerifyingKey, Any, Any]:
    """(vector, key, statement, commitments of the statement)."""
    case = load(f"chunks/{name}.json")
    online = name.startswith("fold")
    kind, hiding = (ChunkPoints, ONLINE_HIDING) if online else (EnrolledPoints, ENROLLED_HIDING)
    points = {
        label: Commitments.decode(curve(), [bytes.fromhex(one) for one in encodings], label, hiding=hiding[label])
        for label, encodings in case["points"].items()
    }
    statement = from_mapping(case["statement"]) if online else from_mapping(case["statement"], EnrolmentStatement)
    return case, key(f"tables/{case['tables']}", 8), statement, kind(**points)


def only(honest: str, accepted: bytes) -> None:
    """What was altered by whoever lacks the witness must not be accepted. Raises Fault."""
    if accepted.hex() != honest:
        raise Fault("an altered message or proof is accepted")


def answer(message: bytes) -> None:
    case, verifying, statement, points = chunk("fold-toy")
    online_verify.verify_chunk(verifying, statement, points, message)
    only(case["message"], message)


def enrolled(name: str, message: bytes) -> None:
    case, verifying, statement, points = chunk(name)
    free = [int(cell) for cell in case["witness"]["free"].split()]
    enrolment_verify.verify_chunk(verifying, statement, free, points, message)
    only(case["message"], message)


@lru_cache
def circuit(name: str) -> tuple[VerifyingKey, list[Any], list[list[int]], bytes]:
    """(key, commitments, plain columns, outer digest) of a small circuit."""
    case = load(f"proofs/{name}.json")
    verifying = key(f"proofs/{case['tables']}", int(case["k"]))
    instance = verifying.circuit.tables.instance
    committed = [curve().decode(bytes.fromhex(case["commitments"][column]), column) for column, hidden in instance.items() if hidden]
    plain = [[int(cell) for cell in case["plain"][column].split()] for column, hidden in instance.items() if not hidden]
    return verifying, committed, plain, bytes.fromhex(case["outer"])


def proof(data: bytes) -> None:
    """The last byte names the circuit, as in prover/fuzz/src/targets/proofs.rs."""
    if not data:
        raise ProofRefused("no circuit is named")
    name = CIRCUITS[data[-1] % len(CIRCUITS)]
    plonk.verify(*circuit(name), data[:-1])
    only(load(f"proofs/{name}.json")["proof"], data[:-1])


CHUNKS = (
    Target("answer", "slots", 1 << 13, {"reference": answer}),
    Target("enrolled", "slots", 1 << 13, {"reference": lambda data: enrolled("enrolment-toy", data)}),
    Target("renewed", "slots", 1 << 13, {"reference": lambda data: enrolled("renewal-toy", data)}),
    Target("proof", "slots", 1 << 13, {"reference": proof}),
)

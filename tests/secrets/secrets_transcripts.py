"""What a message exposes: every evaluation that a verifier sees, and what stands behind it under a guess of the witness.

The *rest* of an evaluation is what blinding adds: the value less that of the column's content, which a distinguisher can compute for
every witness that it suspects, since the challenges are public. With fresh blinding the rest is uniform, whatever the guess.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from unittest.mock import patch

from reference_prover.chunk import parse_message
from reference_prover.enrolment import rounds
from reference_prover.enrolment import verify as enrolment
from reference_prover.enrolment.points import EnrolledPoints
from reference_prover.enrolment.statement import EnrolmentStatement
from reference_prover.enrolment.transcript import EnrolmentChallenges
from reference_prover.enrolment.witness import EnrolmentWitness
from reference_prover.field import MODULUS
from reference_prover.layout import of_enrolment_tables, of_tables
from reference_prover.plonk import VerifyingKey, verifier
from reference_prover.plonk.circuit import Circuit
from reference_prover.plonk.queries import Opening
from reference_prover.rounds import blinding, online
from reference_prover.rounds.columns import Columns
from reference_prover.rounds.points import ChunkPoints, Sent
from reference_prover.rounds.verify import replay, verify_chunk
from reference_prover.statement import Statement
from reference_prover.transcript import Challenges
from reference_prover.witness import Witness

#: Committed columns that anyone computes.
PUBLIC = ("free", "v")


@dataclass(frozen=True)
class Place:
    """A column of the tables, and by how many rows it is turned."""

    column: str
    rotation: int

    @property
    def public(self) -> bool:
        return self.column.split(".")[0] in PUBLIC


@dataclass(frozen=True)
class Exposed:
    """An accepted message, read: its commitments by column, and the evaluations of committed and advice columns at x."""

    statement: Statement | EnrolmentStatement
    challenges: Challenges | EnrolmentChallenges
    sent: dict[str, object]
    x: int
    values: dict[Place, int]
    opened: list[int]


def read(key: VerifyingKey, statement: Statement, points: ChunkPoints, message: bytes) -> Exposed:
    """Verify an answer's message, and keep what the verifier saw. Raises ProofRefused where it is not accepted."""
    seen = _watched(lambda: verify_chunk(key, statement, points, message))
    sections, _ = parse_message(key.curve, message, Sent.sizes(of_tables(key.circuit.tables)))
    sent = Sent(*sections)
    groups = {"theta_u": sent.theta_u, "y": sent.y, "bits": sent.bits}
    named = {f"{name}.{index}": point for name, group in groups.items() for index, point in enumerate(group.points)}
    return Exposed(statement, replay(statement, points, sent)[0], named | {"q": sent.q.points[0]}, *seen)


def read_enrolment(key: VerifyingKey, statement: EnrolmentStatement, free: Sequence[int], points: EnrolledPoints, message: bytes) -> Exposed:
    """As `read`, of an enrolment's message."""
    seen = _watched(lambda: enrolment.verify_chunk(key, statement, free, points, message))
    (cells,), _ = parse_message(key.curve, message, [of_enrolment_tables(key.circuit.tables).cell_columns])
    named = {f"cells.{index}": point for index, point in enumerate(cells.points)}
    return Exposed(statement, enrolment.replay(statement, points, cells)[0], named, *seen)


def _watched(verify: Callable[[], None]) -> tuple[int, dict[Place, int], list[int]]:
    """x, the evaluations there, and those of the combined opening, as a verifier reads them."""
    seen: dict[str, object] = {}
    check_all = verifier.check_all

    def record(circuit: Circuit, srs, curve, commitments, evaluations, x, transcript) -> None:
        read_scalars = transcript.read_scalars

        def keep(count: int) -> list[int]:
            seen["opened"] = read_scalars(count)
            return seen["opened"]

        with patch.object(transcript, "read_scalars", keep):
            check_all(circuit, srs, curve, commitments, evaluations, x, transcript)
        seen["x"], seen["values"] = x, dict(_named(circuit, evaluations))

    with patch.object(verifier, "check_all", record):
        verify()
    return seen["x"], seen["values"], seen["opened"]


def _named(circuit: Circuit, evaluations: dict[Opening, int]) -> Iterator[tuple[Place, int]]:
    instance = [name for committed in (True, False) for name, kind in circuit.tables.instance.items() if kind == committed]
    for opening in circuit.committed_queries:
        yield Place(instance[opening.column.index], opening.rotation), evaluations[opening]
    for opening in circuit.queries.advice:
        yield Place(list(circuit.tables.advice)[opening.column.index], opening.rotation), evaluations[opening]


def contents(key: VerifyingKey, exposed: Exposed, witness: Witness | EnrolmentWitness) -> Columns:
    """Every column of that witness under the message's challenges, blinding cells zero: honest values, whatever they are."""
    tables = key.circuit.tables
    if isinstance(witness, EnrolmentWitness):
        return rounds.run(tables, exposed.statement, witness, exposed.challenges)[1]
    return online.run(tables, exposed.statement, witness, exposed.challenges, blinding.none(of_tables(tables)))[1]


def rests(key: VerifyingKey, exposed: Exposed, witness: Witness | EnrolmentWitness) -> dict[Place, int]:
    """What is left of each secret evaluation when the witness is taken away. Public ones must leave nothing.

    The running sum ends in random rows of Halo2's own.
    """
    domain, columns = key.circuit.domain, contents(key, exposed, witness)
    found = {}
    for rotation in {place.rotation for place in exposed.values}:
        weights = domain.lagrange(domain.rotate(exposed.x, rotation), range(domain.n))
        for place, value in exposed.values.items():
            if place.rotation == rotation:
                content = sum(cell * weight for cell, weight in zip(columns[place.column], weights, strict=True) if cell)
                found[place] = (value - content) % MODULUS
    if any(rest for place, rest in found.items() if place.public):
        raise ValueError("a public column has another value than its own")
    return {place: rest for place, rest in found.items() if not place.public}


def blinding_commitments(key: VerifyingKey, exposed: Exposed, witness: Witness) -> dict[str, bytes]:
    """Commitment of nothing but the blinding rows, for each column that the message sends: equal ones are the same rows."""
    srs, curve, columns = key.srs, key.curve, contents(key, exposed, witness)
    unscale = pow(exposed.challenges.mu, -4, MODULUS)
    found = {}
    for name, point in exposed.sent.items():
        scale = unscale if name.startswith("y.") else 1
        content = srs.commit_lagrange([cell * scale % MODULUS for cell in columns[name]])
        found[name] = curve.encode(curve.add(point, curve.negate(content)))
    return found

"""The files of one client's enrolment, checked against each other, and the statement of each chunk."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .artefacts import Enrolment, EnrolmentProof, State
from .artefacts_parts import message_name
from .artefacts_provider import Base
from .bundle_files import (
    are_commitments,
    commit_active,
    commitments,
    expect_client,
    expect_cut,
    expect_digest,
    expect_flag,
    expect_made,
    expect_model,
    lane_matrix,
)
from .chunk import Commitments
from .curve import Point
from .enrolment.points import EnrolledPoints
from .enrolment.statement import FIRST, EnrolmentStatement
from .enrolment.verify import verify_chunk
from .layout import EnrolmentLayout
from .plonk import VerifyingKey
from .srs import Srs
from .tables import Tables


@dataclass
class EnrolmentSession:
    """Everything public that the messages of one enrolment's proof share. `state`: for a re-enrolment. `key` is set before the
    first chunk is verified."""

    srs: Srs
    layout: EnrolmentLayout
    base: Base
    enrolment: Enrolment
    proof: EnrolmentProof
    state: State | None
    key: VerifyingKey = field(init=False)

    @classmethod
    def open(
        cls, tables: Tables, srs: Srs, layout: EnrolmentLayout, base: Path, enrolment: Path, proof: Path, state: Path | None, insecure: bool
    ) -> "EnrolmentSession":
        """Reads the files and checks that they speak of one base, preset, client, reference string and set of tables, and that the
        proof is of exactly this enrolment. Raises ArtefactError."""
        own, start = Enrolment.read(enrolment, layout), Base.read(base, layout)
        held, answer = None if state is None else State.read(state, layout), EnrolmentProof.read(proof, layout)
        expect_digest(start.file, "enrol_tables_digest", start.enrol_tables, tables.digest)
        expect_digest(start.file, "srs_digest", start.made[1], srs.digest)
        expect_made(own.file, own.made, start.made)
        expect_cut(start.file, start.cut, own.cut)
        expect_model(own.file, own.model, own.base, start.model, start.file.digest)
        for one in (own, start):
            expect_flag(one.file, "srs_insecure", one.srs_insecure, srs.insecure)
        if held is not None:
            _check_replaced(held, own)
        _check_proof(answer, own, start, held, (tables.digest, srs.digest), insecure)
        return cls(srs, layout, start, own, answer, held)

    @property
    def chunks(self) -> list[tuple[int, int]]:
        """(number, weights) of each chunk."""
        return list(enumerate(self.enrolment.cut.chunks))

    def verify(self, chunk: int) -> None:
        """Raises ProofRefused where the message does not prove the chunk's statement; ArtefactError or PointError where a
        commitment of the files is not what it must be."""
        message = self.proof.file.tensors[message_name(chunk)].tobytes()
        verify_chunk(self.key, self.statement(chunk), self.free(chunk).tolist(), self.points(chunk), message)

    def statement(self, chunk: int) -> EnrolmentStatement:
        """D0 is the base's."""
        return EnrolmentStatement(
            preset=self.layout.preset,
            client=self.enrolment.client,
            tables=self.base.enrol_tables,
            srs=self.enrolment.made[1],
            enrolment=self.enrolment.file.digest,
            base=self.base.file.digest,
            state=FIRST if self.state is None else self.state.file.digest,
            chunk=chunk,
            weights=self.enrolment.cut.chunks[chunk],
            gamma=self.enrolment.gamma[chunk],
            d0=self.base.distance[chunk],
        )

    def free(self, chunk: int) -> np.ndarray:
        """f_cum: 1 on weights that no accepted request has zeroed."""
        if self.state is None:
            return np.ones(self.enrolment.cut.chunks[chunk], dtype=np.int8)
        return self.enrolment.cut.part(~self.state.cumulative, chunk).astype(np.int8)

    def points(self, chunk: int) -> EnrolledPoints:
        """Com(theta_p) and Com(G) of the enrolment, Com(f_cum theta_0) formed here, Com(theta_current) of the ledger."""
        curve, decode = self.srs.curve, lambda file, name: commitments(file, self.srs.curve, name, chunk, hiding=True)
        current = Commitments((), ()) if self.state is None else decode(self.state.file, "c_theta")
        return EnrolledPoints(
            theta_p=decode(self.enrolment.file, "c_theta"),
            gradients=decode(self.enrolment.file, "c_gradients"),
            base_free=Commitments.of(curve, self._base_free(chunk)),
            theta_current=current,
        )

    def _base_free(self, chunk: int) -> list[Point]:
        """The base's commitments, checked, less the base weights that were forgotten."""
        curve, theta = self.srs.curve, self.enrolment.cut.part(self.base.file.tensors["theta0"], chunk)
        fleet = commitments(self.base.file, curve, "c_base", chunk, hiding=False)
        if not are_commitments(self.srs, self.layout, fleet, list(lane_matrix(self.layout, theta))):
            raise self.base.file.error("the commitments are not those of the file's own values", f"c_base[{chunk}]")
        forgotten = lane_matrix(self.layout, theta * (1 - self.free(chunk)))
        less = [curve.negate(commit_active(self.srs, self.layout, lane)) for lane in forgotten]
        return [curve.add(point, other) for point, other in zip(fleet.points, less, strict=True)]


def _check_replaced(state: State, enrolment: Enrolment) -> None:
    """A re-enrolment replaces another enrolment of the same client over the same weights."""
    expect_cut(state.file, state.cut, enrolment.cut)
    expect_client(state.file, state.client, enrolment.client)
    if state.enrolment == enrolment.file.digest:
        raise state.file.error("already belongs to this enrolment: a re-enrolment needs a new one", "enrolment_digest", state.enrolment.hex())


def _check_proof(
    proof: EnrolmentProof, enrolment: Enrolment, base: Base, state: State | None, made: tuple[bytes, bytes], insecure: bool
) -> None:
    """The proof answers exactly these files and holds every chunk."""
    replaced = FIRST if state is None else state.file.digest
    digests = {
        "enrolment_digest": (proof.enrolment, enrolment.file.digest),
        "base_digest": (proof.base, base.file.digest),
        "state_digest": (proof.state or FIRST, replaced),
        "enrol_tables_digest": (proof.enrol_tables, made[0]),
        "srs_digest": (proof.srs, made[1]),
    }
    for name, (found, wanted) in digests.items():
        expect_digest(proof.file, name, found, wanted)
    expect_client(proof.file, proof.client, enrolment.client)
    expect_flag(proof.file, "insecure", proof.insecure, insecure)
    if proof.chunks != tuple(range(len(enrolment.cut.chunks))):
        raise proof.file.error("must be every chunk of the enrolment", "chunks", proof.chunks)

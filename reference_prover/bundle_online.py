"""The files of one client and one request, checked against each other, and the statement of each chunk."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .artefacts import Bundle, Enrolment, State
from .artefacts_parts import message_name
from .artefacts_provider import Request, forget_name
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
from .layout import Layout
from .plonk import VerifyingKey
from .rounds.points import ChunkPoints
from .rounds.verify import verify_chunk
from .srs import Srs
from .statement import Statement, rules
from .tables import Tables


@dataclass
class OnlineSession:
    """Everything public that the messages of one bundle share. `key` is set before the first chunk is verified."""

    srs: Srs
    layout: Layout
    enrolment: Enrolment
    request: Request
    state: State
    bundle: Bundle
    key: VerifyingKey = field(init=False)

    @classmethod
    def open(
        cls, tables: Tables, srs: Srs, layout: Layout, enrolment: Path, request: Path, state: Path, bundle: Path, insecure: bool
    ) -> "OnlineSession":
        """Reads the files and checks that they speak of one model, preset, client, reference string and set of tables, and that the
        bundle answers exactly this request from exactly this state. Raises ArtefactError."""
        made = (tables.digest, srs.digest)
        own, asked = Enrolment.read(enrolment, layout), Request.read(request, layout)
        held, answer = State.read(state, layout), Bundle.read(bundle, layout)
        for one in (own, asked, answer):
            expect_made(one.file, one.made, made)
        for one in (own, asked):
            expect_flag(one.file, "srs_insecure", one.srs_insecure, srs.insecure)
        for one in (asked, held):
            expect_cut(one.file, one.cut, own.cut)
        expect_model(asked.file, asked.model, asked.base, own.model, own.base)
        for one in (held, answer):
            expect_client(one.file, one.client, own.client)
            expect_digest(one.file, "enrolment_digest", one.enrolment, own.file.digest)
        expect_digest(answer.file, "request_digest", answer.request, asked.file.digest)
        expect_digest(answer.file, "state_digest", answer.state, held.file.digest)
        expect_flag(answer.file, "insecure", answer.insecure, insecure)
        if answer.chunks != asked.touched:
            raise answer.file.error("must be exactly the chunks that the request touches", "chunks", answer.chunks)
        session = cls(srs, layout, own, asked, held, answer)
        for chunk in asked.touched:
            session.statement(chunk)
        return session

    @property
    def chunks(self) -> list[tuple[int, int]]:
        """(number, weights) of each touched chunk."""
        return [(chunk, self.enrolment.cut.chunks[chunk]) for chunk in self.request.touched]

    def verify(self, chunk: int) -> None:
        """Raises ProofRefused where the bundle's message does not prove the chunk's statement; ArtefactError or PointError where
        a commitment of the files is not what it must be."""
        message = self.bundle.file.tensors[message_name(chunk)].tobytes()
        verify_chunk(self.key, self.statement(chunk), self.points(chunk), message)

    def statement(self, chunk: int) -> Statement:
        """T1 and T2 follow from the rule, D from the request; none is read from the bundle. Raises ArtefactError where the
        damping makes a limit that its slack cannot hold: then no client could prove."""
        gamma, weights = self.enrolment.gamma[chunk], self.enrolment.cut.chunks[chunk]
        t1, t2 = rules(gamma, weights, self.layout.rows)
        for limit, width in zip((t1, t2), self.layout.slack_bits):
            if limit >> width:
                raise self.enrolment.file.error(f"the damping makes a limit of more than {width} bits", "gamma", gamma)
        return Statement(
            preset=self.layout.preset,
            client=self.enrolment.client,
            tables=self.enrolment.made[0],
            srs=self.enrolment.made[1],
            enrolment=self.enrolment.file.digest,
            state=self.state.file.digest,
            request=self.request.file.digest,
            chunk=chunk,
            weights=weights,
            gamma=gamma,
            t1=t1,
            t2=t2,
            d=self.request.budget[self.request.touched.index(chunk)],
        )

    def points(self, chunk: int) -> ChunkPoints:
        """Com(theta_p) of the ledger, Com(G) of the enrolment, Com(H) of the request, and Com(f) of f_cum f_new, formed here."""
        curve, index = self.srs.curve, self.request.touched.index(chunk)
        forget = commitments(self.request.file, curve, "c_forget", index, hiding=False)
        self._check_public(chunk, index, forget)
        masked = self.request.mask | self.state.cumulative
        free = lane_matrix(self.layout, self._part(~masked, chunk))
        return ChunkPoints(
            theta_p=commitments(self.state.file, curve, "c_theta", chunk, hiding=True),
            free=Commitments.of(curve, [commit_active(self.srs, self.layout, lane) for lane in free]),
            gradients=commitments(self.enrolment.file, curve, "c_gradients", chunk, hiding=True),
            forget_rows=forget,
        )

    def _check_public(self, chunk: int, index: int, forget: Commitments) -> None:
        """The request's commitments are those of its own mask and forget rows."""
        fleet = commitments(self.request.file, self.srs.curve, "c_free", index, hiding=False)
        rows = [lane_matrix(self.layout, row) for row in self.request.file.tensors[forget_name(chunk)]]
        free = lane_matrix(self.layout, self._part(~self.request.mask, chunk))
        for name, points, columns in (("c_free", fleet, list(free)), ("c_forget", forget, [lane for row in rows for lane in row])):
            if not are_commitments(self.srs, self.layout, points, columns):
                raise self.request.file.error("the commitments are not those of the file's own values", f"{name}[{index}]")

    def _part(self, mask: np.ndarray, chunk: int) -> np.ndarray:
        """A chunk's part of a mask, as integers."""
        return self.enrolment.cut.part(mask, chunk).astype(np.int8)

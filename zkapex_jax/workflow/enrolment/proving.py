"""Prove an enrolment chunk by chunk: rows in range, weights near the base and, anew, the ledger's own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.formats.atomic import make_directory, refuse_existing
from zkapex_jax.formats.reading import read_bytes
from zkapex_jax.protocol import Base, ClientSecret, Enrolment, EnrolmentProof, State, chunk_name
from zkapex_jax.protocol.bundle import MAX_PROOF_BYTES
from zkapex_jax.protocol.checks import check_base, check_replaced, check_secret
from zkapex_jax.prover import EnrolmentFiles, OnProgress, tell
from zkapex_jax.workflow import counted, openings
from zkapex_jax.workflow.enrolment.checking import check_enrolment_chunk
from zkapex_jax.workflow.folders import ClientFolder
from zkapex_jax.workflow.openings import ROWS, WEIGHTS, Opening
from zkapex_jax.workflow.points import ensure_points
from zkapex_jax.workflow.proving import ProvedChunk, is_proven, proof_path, proved_chunks, refuse_seeded, speed
from zkapex_jax.workflow.toolchain import Toolchain


@dataclass(frozen=True)
class EnrolmentProofResult:
    """The proof, and what it cost. `seconds` is all of it, `prove_seconds` the prover's own over chunks proven now."""

    proof: Path
    digest: str
    bytes: int
    chunks: tuple[ProvedChunk, ...]
    weights: int
    seconds: float
    prove_seconds: float
    us_per_weight: float
    check_seconds: float | None
    peak_rss_bytes: int


@dataclass(frozen=True)
class EnrolmentSession:
    """What an enrolment proof speaks of, known to belong together. `made` holds the enrolment: the client's folder, or its
    `renewal` when `state` is given; openings are counted in `client` in either case."""

    client: ClientFolder
    made: ClientFolder
    base: Base
    enrolment: Enrolment
    secret: ClientSecret
    state: State | None

    @classmethod
    def open(cls, tool: Toolchain, folder: Path, base: Path | None, state: Path | None) -> EnrolmentSession:
        """Raises InputError or RefusedError if a file is malformed or they do not belong together."""
        client = ClientFolder.open(folder)
        made = client if state is None else client.renewal
        enrolment = Enrolment.from_file(made.enrolment)
        session = cls(
            client, made, Base.from_file(base or client.base), enrolment, ClientSecret.from_file(made.secret, verify=False),
            State.from_file(state) if state else None,
        )  # fmt: skip
        tool.check(enrolment)
        tool.check(session.base)
        check_base(session.base, enrolment)
        check_secret(session.secret, enrolment)
        if session.state is not None:
            check_replaced(session.state, enrolment)
            require_current(client, session.state)
        return session

    def free(self) -> np.ndarray:
        """bool [W]: weights that no accepted request has zeroed."""
        return np.ones(self.enrolment.layout.weights, np.bool_) if self.state is None else ~self.state.cumulative()

    def openings(self, tool: Toolchain, chunks: list[int]) -> Iterator[Opening]:
        """What proofs of these chunks open: the new commitments, and for a re-enrolment the weights that it ties them to."""
        parts = [(WEIGHTS, self.enrolment.tensor("c_theta"), False), (ROWS, self.enrolment.tensor("c_gradients"), False)]
        if self.state is not None:
            parts.append((WEIGHTS, self.state.tensor("c_theta"), True))
        for chunk in chunks:
            for part, points, tie in parts:
                yield Opening(chunk, part, openings.key_of(points[chunk]), openings.limit_for(tool.preset, part, tie=tie))


def prove_enrolment(
    tool: Toolchain,
    *,
    folder: Path,
    base: Path | None = None,
    state: Path | None = None,
    check: bool = True,
    unchecked: bool = False,
    force: bool = False,
    on_progress: OnProgress | None = None,
) -> EnrolmentProofResult:
    """Prove every chunk of the enrolment in `folder`, or with `state` of the one in `folder`/renewal. An interrupted run resumes.

    With `check`, the reference checker reads every constraint first. `unchecked` proves whatever the secret says, to show
    that verifiers refuse it.

    Raises RefusedError if files do not belong together, or commitments were opened as often as their blinding allows;
    InputError if the secret does not satisfy the statement, or is older than `state`.
    """
    started = time.monotonic()
    session = EnrolmentSession.open(tool, folder, base, state)
    target = session.made.enrolment_proof
    refuse_existing(target, force=force)
    checked = _check(tool, session, on_progress) if check and not unchecked else None
    proofs = make_directory(session.made.path / f"enrolment-chunks-{session.enrolment.digest[:16]}", mode=0o700)
    with session.client.exclusive():
        files = _files(tool, session, on_progress)
        refuse_seeded(proofs, range(len(session.enrolment.layout.chunks)))
        missing = [chunk for chunk in range(len(session.enrolment.layout.chunks)) if not is_proven(proofs, chunk)]
        counted.count_once(
            proofs, missing, lambda fresh: openings.spend(session.client.openings, session.openings(tool, fresh))
        )
        report = tool.prover.prove_enrolment(
            tool.enrol_tables, tool.srs, files, secret=session.secret.path, out=proofs, unchecked=unchecked,
            current_secret=session.client.secret if session.state else None, on_progress=on_progress,
        )  # fmt: skip
        counted.release(proofs)
    proof = _write(tool, session, proofs, target, force=force)
    chunks, peak = proved_chunks(report)
    spent, us_per_weight = speed(chunks)
    return EnrolmentProofResult(
        proof.path, proof.digest, proof.path.stat().st_size, chunks, sum(chunk.weights for chunk in chunks),
        time.monotonic() - started, spent, us_per_weight, checked, peak,
    )  # fmt: skip


def require_current(client: ClientFolder, state: State) -> None:
    """The state holds the commitments that the client's secret opens now."""
    if openings.load(client.openings).current[WEIGHTS] != openings.keys_of(state.tensor("c_theta")):
        raise InputError(
            "holds other commitments than the client's present ones", code="stale_secret", file=state.path, field="c_theta",
            hint="run `zkapex advance` (or `adopt`) with the state that the provider returned, or ask for the current state",
        )  # fmt: skip


def _files(tool: Toolchain, session: EnrolmentSession, on_progress: OnProgress | None) -> EnrolmentFiles:
    enrolment, base, client = session.enrolment, session.base, session.client
    return EnrolmentFiles(
        enrolment.path, ensure_points(tool, "enrolment", enrolment, client.points(enrolment.digest), on_progress),
        base.path, ensure_points(tool, "base", base, client.points(base.digest), on_progress),
        session.state.path if session.state else None,
    )  # fmt: skip


def _check(tool: Toolchain, session: EnrolmentSession, on_progress: OnProgress | None) -> float:
    """Every constraint of every chunk, read by the reference checker; returns seconds."""
    started, layout, free = time.monotonic(), session.enrolment.layout, session.free()
    theta, theta0 = session.secret.tensor("theta"), session.base.theta0()
    tied = ClientSecret.from_file(session.client.secret, verify=False).tensor("theta") if session.state else None
    for chunk in range(len(layout.chunks)):
        place = slice(*layout.bounds(chunk))
        check_enrolment_chunk(
            tool, session.enrolment, session.base, session.state, chunk, theta=theta[place], theta0=theta0[place], free=free[place],
            rows=session.secret.tensor(chunk_name("gradients", chunk)), tied=None if tied is None else tied[place],
        )  # fmt: skip
        tell(on_progress, "check", chunk + 1, len(layout.chunks), layout.bounds(chunk)[1], layout.weights)
    return time.monotonic() - started


def _write(tool: Toolchain, session: EnrolmentSession, proofs: Path, target: Path, *, force: bool) -> EnrolmentProof:
    chunks = range(len(session.enrolment.layout.chunks))
    fields: dict[str, Any] = {
        "client_id": session.enrolment.client_id, "enrolment_digest": session.enrolment.digest, "base_digest": session.base.digest,
        "state_digest": session.state.digest if session.state else "", "preset": tool.preset.name,
        "enrol_tables_digest": tool.enrol_tables_digest, "srs_digest": tool.srs_digest, "insecure": tool.insecure, "chunks": tuple(chunks),
    }  # fmt: skip
    tensors = {
        chunk_name("proof", i): np.frombuffer(read_bytes(proof_path(proofs, i), max_bytes=MAX_PROOF_BYTES), np.uint8)
        for i in chunks
    }
    return EnrolmentProof.parse(fields).to_file(target, tensors, force=force)

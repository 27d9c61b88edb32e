"""The client's side of the toy world, played by the reference prover: messages from the client's own secret file."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

import numpy as np
from interop_files import Case

from reference_prover import srs, tables
from reference_prover.bundle_enrolment import EnrolmentSession
from reference_prover.bundle_online import OnlineSession
from reference_prover.chunk_blinding import Source
from reference_prover.curve import curve
from reference_prover.enrolment import prove as enrolment_prover
from reference_prover.enrolment import witness as enrolment_witness
from reference_prover.layout import of_enrolment_tables, of_tables
from reference_prover.plonk import ProvingKey
from reference_prover.rounds import prove as online_prover
from reference_prover.witness import from_arrays
from zkapex_jax.protocol import Base, ClientSecret, Request, Update, chunk_name


@dataclass(frozen=True)
class PythonClient:
    """A case whose proof file is there already (the Rust program's), and the secret behind it; by the fastest backend."""

    case: Case
    secret: Path
    update: Path | None = None

    @cached_property
    def key(self) -> ProvingKey:
        backend = curve()
        return ProvingKey.of(tables.read(self.case.tables), srs.read(self.case.srs, backend), backend)

    @property
    def _setup(self) -> tuple:
        return self.key.verifying.circuit.tables, self.key.verifying.srs

    def answer(self, source: Source = Source()) -> dict[str, np.ndarray]:
        """Messages of every touched chunk, as tensors of a bundle. Seeds of the new weights are drawn, or derived from `source`."""
        layout, case = of_tables(self._setup[0]), self.case
        session = OnlineSession.open(*self._setup, layout, case.enrolment, case.request, case.state, case.proof, case.allow_insecure)
        result = {}
        for chunk, _ in session.chunks:
            seeds = self._seeds(chunk) | {"theta_u": theta_seed(source, chunk)}
            blinding = online_prover.blinding_of(layout, chunk, seeds, source)
            message = online_prover.prove_chunk(self.key, session.statement(chunk), self._witness(session, chunk), session.points(chunk), blinding, source)
            result[chunk_name("proof", chunk)] = np.frombuffer(message, np.uint8)
        return result

    def enrol(self, source: Source = Source()) -> dict[str, np.ndarray]:
        """Messages of every chunk of a first enrolment."""
        layout, case = of_enrolment_tables(self._setup[0]), self.case
        session = EnrolmentSession.open(*self._setup, layout, case.base, case.enrolment, case.proof, None, case.allow_insecure)
        secret, base, result = ClientSecret.from_file(self.secret), Base.from_file(case.base), {}
        for chunk, _ in session.chunks:
            part = lambda values: session.enrolment.cut.part(values, chunk)
            witness = enrolment_witness.from_arrays({
                "theta_p": part(secret.tensor("theta")), "theta_0": part(base.tensor("theta0")), "free": session.free(chunk).astype(np.uint8),
                "gradients": secret.tensor(chunk_name("gradients", chunk)),
            })  # fmt: skip
            blinding = enrolment_prover.blinding_of(layout, chunk, self._seeds(chunk), source)
            message = enrolment_prover.prove_chunk(self.key, session.statement(chunk), witness, session.points(chunk), blinding, source)
            result[chunk_name("proof", chunk)] = np.frombuffer(message, np.uint8)
        return result

    def _seeds(self, chunk: int) -> dict[str, bytes]:
        """Of the long-lived commitments."""
        secret = ClientSecret.from_file(self.secret)
        return {"theta_p": secret.tensor("theta_seeds")[chunk].tobytes(), "gradients": secret.tensor("gradient_seed").tobytes()}

    def _witness(self, session: OnlineSession, chunk: int):
        secret, update, request = ClientSecret.from_file(self.secret), Update.from_file(self.update), Request.from_file(self.case.request)
        part = lambda values: session.enrolment.cut.part(values, chunk)
        return from_arrays({
            "theta_p": part(secret.tensor("theta")), "theta_u": part(update.tensor("theta_u")), "sigma": update.tensor(chunk_name("sigma", chunk)),
            "free": (~part(session.request.mask | session.state.cumulative)).astype(np.uint8),
            "gradients": np.concatenate([secret.tensor(chunk_name("gradients", chunk)), request.forget_rows(chunk)]),
        })  # fmt: skip


def theta_seed(source: Source, chunk: int) -> bytes:
    """The seed of the new weights' commitment."""
    return secrets.token_bytes(32) if source.insecure is None else derived(source.insecure, chunk)


def derived(seed: bytes, chunk: int) -> bytes:
    """As the Rust program derives it: BLAKE2b-256 under the seed."""
    return blake2b(b"zkapex/insecure/theta/1" + chunk.to_bytes(8, "little"), digest_size=32, key=seed).digest()

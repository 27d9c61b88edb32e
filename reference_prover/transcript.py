"""The outer transcript: BLAKE2b-512 over labelled, length-prefixed messages (Fiat-Shamir for the online protocol).

    state             64 bytes, at first H(0x02 || "zkapex/outer/1")
    absorb(l, data)   state = H(state || 0x00 || le64(|l|) || l || le64(|data|) || data)
    challenge(l)      state = H(state || 0x01 || le64(|l|) || l); the scalar is int(state, little endian) mod p

Every challenge depends on all that came before it. A 512-bit integer reduced mod p is within 2^-256 of uniform.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Sequence

from .errors import ChallengeError, StatementError
from .field import MODULUS
from .statement import Statement

DOMAIN = b"zkapex/outer/1"
STATE_BYTES = 64
POINT_BYTES = 48  # a compressed point of G1


def _hash(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=STATE_BYTES).digest()


def _prefixed(data: bytes) -> bytes:
    return len(data).to_bytes(8, "little") + data


def scalar(state: bytes) -> int:
    """The challenge in [0, p) that 64 bytes stand for."""
    return int.from_bytes(state, "little") % MODULUS


class Transcript:
    """The three rules above; nothing about unlearning."""

    def __init__(self) -> None:
        self.state = _hash(b"\x02" + DOMAIN)

    def absorb(self, label: str, data: bytes) -> None:
        self.state = _hash(self.state + b"\x00" + _prefixed(label.encode()) + _prefixed(data))

    def challenge(self, label: str) -> bytes:
        """The next 64-byte challenge, which is also the new state."""
        self.state = _hash(self.state + b"\x01" + _prefixed(label.encode()))
        return self.state


@dataclass(frozen=True)
class Challenges:
    """r (64 bytes, expanded to the ternary vectors), and the scalars eta, rho, mu. Raises ChallengeError if mu is 0:
    mu separates the seven sums, and at 0 only the first of them would be checked."""

    r: bytes
    eta: int
    rho: int
    mu: int

    def __post_init__(self) -> None:
        if len(self.r) != STATE_BYTES:
            raise ChallengeError("r takes 64 bytes", field="r", value=len(self.r))
        for name in ("eta", "rho", "mu"):
            if not 0 <= getattr(self, name) < MODULUS:
                raise ChallengeError("a challenge lies in [0, p)", field=name, value=getattr(self, name))
        if self.mu == 0:
            raise ChallengeError("mu must not be zero", field="mu", value=0)

    @classmethod
    def random(cls) -> "Challenges":
        """Challenges from the operating system, for a check before any commitment exists. Not for proofs."""
        return cls(secrets.token_bytes(STATE_BYTES), *(1 + secrets.randbelow(MODULUS - 1) for _ in range(3)))


@dataclass(frozen=True)
class PublicPoints:
    """Compressed commitments that the statement names: theta_p and free a lane, gradients and forget rows [row][lane]."""

    theta_p: Sequence[bytes]
    free: Sequence[bytes]
    gradients: Sequence[bytes]
    forget_rows: Sequence[bytes]


class ChunkTranscript:
    """The transcript of one chunk: absorbs the statement, then takes one round after the other, in order."""

    def __init__(self, statement: Statement, points: PublicPoints) -> None:
        self.inner = Transcript()
        for label, data in statement_messages(statement, points):
            self.inner.absorb(label, data)

    def round_1(self, theta_u: Sequence[bytes], y: Sequence[bytes]) -> bytes:
        """Commitments of theta_u and y -> r."""
        self.inner.absorb("theta_u", join_points("theta_u", theta_u))
        self.inner.absorb("y", join_points("y", y))
        return self.inner.challenge("r")

    def round_2(self, bits: Sequence[bytes]) -> int:
        """Commitments of the bit columns -> eta."""
        self.inner.absorb("bits", join_points("bits", bits))
        return scalar(self.inner.challenge("eta"))

    def round_3(self, q: bytes) -> tuple[int, int]:
        """Commitment of q -> rho, mu. Raises ChallengeError if mu is 0."""
        self.inner.absorb("q", join_points("q", [q]))
        rho = scalar(self.inner.challenge("rho"))
        mu = scalar(self.inner.challenge("mu"))
        if mu == 0:
            raise ChallengeError("mu must not be zero", field="mu", value=0)
        return rho, mu

    def finish(self) -> bytes:
        """The 64 bytes that the Halo2 transcript absorbs before anything else."""
        return self.inner.challenge("inner")


def statement_messages(statement: Statement, points: PublicPoints) -> list[tuple[str, bytes]]:
    """(label, data) of everything absorbed before round 1, in order."""
    return [
        ("relation", statement.relation.encode()),
        ("tables", statement.tables),
        ("srs", statement.srs),
        ("preset", statement.preset.encode()),
        ("client", statement.client.encode()),
        ("enrolment", statement.enrolment),
        ("state", statement.state),
        ("request", statement.request),
        ("chunk", statement.chunk.to_bytes(8, "little")),
        ("weights", statement.weights.to_bytes(8, "little")),
        ("gamma", statement.gamma.to_bytes(8, "little")),
        ("t1", statement.t1.to_bytes(32, "little")),
        ("t2", statement.t2.to_bytes(32, "little")),
        ("d", statement.d.to_bytes(32, "little")),
        ("theta_p", join_points("theta_p", points.theta_p)),
        ("free", join_points("free", points.free)),
        ("gradients", join_points("gradients", points.gradients)),
        ("forget_rows", join_points("forget_rows", points.forget_rows)),
    ]


def join_points(label: str, points: Sequence[bytes]) -> bytes:
    """Compressed points one after the other. Raises StatementError unless each takes 48 bytes."""
    for index, point in enumerate(points):
        if len(point) != POINT_BYTES:
            raise StatementError("a compressed point takes 48 bytes", field=f"{label}[{index}]", value=len(point))
    return b"".join(points)

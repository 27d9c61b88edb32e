"""Fiat-Shamir of the enrolment: the same outer transcript, its own order of messages."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Sequence

from ..errors import ChallengeError
from ..field import MODULUS
from ..transcript import STATE_BYTES, Transcript, join_points, scalar
from .statement import EnrolmentStatement


@dataclass(frozen=True)
class EnrolmentChallenges:
    """b and a (64 bytes each, expanded to the ternary vectors), and the scalars eta, zeta, rho, mu. Raises ChallengeError if
    mu is 0: it separates the four sums."""

    b: bytes
    a: bytes
    eta: int
    zeta: int
    rho: int
    mu: int

    def __post_init__(self) -> None:
        for name in ("b", "a"):
            if len(getattr(self, name)) != STATE_BYTES:
                raise ChallengeError("takes 64 bytes", field=name, value=len(getattr(self, name)))
        for name in ("eta", "zeta", "rho", "mu"):
            if not 0 <= getattr(self, name) < MODULUS:
                raise ChallengeError("a challenge lies in [0, p)", field=name, value=getattr(self, name))
        if self.mu == 0:
            raise ChallengeError("mu must not be zero", field="mu", value=0)

    @classmethod
    def random(cls) -> "EnrolmentChallenges":
        """Challenges from the operating system, for a check before any commitment exists. Not for proofs."""
        seeds = (secrets.token_bytes(STATE_BYTES) for _ in range(2))
        return cls(*seeds, *(1 + secrets.randbelow(MODULUS - 1) for _ in range(4)))


@dataclass(frozen=True)
class EnrolmentPoints:
    """Compressed commitments that the statement names: theta_p and base_free (f_cum theta_0) a lane, gradients [row][lane],
    theta_current a lane for a re-enrolment (empty for a first one)."""

    theta_p: Sequence[bytes]
    gradients: Sequence[bytes]
    base_free: Sequence[bytes]
    theta_current: Sequence[bytes]


class EnrolmentTranscript:
    """The transcript of one chunk's enrolment: absorbs the statement, then gives challenges in order."""

    def __init__(self, statement: EnrolmentStatement, points: EnrolmentPoints) -> None:
        self.inner = Transcript()
        for label, data in statement_messages(statement, points):
            self.inner.absorb(label, data)

    def seeds(self) -> tuple[bytes, bytes]:
        """b and a: after every row is committed, before t."""
        return self.inner.challenge("b"), self.inner.challenge("a")

    def round_1(self, cells: Sequence[bytes]) -> tuple[int, int, int, int]:
        """Commitments of the cells (slack, v, t) -> eta, zeta, rho, mu. Raises ChallengeError if mu is 0."""
        self.inner.absorb("cells", join_points("cells", cells))
        eta, zeta, rho, mu = (scalar(self.inner.challenge(label)) for label in ("eta", "zeta", "rho", "mu"))
        if mu == 0:
            raise ChallengeError("mu must not be zero", field="mu", value=0)
        return eta, zeta, rho, mu

    def finish(self) -> bytes:
        """The 64 bytes that the Halo2 transcript absorbs before anything else."""
        return self.inner.challenge("inner")


def statement_messages(statement: EnrolmentStatement, points: EnrolmentPoints) -> list[tuple[str, bytes]]:
    """(label, data) of everything absorbed before the first challenge, in order."""
    return [
        ("relation", statement.relation.encode()),
        ("tables", statement.tables),
        ("srs", statement.srs),
        ("preset", statement.preset.encode()),
        ("client", statement.client.encode()),
        ("enrolment", statement.enrolment),
        ("base", statement.base),
        ("state", statement.state),
        ("chunk", statement.chunk.to_bytes(8, "little")),
        ("weights", statement.weights.to_bytes(8, "little")),
        ("gamma", statement.gamma.to_bytes(8, "little")),
        ("d0", statement.d0.to_bytes(32, "little")),
        ("theta_p", join_points("theta_p", points.theta_p)),
        ("gradients", join_points("gradients", points.gradients)),
        ("base_free", join_points("base_free", points.base_free)),
        ("theta_current", join_points("theta_current", points.theta_current)),
    ]

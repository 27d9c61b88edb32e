"""Dishonest provers of whole chunks: each follows every rule of the bytes and claims one thing that is false.

A cheat acts before one of the prover's rounds, so everything that it says later agrees with what it has changed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Callable

from ..enrolment.prove import EnrolmentChunkProver
from ..field import MODULUS
from ..rounds.prove import ChunkProver


@dataclass(frozen=True)
class Cheat:
    """`act` changes the claim of a prover before `round`. `renews`: only in a re-enrolment."""

    round: int
    why: str
    act: Callable[[Any], None]
    renews: bool = False

    @property
    def name(self) -> str:
        return f"cheat.{self.act.__name__}"


def run(prover: Any, rounds: int, cheat: Cheat | None = None) -> bytes:
    """All rounds of a prover of either relation; the last gives the message."""
    for number in range(1, rounds + 1):
        if cheat is not None and cheat.round == number:
            cheat.act(prover)
        message = getattr(prover, f"round_{number}")()
    return message


def kept_weight(prover: ChunkProver) -> None:
    witness = prover.rounds.witness
    theta_u = list(witness.theta_u)
    theta_u[witness.free.index(0)] = 5
    prover.rounds.witness = replace(witness, theta_u=tuple(theta_u))
    prover.rounds.round_1()


def moved_too_far(prover: ChunkProver) -> None:
    witness = prover.rounds.witness
    theta_u = list(witness.theta_u)
    theta_u[witness.free.index(1)] += 1 << 17
    prover.rounds.witness = replace(witness, theta_u=tuple(theta_u))
    prover.rounds.round_1()


def bent_residual(prover: ChunkProver) -> None:
    prover.rounds.claim.y[prover.rounds.claim.free.index(0)] += 1


def shifted_row(prover: ChunkProver) -> None:
    prover.rounds.claim.e[2] += 1


def moved_window(prover: ChunkProver) -> None:
    prover.rounds.claim.p[1] += 1


def hidden_gradient(prover: ChunkProver) -> None:
    t1, t2, d = prover.rounds.claim.slacks
    prover.rounds.claim.slacks = t1 + 1, t2, d


def hidden_rounding(prover: ChunkProver) -> None:
    t1, t2, d = prover.rounds.claim.slacks
    prover.rounds.claim.slacks = t1, t2 + 1, d


def overdrawn_budget(prover: ChunkProver) -> None:
    t1, t2, d = prover.rounds.claim.slacks
    prover.rounds.claim.slacks = t1, t2, d + 1


def turned_products(prover: ChunkProver) -> None:
    claim = prover.rounds.claim
    claim.q[0] = (claim.q[0] + claim.sigma[1] * 12345) % MODULUS
    claim.q[1] = (claim.q[1] - claim.sigma[0] * 12345) % MODULUS


def other_weights(prover: ChunkProver) -> None:
    claim = prover.rounds.claim
    cell = claim.free.index(1)
    claim.theta_p[cell] += 1
    claim.theta_u[cell] += 1


def late_rows(prover: ChunkProver) -> None:
    claim = prover.rounds.claim
    claim.gradients = claim.gradients.copy()
    claim.gradients[0, 0] ^= 1


ONLINE = (
    Cheat(1, "a masked weight is kept: fold.mask", kept_weight),
    Cheat(1, "a free weight moves further than D allows, and the slack wraps", moved_too_far),
    Cheat(1, "y is not gamma delta + G' sigma on a masked weight: power 5 of mu", bent_residual),
    Cheat(1, "e_k is not sigma_k - <G_k, delta>: power 6", shifted_row),
    Cheat(2, "p_j is not <R_j, (delta, e)>: power 10", moved_window),
    Cheat(2, "more of T1 is said to be left than is: power 8", hidden_gradient),
    Cheat(2, "more of T2 is said to be left than is: power 11", hidden_rounding),
    Cheat(2, "more of D is said to be left than is: power 0", overdrawn_budget),
    Cheat(3, "q is turned at right angles to sigma: power 7", turned_products),
    Cheat(4, "the proof is about other weights than the ledger's commitment", other_weights),
    Cheat(4, "a gradient row is changed when the challenges are known", late_rows),
)


def overdrawn_distance(prover: EnrolmentChunkProver) -> None:
    prover.rounds.claim.slack += 1


def shifted_projection(prover: EnrolmentChunkProver) -> None:
    prover.rounds.claim.t[2][1] += 1


def moved_range(prover: EnrolmentChunkProver) -> None:
    prover.rounds.claim.v[1] += 1


def used_forgotten(prover: EnrolmentChunkProver) -> None:
    claim = prover.rounds.claim
    claim.gradients = claim.gradients.copy()
    claim.gradients[1, claim.free.index(0)] = 5


def other_model(prover: EnrolmentChunkProver) -> None:
    prover.rounds.claim.theta_p[0] += 1


def other_current(prover: EnrolmentChunkProver) -> None:
    claim = prover.rounds.claim
    claim.current[claim.free.index(1)] += 1


ENROLMENT = (
    Cheat(1, "more of D0 is said to be left than is: power 0 of mu", overdrawn_distance),
    Cheat(1, "t_jk is not <b_j, row_k>: powers 1 and 3", shifted_projection),
    Cheat(1, "v_l is not <a_l, t>: power 3", moved_range),
    Cheat(2, "a row that is not zero on a forgotten weight: power 2", used_forgotten),
    Cheat(2, "the proof is about other weights than those enrolled", other_model),
    Cheat(2, "the ledger's weights are said to be others", other_current, renews=True),
)

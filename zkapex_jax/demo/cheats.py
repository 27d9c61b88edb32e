"""Lies about an update: each follows the protocol with one lie in it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from zkapex_jax.presets import Preset
from zkapex_jax.protocol import ClientSecret, Request, State, Update, chunk_name
from zkapex_jax.witness import build_chunk

#: Part of a chunk's mask that a cheat keeps, or brings back.
_PART = 0.01


@dataclass(frozen=True)
class Forgery:
    """A lie about the update: theta_u int32 [W] and sigma int64 [n + K] of each touched chunk."""

    name: str
    title: str
    detail: str
    theta_u: np.ndarray
    sigma: Mapping[int, np.ndarray]


@dataclass(frozen=True)
class Honest:
    """What the cheating client has: its secret, the request, and the honest answer that it will bend."""

    secret: ClientSecret
    request: Request
    update: Update
    state: State
    preset: Preset

    def place(self, chunk: int) -> slice:
        """Where a chunk's weights lie in the vector."""
        return slice(*self.request.layout.bounds(chunk))

    def answer(self) -> tuple[np.ndarray, dict[int, np.ndarray]]:
        """A copy of the honest update."""
        sigma = {chunk: self.update.tensor(chunk_name("sigma", chunk)).copy() for chunk in self.request.touched}
        return self.update.tensor("theta_u").copy(), sigma


def forgeries(honest: Honest) -> list[Forgery]:
    """The lies of a client that has answered nothing before."""
    return [ignore_mask(honest), move_far(honest), keep_old_weights(honest)]


def ignore_mask(honest: Honest) -> Forgery:
    """Keep the largest 1 % of one chunk's masked weights and repair the rest perfectly: only the mask is broken."""
    chunk = honest.request.touched[0]
    place = honest.place(chunk)
    theta, mask = honest.secret.tensor("theta")[place], honest.request.mask()[place]
    masked = np.flatnonzero(mask & (theta != 0))
    kept = _largest(theta, masked)
    smaller = mask.copy()
    smaller[kept] = False
    witness = build_chunk(
        theta, honest.secret.tensor(chunk_name("gradients", chunk)), honest.request.forget_rows(chunk),
        honest.secret.gamma[chunk], smaller, honest.preset,
    )  # fmt: skip
    theta_u, sigma = honest.answer()
    theta_u[place], sigma[chunk] = witness.theta_u, witness.sigma
    detail = f"Chunk {chunk}: {len(kept)} of {len(masked)} masked weights stay; all others are compensated perfectly."
    return Forgery("mask_ignored", "Ignores part of the mask", detail, theta_u, sigma)


def move_far(honest: Honest) -> Forgery:
    """Move one free weight so far that the budget D is broken."""
    chunk = honest.request.touched[0]
    place = honest.place(chunk)
    theta_u, sigma = honest.answer()
    free = int(np.flatnonzero(~honest.request.mask()[place])[0])
    step = math.isqrt(honest.request.budget_of(chunk)) + 1
    theta_u[place.start + free] += step if theta_u[place.start + free] < 0 else -step
    detail = f"Chunk {chunk}: weight {free} moves by {step:,} units in the last place, just over the budget √D alone."
    return Forgery("update_tampered", "Tampers with the update", detail, theta_u, sigma)


def keep_old_weights(honest: Honest) -> Forgery:
    """Commit the old weights again and claim that nothing needed to change."""
    _, sigma = honest.answer()
    detail = "Every chunk: the weights from before the request, δ̂ = 0, all three sums within their bounds."
    theta = honest.secret.tensor("theta").copy()
    return Forgery("old_weights", "Commits the old weights again", detail, theta, {k: np.zeros_like(v) for k, v in sigma.items()})


def bring_back(honest: Honest, before: np.ndarray) -> Forgery:
    """Answer the request perfectly, but put back the largest 1 % of one chunk's weights that were forgotten before.

    `before` int32 [W]: the weights of before the earlier request. The solver is told that the forgotten weights hold the
    negative of what is to come back, and must vanish: so they rise from zero to that value, and all others follow.
    """
    chunk = honest.request.touched[0]
    place = honest.place(chunk)
    theta, old, forgotten = honest.secret.tensor("theta")[place], before[place], honest.state.cumulative()[place]
    returned = _largest(old, np.flatnonzero(forgotten & (old != 0)))
    pretended = theta.copy()
    pretended[returned] = -old[returned]
    witness = build_chunk(
        pretended, honest.secret.tensor(chunk_name("gradients", chunk)), honest.request.forget_rows(chunk),
        honest.secret.gamma[chunk], honest.request.mask()[place] | forgotten, honest.preset,
    )  # fmt: skip
    theta_u, sigma = honest.answer()
    theta_u[place], sigma[chunk] = witness.theta_u + (theta - pretended), witness.sigma
    detail = (
        f"Chunk {chunk}: the new mask is respected, and {len(returned)} of {int(forgotten.sum())} weights that the earlier request "
        "zeroed return to their old values; all others are compensated perfectly."
    )
    return Forgery("unforget", "Un-forgets by a second request with a disjoint mask", detail, theta_u, sigma)


def _largest(theta: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The places whose weights are largest in magnitude: a hundredth of them, one at least."""
    order = np.argsort(-np.abs(theta[places].astype(np.int64)), kind="stable")
    return places[order][: max(1, round(_PART * len(places)))]

"""How a client's state follows from its enrolment and each accepted bundle. Anyone can recompute it."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import numpy as np

from zkapex_jax.protocol.bundle import Bundle
from zkapex_jax.protocol.enrolment import Enrolment
from zkapex_jax.protocol.masks import pack_mask
from zkapex_jax.protocol.request import Request
from zkapex_jax.protocol.state import State

_CONTEXT = b"zkapex.head/1\0"

Tensors = dict[str, np.ndarray]


def first_head(enrolment_digest: str) -> str:
    """Head of a fresh state: SHA-256 of the context and the enrolment digest, hex."""
    return hashlib.sha256(_CONTEXT + bytes.fromhex(enrolment_digest)).hexdigest()


def next_head(head: str, request_digest: str, bundle_digest: str) -> str:
    """SHA-256 of the context, the old head, the request digest and the bundle digest, hex."""
    parts = (bytes.fromhex(part) for part in (head, request_digest, bundle_digest))
    return hashlib.sha256(_CONTEXT + b"".join(parts)).hexdigest()


def first_state(
    enrolment: Enrolment, path: str | os.PathLike[str], *, forgotten: np.ndarray | None = None, force: bool = False
) -> State:
    """Write the state of a fresh enrolment: its Com(θ̂p), nothing forgotten, or `forgotten` (bool [W]) on re-enrolment."""
    mask = np.zeros(enrolment.layout.weights, np.bool_) if forgotten is None else forgotten
    fields: dict[str, Any] = {
        "client_id": enrolment.client_id,
        "enrolment_digest": enrolment.digest,
        "position": 0,
        "head": first_head(enrolment.digest),
        "layout": enrolment.layout,
    }
    return State.parse(fields).to_file(path, {"c_theta": enrolment.tensor("c_theta"), "cumulative": pack_mask(mask)}, force=force)


def next_state(state: State, request: Request, bundle: Bundle, path: str | os.PathLike[str], *, force: bool = False) -> State:
    """Write the state after an accepted bundle: Com(θ̂u) of touched chunks, cumulative | mask, position + 1."""
    fields = {name: getattr(state, name) for name in ("client_id", "enrolment_digest", "layout")}
    fields |= {"position": state.position + 1, "head": next_head(state.head, request.digest, bundle.digest)}
    return State.parse(fields).to_file(path, next_tensors(state, request, bundle), force=force)


def next_tensors(state: State, request: Request, bundle: Bundle) -> Tensors:
    """Tensors of the next state; chunks that the request does not touch keep their commitments."""
    theta = state.tensor("c_theta").copy()
    for chunk in bundle.chunks:
        theta[chunk] = bundle.theta_points(chunk)
    return {"c_theta": theta, "cumulative": state.tensor("cumulative") | request.tensor("mask")}

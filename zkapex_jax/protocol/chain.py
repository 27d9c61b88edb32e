"""How a client's state follows from its enrolment, each accepted bundle, and each re-enrolment. Anyone can recompute it."""

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
    return _seal(enrolment_digest)


def next_head(head: str, cause_digest: str, proof_digest: str) -> str:
    """SHA-256 of the context, the old head, what was answered (a request, or a new enrolment) and its proof, hex."""
    return _seal(head, cause_digest, proof_digest)


def first_state(enrolment: Enrolment, path: str | os.PathLike[str], *, force: bool = False) -> State:
    """Write the state of a first enrolment: its Com(θ̂p), nothing forgotten, position 0."""
    tensors = {"c_theta": enrolment.tensor("c_theta"), "cumulative": pack_mask(np.zeros(enrolment.layout.weights, np.bool_))}
    fields = _enrolled(enrolment) | {"position": 0, "head": first_head(enrolment.digest)}
    return State.parse(fields).to_file(path, tensors, force=force)


def renewed_state(
    state: State, enrolment: Enrolment, proof_digest: str, path: str | os.PathLike[str], *, force: bool = False
) -> State:
    """Write the state after a re-enrolment: the new Com(θ̂p), everything forgotten so far, position + 1."""
    tensors = {"c_theta": enrolment.tensor("c_theta"), "cumulative": state.tensor("cumulative")}
    fields = _enrolled(enrolment) | {
        "position": state.position + 1,
        "head": next_head(state.head, enrolment.digest, proof_digest),
    }
    return State.parse(fields).to_file(path, tensors, force=force)


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


def _enrolled(enrolment: Enrolment) -> dict[str, Any]:
    return {"client_id": enrolment.client_id, "enrolment_digest": enrolment.digest, "layout": enrolment.layout}


def _seal(*digests: str) -> str:
    return hashlib.sha256(_CONTEXT + b"".join(map(bytes.fromhex, digests))).hexdigest()

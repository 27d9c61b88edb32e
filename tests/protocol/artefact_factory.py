"""Well-formed artefacts of every kind on the toy preset, without the Rust binary: points are random bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from zkapex_jax.models.layout import TargetLayout
from zkapex_jax.presets import TOY
from zkapex_jax.protocol import (
    Base,
    Bundle,
    ChunkedLayout,
    ClientSecret,
    Enrolment,
    EnrolmentProof,
    ModelRef,
    Request,
    SigningKey,
    State,
    Update,
    chunk_name,
    weights_digest,
)  # fmt: skip
from zkapex_jax.protocol.bundle import points_bytes
from zkapex_jax.protocol.chain import first_state, renewed_state
from zkapex_jax.protocol.masks import pack_mask, touched_chunks
from zkapex_jax.protocol.request import RULES

WEIGHTS = 2000
LAYOUT = ChunkedLayout.cut(TargetLayout("**/kernel", (("a/kernel", (40, 25)), ("b/kernel", (1000,)))), TOY)
MODEL = ModelRef(name="digits", architecture="vit", base_digest="11" * 32)
MADE = {"preset": TOY.name, "tables_digest": "22" * 32, "srs_digest": "33" * 32}
ENROL_TABLES = "44" * 32
GAMMA = (768,) * len(LAYOUT.chunks)


class Factory:
    """Makes artefacts in one folder; `rng` makes every commitment a new one. `model` is what enrolments and requests name."""

    def __init__(self, folder: Path, seed: int = 0, layout: ChunkedLayout = LAYOUT) -> None:
        self.folder, self.rng, self.count = folder, np.random.default_rng(seed), 0
        self.model, self.layout, self.gamma = MODEL, layout, GAMMA[:1] * len(layout.chunks)

    def path(self, stem: str) -> Path:
        self.count += 1
        return self.folder / f"{stem}-{self.count}.safetensors"

    def bytes(self, *shape: int) -> np.ndarray:
        return self.rng.integers(0, 256, shape, np.uint8)

    def base(self, key: SigningKey, *, sign: bool = True, **changes: Any) -> Base:
        theta0 = self.rng.integers(-9999, 9999, self.layout.weights, np.int32)
        tensors = {"theta0": theta0, "c_base": self.bytes(len(self.layout.chunks), TOY.lanes, 48)} | changes.pop("tensors", {})
        fields = {
            "model": ModelRef(name="digits", architecture="vit", base_digest=weights_digest(tensors["theta0"])), "layout": self.layout,
            "srs_insecure": False, "enrol_tables_digest": ENROL_TABLES, "distance": (1 << 40,) * len(self.layout.chunks),
            "created": "2026-01-31T12:00:00Z", "signer": key.public, **MADE,
        }  # fmt: skip
        return Base.parse(fields | changes).to_file(self.path("base"), tensors, sign=key.sign if sign else None)

    def enrolment_proof(self, enrolment: Enrolment, state: State | None = None, **changes: Any) -> EnrolmentProof:
        chunks = range(len(self.layout.chunks))
        tensors = {chunk_name("proof", chunk): self.bytes(TOY.cell_columns * 48 + 900) for chunk in chunks} | changes.pop(
            "tensors", {}
        )
        fields = {
            "client_id": enrolment.client_id, "enrolment_digest": enrolment.digest, "base_digest": enrolment.model.base_digest,
            "state_digest": state.digest if state else "", "preset": TOY.name, "enrol_tables_digest": ENROL_TABLES,
            "srs_digest": MADE["srs_digest"], "insecure": True, "chunks": tuple(chunks),
        }  # fmt: skip
        return EnrolmentProof.parse(fields | changes).to_file(self.path("enrolment-proof"), tensors)

    def enrolment(self, client_id: str = "alice", **changes: Any) -> Enrolment:
        chunks, lanes = len(self.layout.chunks), TOY.lanes
        tensors = {"c_theta": self.bytes(chunks, lanes, 48), "c_gradients": self.bytes(chunks, TOY.client_rows, lanes, 48)}
        tensors |= changes.pop("tensors", {})
        fields = {
            "client_id": client_id, "model": self.model, "layout": self.layout, "gamma": self.gamma, "srs_insecure": False,
            "fixed_point_bits": 16, "nonce": self.bytes(32).tobytes().hex(), "created": "2026-01-31T12:00:00Z", **MADE,
        }  # fmt: skip
        return Enrolment.parse(fields | changes).to_file(self.path("enrolment"), tensors)

    def secret(self, enrolment: Enrolment, **changes: Any) -> ClientSecret:
        tensors = {
            "theta": self.rng.integers(-9, 9, self.layout.weights, np.int32),
            "gradient_seed": self.bytes(32),
            "theta_seeds": self.bytes(len(self.layout.chunks), 32),
        }
        for chunk, size in enumerate(self.layout.chunks):
            tensors[chunk_name("gradients", chunk)] = self.rng.integers(-127, 127, (TOY.client_rows, size), np.int8)
        fields = {
            "client_id": enrolment.client_id,
            "layout": self.layout,
            "preset": TOY.name,
            "gamma": self.gamma,
            "enrolment_digest": enrolment.digest,
        }
        return ClientSecret.parse(fields | changes).to_file(self.path("secret"), tensors)

    def request(self, key: SigningKey, *, mask: np.ndarray | None = None, sign: bool = True, **changes: Any) -> Request:
        if mask is None:
            mask = np.zeros(self.layout.weights, bool)
            mask[::7][: self.layout.chunks[0] // 7] = True  # the first chunk alone
        touched = touched_chunks(mask, self.layout)
        count, tensors = len(touched), {"mask": pack_mask(mask)}
        for chunk in touched:
            tensors[chunk_name("h", chunk)] = self.rng.integers(-9, 9, (TOY.forget_rows, self.layout.chunks[chunk]), np.int8)
        tensors["c_free"], tensors["c_forget"] = (
            self.bytes(count, TOY.lanes, 48),
            self.bytes(count, TOY.forget_rows, TOY.lanes, 48),
        )
        tensors |= changes.pop("tensors", {})
        fields = {
            "request_id": f"r-{self.count}", "model": self.model, "layout": self.layout, "srs_insecure": False, "nonce": self.bytes(32).tobytes().hex(),
            "forget": "digits 3 and 8", "rules": RULES, "touched": touched, "budget": (1 << 40,) * count,
            "created": "2026-01-31T12:00:00Z", "signer": key.public, **MADE,
        }  # fmt: skip
        return Request.parse(fields | changes).to_file(self.path("request"), tensors, sign=key.sign if sign else None)

    def state(self, enrolment: Enrolment, proof: EnrolmentProof | None = None, *, after: State | None = None) -> State:
        if after is None:
            return first_state(enrolment, self.path("state"))
        digest = (proof or self.enrolment_proof(enrolment, after)).digest
        return renewed_state(after, enrolment, digest, self.path("state"))

    def enrol(
        self, ledger: Any, client_id: str = "alice", *, after: State | None = None, **changes: Any
    ) -> tuple[Enrolment, State]:
        """Make an enrolment with its proof and state, and record them."""
        enrolment = self.enrolment(client_id, **changes)
        proof = self.enrolment_proof(enrolment, after)
        state = self.state(enrolment, proof, after=after)
        ledger.add_enrolment(enrolment, proof, state)
        return enrolment, state

    def update(self, enrolment: Enrolment, request: Request, state: State, **changes: Any) -> Update:
        tensors = {"theta_u": self.rng.integers(-9, 9, self.layout.weights, np.int32)}
        tensors |= {chunk_name("sigma", chunk): np.zeros(TOY.rows, np.int64) for chunk in request.touched}
        tensors |= changes.pop("tensors", {})
        fields = {
            "client_id": enrolment.client_id, "request_digest": request.digest,
            "enrolment_digest": enrolment.digest, "state_digest": state.digest,
        }  # fmt: skip
        return Update.parse(fields | changes).to_file(self.path("update"), tensors)

    def bundle(self, enrolment: Enrolment, request: Request, state: State, **changes: Any) -> Bundle:
        tensors = {chunk_name("proof", chunk): self.bytes(points_bytes(TOY) + 1000) for chunk in request.touched}
        tensors |= changes.pop("tensors", {})
        fields = {
            "client_id": enrolment.client_id, "request_digest": request.digest, "enrolment_digest": enrolment.digest,
            "state_digest": state.digest, "insecure": True, "chunks": request.touched, **MADE,
        }  # fmt: skip
        return Bundle.parse(fields | changes).to_file(self.path("bundle"), tensors)

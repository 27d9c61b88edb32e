"""Bundle: the proofs of every touched chunk, one message each. All that a client sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from zkapex_jax.errors import InputError
from zkapex_jax.formats.tensors import TensorSpec
from zkapex_jax.presets import Preset, get_preset
from zkapex_jax.protocol.artefact import POINT_BYTES, Artefact, chunk_name
from zkapex_jax.protocol.fields import ChunkIndex, ClientId, Hex32, PresetName

MAX_PROOF_BYTES = 1 << 20


def points_bytes(preset: Preset) -> int:
    """Length of the commitments at the head of a chunk message: θ̂u and ŷ (P each), the bit columns, Q."""
    return (2 * preset.lanes + preset.bit_columns + 1) * POINT_BYTES


class Bundle(Artefact):
    """Public. Tensors: proof.NNNNN U8 [len], a chunk message: θ̂u points, ŷ points, bits points, Q point, Halo2 proof."""

    kind: ClassVar[str] = "bundle"

    client_id: ClientId
    request_digest: Hex32
    enrolment_digest: Hex32
    state_digest: Hex32
    tables_digest: Hex32
    srs_digest: Hex32
    preset: PresetName
    insecure: bool = Field(strict=True)
    chunks: tuple[ChunkIndex, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if list(self.chunks) != sorted(set(self.chunks)):
            raise ValueError("chunks must be rising numbers, each once")
        return self

    @property
    def preset_sizes(self) -> Preset:
        return get_preset(self.preset)

    def expected_tensors(self, found: Mapping[str, TensorSpec]) -> dict[str, TensorSpec]:
        return {name: self._proof_spec(name, found) for name in (chunk_name("proof", chunk) for chunk in self.chunks)}

    def _proof_spec(self, name: str, found: Mapping[str, TensorSpec]) -> TensorSpec:
        low, spec = points_bytes(self.preset_sizes), found.get(name)
        if spec is not None and (len(spec.shape) != 1 or not low < spec.shape[0] <= MAX_PROOF_BYTES):
            raise InputError(f"must hold {low + 1} to {MAX_PROOF_BYTES} bytes", code="bad_tensor", field=name, value=str(spec))
        return TensorSpec("U8", spec.shape if spec else (low + 1,))

    def theta_points(self, chunk: int) -> np.ndarray:
        """Com(θ̂u) of a chunk, U8 [P, 48]: the head of its message."""
        lanes = self.preset_sizes.lanes
        return self.tensor(chunk_name("proof", chunk))[: lanes * POINT_BYTES].reshape(lanes, POINT_BYTES)

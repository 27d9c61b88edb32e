"""Enrolment proof: that an enrolment's rows are small, its weights near the base, and, anew, the ledger's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import Field, model_validator

from zkapex_jax.errors import InputError
from zkapex_jax.formats.tensors import TensorSpec
from zkapex_jax.presets import Preset, get_preset
from zkapex_jax.protocol.artefact import POINT_BYTES, Artefact, chunk_name
from zkapex_jax.protocol.bundle import MAX_PROOF_BYTES
from zkapex_jax.protocol.fields import ChunkIndex, ClientId, Hex32, OptionalHex32, PresetName


class EnrolmentProof(Artefact):
    """Public. `state_digest` names the state that a re-enrolment replaces; it is empty for a first enrolment.

    Tensors: proof.NNNNN U8 [len] of every chunk, a chunk message: points of the cells, Halo2 proof.
    """

    kind: ClassVar[str] = "enrolment-proof"

    client_id: ClientId
    enrolment_digest: Hex32
    base_digest: Hex32
    state_digest: OptionalHex32
    preset: PresetName
    enrol_tables_digest: Hex32
    srs_digest: Hex32
    insecure: bool = Field(strict=True)
    chunks: tuple[ChunkIndex, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.chunks != tuple(range(len(self.chunks))):
            raise ValueError("chunks must be every chunk, in order")
        return self

    @property
    def preset_sizes(self) -> Preset:
        return get_preset(self.preset)

    @property
    def renews(self) -> bool:
        """Whether it replaces an enrolment."""
        return bool(self.state_digest)

    def expected_tensors(self, found: Mapping[str, TensorSpec]) -> dict[str, TensorSpec]:
        return {name: self._proof_spec(name, found) for name in (chunk_name("proof", chunk) for chunk in self.chunks)}

    def _proof_spec(self, name: str, found: Mapping[str, TensorSpec]) -> TensorSpec:
        low, spec = self.preset_sizes.cell_columns * POINT_BYTES, found.get(name)
        if spec is not None and (len(spec.shape) != 1 or not low < spec.shape[0] <= MAX_PROOF_BYTES):
            raise InputError(f"must hold {low + 1} to {MAX_PROOF_BYTES} bytes", code="bad_tensor", field=name, value=str(spec))
        return TensorSpec("U8", spec.shape if spec else (low + 1,))

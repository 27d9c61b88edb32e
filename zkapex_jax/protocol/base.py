"""Base: the provider's signed word on the model that clients start from: its weights, and how far they may move."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from zkapex_jax.errors import InputError
from zkapex_jax.formats.tensors import TensorSpec
from zkapex_jax.presets import Preset, get_preset
from zkapex_jax.protocol.artefact import POINT_BYTES, Artefact, ModelRef
from zkapex_jax.protocol.fields import Distance, Hex32, PresetName, Timestamp
from zkapex_jax.protocol.layout import LayoutField
from zkapex_jax.quantize.fixed_point import WEIGHT_BITS

_CONTEXT = b"zkapex.base/1\0"


def weights_digest(theta0: np.ndarray) -> str:
    """Names base target weights, int32 [W] in fixed point: SHA-256 of a context and their little-endian bytes."""
    if theta0.dtype != np.int32 or theta0.ndim != 1:
        raise InputError("base weights must be int32 [W] in fixed point", field="theta0", value=theta0.dtype)
    state = hashlib.sha256(_CONTEXT)
    state.update(memoryview(np.ascontiguousarray(theta0, "<i4")).cast("B"))
    return state.hexdigest()


class BaseDraft(Artefact):
    """A base without its commitments and signature: what `commit-base` reads.

    `distance`: D0 of each chunk; an enrolled model has Σ(θ̂p − f_cum·θ̂0)² ≤ D0 there, in squared units of 2^-16.
    Tensors: theta0 I32 [W].
    """

    kind: ClassVar[str] = "base"

    model: ModelRef
    layout: LayoutField
    preset: PresetName
    tables_digest: Hex32
    enrol_tables_digest: Hex32
    srs_digest: Hex32
    srs_insecure: bool = Field(strict=True)
    distance: tuple[Distance, ...] = Field(min_length=1)
    created: Timestamp
    signer: Hex32

    @model_validator(mode="after")
    def _sizes(self) -> Self:
        sizes = self.preset_sizes
        self.layout.check_cut(sizes)
        if len(self.distance) != len(self.layout.chunks):
            raise ValueError("distance must hold one value for each chunk")
        if max(self.distance) >= 1 << sizes.distance_bits:
            raise ValueError(f"distance must be below 2^{sizes.distance_bits} for preset {self.preset}")
        return self

    @property
    def preset_sizes(self) -> Preset:
        return get_preset(self.preset)

    @property
    def model_ref(self) -> ModelRef:
        """How enrolments and requests name this base: by the digest of this artefact, which binds weights and D0 alike."""
        return ModelRef(name=self.model.name, architecture=self.model.architecture, base_digest=self.digest)

    def theta0(self) -> np.ndarray:
        """int32 [W], fixed point."""
        return self.tensor("theta0")

    def check_contents(self) -> None:
        """The weights are those that the header names, each below 2^28 in magnitude."""
        theta0 = self.theta0()
        if max(int(theta0.max()), -int(theta0.min())) >= 1 << WEIGHT_BITS:
            raise InputError(f"weights must be below 2^{WEIGHT_BITS} in magnitude", code="out_of_range", field="theta0")
        if weights_digest(theta0) != self.model.base_digest:
            raise InputError(
                "does not name the weights that it holds",
                code="bad_digest",
                field="model.base_digest",
                value=self.model.base_digest,
            )

    def expected_tensors(self, found: Mapping[str, TensorSpec]) -> dict[str, TensorSpec]:
        return {"theta0": TensorSpec("I32", (self.layout.weights,))}


class Base(BaseDraft):
    """Public and signed. Further tensor: c_base U8 [m, P, 48], commitments of θ̂0 without blinding."""

    def expected_tensors(self, found: Mapping[str, TensorSpec]) -> dict[str, TensorSpec]:
        points = TensorSpec("U8", (len(self.layout.chunks), self.preset_sizes.lanes, POINT_BYTES))
        return super().expected_tensors(found) | {"c_base": points}

"""Enrolment: what a client publishes before any mask exists, and the secret that opens it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import Field, model_validator

from zkapex_jax.formats.tensors import TensorSpec
from zkapex_jax.presets import Preset, get_preset
from zkapex_jax.protocol.artefact import POINT_BYTES, Artefact, ModelRef, chunk_name
from zkapex_jax.protocol.fields import ClientId, FixedPoint, Gamma, Hex32, OptionalHex32, PresetName, Timestamp
from zkapex_jax.protocol.layout import LayoutField


class _Enrolled(Artefact):
    """What the public and the secret half share."""

    client_id: ClientId
    layout: LayoutField
    preset: PresetName
    gamma: tuple[Gamma, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _sizes(self) -> Self:
        self.layout.check_cut(self.preset_sizes)
        if len(self.gamma) != len(self.layout.chunks):
            raise ValueError("gamma must hold one value for each chunk")
        return self

    @property
    def preset_sizes(self) -> Preset:
        return get_preset(self.preset)


class Enrolment(_Enrolled):
    """Public: commitments to the personalised weights and to every curvature row, and γ̂ of each chunk.

    `model.base_digest` is the digest of the base artefact; `nonce` makes two enrolments differ in any case.

    Tensors: c_theta U8 [m, P, 48]; c_gradients U8 [m, n, P, 48].
    """

    kind: ClassVar[str] = "enrolment"

    model: ModelRef
    tables_digest: Hex32
    srs_digest: Hex32
    srs_insecure: bool = Field(strict=True)
    fixed_point_bits: FixedPoint
    nonce: Hex32
    created: Timestamp

    def expected_tensors(self, found: Mapping[str, TensorSpec]) -> dict[str, TensorSpec]:
        chunks, sizes = len(self.layout.chunks), self.preset_sizes
        return {
            "c_theta": TensorSpec("U8", (chunks, sizes.lanes, POINT_BYTES)),
            "c_gradients": TensorSpec("U8", (chunks, sizes.client_rows, sizes.lanes, POINT_BYTES)),
        }


class ClientSecret(_Enrolled):
    """Owner-only: weights, curvature rows and the seeds of the blinding rows.

    Tensors: theta I32 [W] (fixed point, 16 bits); gradients.NNNNN I8 [n, d]; theta_seeds U8 [m, 32];
    gradient_seed U8 [32]. `enrolment_digest` is empty until the enrolment exists.
    """

    kind: ClassVar[str] = "secret"
    is_secret: ClassVar[bool] = True

    enrolment_digest: OptionalHex32

    def expected_tensors(self, found: Mapping[str, TensorSpec]) -> dict[str, TensorSpec]:
        sizes, rows = self.layout.chunks, self.preset_sizes.client_rows
        gradients = {chunk_name("gradients", chunk): TensorSpec("I8", (rows, size)) for chunk, size in enumerate(sizes)}
        return gradients | {
            "theta": TensorSpec("I32", (self.layout.weights,)),
            "theta_seeds": TensorSpec("U8", (len(sizes), 32)),
            "gradient_seed": TensorSpec("U8", (32,)),
        }

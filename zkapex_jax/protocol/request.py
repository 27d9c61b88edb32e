"""Request: the provider's signed order to a fleet: the mask, the forget rows, the rules, a nonce."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from zkapex_jax.errors import InputError
from zkapex_jax.formats.tensors import TensorSpec
from zkapex_jax.presets import Preset, get_preset
from zkapex_jax.protocol.artefact import POINT_BYTES, Artefact, Header, ModelRef, chunk_name
from zkapex_jax.protocol.fields import Budget, ChunkIndex, Hex32, PresetName, RequestId, Text, Timestamp
from zkapex_jax.protocol.layout import LayoutField
from zkapex_jax.protocol.masks import touched_chunks, unpack_mask


class Rules(Header):
    """How T1 and T2 follow from public numbers; version 1 knows one rule for each."""

    t1: Literal["gamma^2*d/8"]
    t2: Literal["32*rows*gamma"]


RULES = Rules(t1="gamma^2*d/8", t2="32*rows*gamma")


class RequestDraft(Artefact):
    """A request without its commitments and signature: what `commit-request` reads.

    Tensors: mask U8 [ceil(W/8)], 1 = zero this weight; h.NNNNN I8 [K, d] of each touched chunk.
    """

    kind: ClassVar[str] = "request"

    request_id: RequestId
    model: ModelRef
    layout: LayoutField
    preset: PresetName
    tables_digest: Hex32
    srs_digest: Hex32
    srs_insecure: bool = Field(strict=True)
    nonce: Hex32
    forget: Text
    rules: Rules
    touched: tuple[ChunkIndex, ...] = Field(min_length=1)
    budget: tuple[Budget, ...] = Field(min_length=1)
    created: Timestamp
    signer: Hex32

    @model_validator(mode="after")
    def _sizes(self) -> Self:
        self.layout.check_cut(self.preset_sizes)
        if list(self.touched) != sorted(set(self.touched)) or self.touched[-1] >= len(self.layout.chunks):
            raise ValueError(f"touched must be rising chunk numbers below {len(self.layout.chunks)}")
        if len(self.budget) != len(self.touched):
            raise ValueError("budget must hold one value for each touched chunk")
        if max(self.budget) >= 1 << self.preset_sizes.slack_bits[2]:
            raise ValueError(f"budget must be below 2^{self.preset_sizes.slack_bits[2]} for preset {self.preset}")
        return self

    @property
    def preset_sizes(self) -> Preset:
        return get_preset(self.preset)

    @property
    def touched_weights(self) -> int:
        """Weights in touched chunks: what a proof costs."""
        return sum(self.layout.chunks[chunk] for chunk in self.touched)

    def budget_of(self, chunk: int) -> int:
        """D of a touched chunk, in squared units of 2^-16."""
        return self.budget[self.touched.index(chunk)]

    def mask(self) -> np.ndarray:
        """bool [W], True = zero this weight."""
        return unpack_mask(self.tensor("mask"), self.layout.weights)

    def forget_rows(self, chunk: int) -> np.ndarray:
        """I8 [K, d]."""
        return self.tensor(chunk_name("h", chunk))

    def check_contents(self) -> None:
        """The mask must touch exactly the chunks that the header names."""
        found = touched_chunks(self.mask(), self.layout)
        if found != self.touched:
            raise InputError("does not name exactly the chunks that the mask touches", field="touched", value=self.touched)

    def expected_tensors(self, found: Mapping[str, TensorSpec]) -> dict[str, TensorSpec]:
        rows, sizes = self.preset_sizes.forget_rows, self.layout.chunks
        forget = {chunk_name("h", chunk): TensorSpec("I8", (rows, sizes[chunk])) for chunk in self.touched}
        return forget | {"mask": TensorSpec("U8", (self.layout.mask_bytes,))}


class Request(RequestDraft):
    """Public and signed. Further tensors: c_free U8 [t, P, 48] and c_forget U8 [t, K, P, 48], t touched chunks."""

    def expected_tensors(self, found: Mapping[str, TensorSpec]) -> dict[str, TensorSpec]:
        sizes, count = self.preset_sizes, len(self.touched)
        return super().expected_tensors(found) | {
            "c_free": TensorSpec("U8", (count, sizes.lanes, POINT_BYTES)),
            "c_forget": TensorSpec("U8", (count, sizes.forget_rows, sizes.lanes, POINT_BYTES)),
        }

"""The layout in an artefact header: which tensors the vector of W weights is made of, and how it is cut in chunks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

from zkapex_jax.errors import InputError
from zkapex_jax.formats.canonical import parse_int
from zkapex_jax.models.chunks import chunk_sizes
from zkapex_jax.models.layout import TargetLayout
from zkapex_jax.presets import Preset
from zkapex_jax.protocol.fields import MAX_CHUNKS


@dataclass(frozen=True)
class ChunkedLayout:
    """Target tensors and the sizes of the chunks that their vector is cut into (they differ by at most one)."""

    target: TargetLayout
    chunks: tuple[int, ...]

    def __post_init__(self) -> None:
        count = len(self.chunks)
        if not 1 <= count <= MAX_CHUNKS or self.chunks != _even(self.weights, count):
            raise InputError("chunk sizes must cut the weights evenly, larger ones first", field="layout.chunks", value=count)

    @classmethod
    def cut(cls, target: TargetLayout, preset: Preset) -> ChunkedLayout:
        """The layout's only cut for a preset: ceil(W / capacity) chunks."""
        return cls(target, chunk_sizes(target.weights, preset.capacity))

    @property
    def weights(self) -> int:
        return self.target.weights

    @property
    def mask_bytes(self) -> int:
        return -(-self.weights // 8)

    def bounds(self, chunk: int) -> tuple[int, int]:
        """Half-open range of a chunk's weights in the vector."""
        large = self.chunks[0]
        extra = self.weights - (large - 1) * len(self.chunks)  # chunks of size `large`, when sizes differ
        start = chunk * large - max(0, chunk - extra)
        return start, start + self.chunks[chunk]

    def check_cut(self, preset: Preset) -> None:
        """Refuse chunk sizes that are not the preset's own cut."""
        count = -(-self.weights // preset.capacity)  # first, for a header may claim weights whose cut fits in no memory
        if len(self.chunks) != count or self.chunks != chunk_sizes(self.weights, preset.capacity):
            raise InputError(f"chunk sizes are not those of preset {preset.name}", field="layout.chunks", value=self.chunks[:4])

    def to_header(self) -> dict[str, Any]:
        return {**self.target.to_header(), "chunks": list(self.chunks)}

    @classmethod
    def from_header(cls, header: Any) -> ChunkedLayout:
        """Parse and check; raises InputError."""
        if not isinstance(header, dict) or set(header) != {"pattern", "tensors", "weights", "chunks"}:
            raise InputError("must hold exactly pattern, tensors, weights and chunks", field="layout", value=header)
        if not isinstance(header["chunks"], list) or len(header["chunks"]) > MAX_CHUNKS:
            raise InputError(f"must be a list of at most {MAX_CHUNKS} sizes", field="layout.chunks")
        target = TargetLayout.from_header(header)
        chunks = tuple(parse_int(size, low=1, high=1 << 40, field="layout.chunks") for size in header["chunks"])
        return cls(target, chunks)


def _even(weights: int, count: int) -> tuple[int, ...]:
    small, larger = divmod(weights, count)
    return (small + 1,) * larger + (small,) * (count - larger)


def _parse(value: Any) -> ChunkedLayout:
    return value if isinstance(value, ChunkedLayout) else ChunkedLayout.from_header(value)


LayoutField = Annotated[ChunkedLayout, BeforeValidator(_parse), PlainSerializer(ChunkedLayout.to_header)]

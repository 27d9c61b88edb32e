"""Bytes on disk, counted from the formats (docs/formats.md): what a client and a provider keep, and the most that enrolling holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zkapex_jax.circuit import build
from zkapex_jax.circuit.cost import cost_sheet
from zkapex_jax.presets import Preset
from zkapex_jax.protocol import ChunkedLayout
from zkapex_jax.protocol.artefact import POINT_BYTES

#: A checked point of a cache, uncompressed; a weight in fixed point; σ̂ of a row.
_RAW_POINT_BYTES = 96
_WEIGHT_BYTES = 4
_SIGMA_BYTES = 8

#: Measured: header of an artefact and of one tensor in it; a row of the ledger's table of commitments with its index;
#: a commitment that openings.json counts; the record beside a chunk's proof.
_HEADER_BYTES = 1400
_TENSOR_BYTES = 210
_LEDGER_BYTES = 130_000
_LEDGER_POINT_BYTES = 118
_OPENING_BYTES = 145
_RECORD_BYTES = 157

#: What a small file takes up.
_BLOCK_BYTES = 4096

#: Copies that enrolling holds beside each other: float32 rows, the secret's draft, and the secret or, before it, the integers.
_FLOAT_BYTES = 4

#: Bytes a weight of the vectors that planning a request keeps on disk: four moments and the scores.
_PLANNING_BYTES = 40


@dataclass(frozen=True)
class Disk:
    """Bytes: a client's folder after one answer; named files at the peak of enrolling, and with the nameless and the gradient
    rows beside them; the provider's folder with one client; the bundle, and the proofs in it. `sketch`: what a sketch of gradients
    keeps for a run that is killed, within the peak; 0 where rows are single examples."""

    client: int
    client_draft: int
    client_peak: int
    provider: int
    bundle: int
    messages: int
    sketch: int = 0


def disk(preset: Preset, layout: ChunkedLayout, touched: Sequence[int], *, sketch: bool = False) -> Disk:
    """Disk of one client and one request that touches these chunks. `sketch`: its gradient rows are one."""
    files = _Files(preset, layout, touched)
    client = (
        files.base + files.secret + files.enrolment + files.enrolment_points + files.base_points + files.request_points
        + 2 * files.enrolment_proof + files.update + files.answers + files.bundle + _OPENING_BYTES * 3 * files.chunks
    )  # fmt: skip
    provider = (
        files.base + files.base_points + files.enrolment + files.enrolment_points + files.enrolment_proof
        + files.request + files.request_points + files.bundle + 2 * files.state + files.ledger
    )  # fmt: skip
    draft = max(client, files.base + 2 * files.secret + files.enrolment)
    rows, kept = _FLOAT_BYTES * layout.weights * preset.client_rows, sketch_disk(preset, layout) if sketch else 0
    return Disk(client, draft, max(client, draft + rows + kept), provider, files.bundle, files.messages, kept)


def sketch_disk(preset: Preset, layout: ChunkedLayout) -> int:
    """What a sketch keeps in the client's folder until its rows are committed to."""
    from zkapex_jax.curvature.sketching import sketch_bytes  # here: it loads what makes gradients
    from zkapex_jax.models.chunks import chunk_bounds

    return sketch_bytes(chunk_bounds(layout.weights, preset.capacity), preset.client_rows)


def answer_bytes(preset: Preset, layout: ChunkedLayout, touched: Sequence[int]) -> int:
    """What proving writes: caches of points, a proof and a record of every touched chunk, the bundle, openings.json anew; a
    disk gives whole blocks."""
    files = _Files(preset, layout, touched)
    opened = _OPENING_BYTES * 3 * files.chunks
    blocks = _BLOCK_BYTES * (2 * len(touched) + 4)
    return files.enrolment_points + files.request_points + files.answers + files.bundle + opened + blocks


def request_bytes(preset: Preset, layout: ChunkedLayout, touched: Sequence[int]) -> int:
    """A request and its draft beside it."""
    return 2 * _Files(preset, layout, touched).request


def planning_bytes(preset: Preset, layout: ChunkedLayout, touched: Sequence[int]) -> int:
    """What the provider's folder holds at the peak of a request: vectors of planning, forget rows twice, the published request."""
    files = _Files(preset, layout, touched)
    vectors = (_PLANNING_BYTES + (_FLOAT_BYTES + 1) * preset.forget_rows) * layout.weights
    return vectors + files.request + files.request_points


def benchmark_bytes(preset: Preset, layout: ChunkedLayout) -> int:
    """Client and provider of a benchmark, whose gradient rows are in memory."""
    sizes = disk(preset, layout, range(len(layout.chunks)))
    return sizes.client_draft + sizes.provider


def whole_run_bytes(preset: Preset, layout: ChunkedLayout) -> int:
    """Client and provider of a full-size run at its fullest: its gradient rows (given up as their integers are made), drafts, or planning."""
    touched = range(len(layout.chunks))
    files, sizes = _Files(preset, layout, touched), disk(preset, layout, touched)
    rows = files.base + _FLOAT_BYTES * layout.weights * preset.client_rows
    return max(rows, sizes.client_draft, sizes.client + planning_bytes(preset, layout, touched)) + sizes.provider


class _Files:
    """Sizes of the files of one client and one request."""

    def __init__(self, preset: Preset, layout: ChunkedLayout, touched: Sequence[int]) -> None:
        self.preset, self.weights = preset, layout.weights
        self.chunks, self.touched = len(layout.chunks), len(touched)
        self.touched_weights = sum(layout.chunks[chunk] for chunk in touched)
        self.messages = self.touched * cost_sheet(build("fold_kkt", preset)).message_bytes
        self.enrolment_messages = self.chunks * cost_sheet(build("enrol", preset)).message_bytes

    def _points(self, columns: int, size: int = POINT_BYTES) -> int:
        return columns * self.preset.lanes * size

    @property
    def base(self) -> int:
        return _HEADER_BYTES + _WEIGHT_BYTES * self.weights + self._points(self.chunks)

    @property
    def base_points(self) -> int:
        return _HEADER_BYTES // 4 + self._points(self.chunks, _RAW_POINT_BYTES)

    @property
    def secret(self) -> int:
        return _HEADER_BYTES + (_TENSOR_BYTES + 32) * self.chunks + (_WEIGHT_BYTES + self.preset.client_rows) * self.weights

    @property
    def enrolment(self) -> int:
        return _HEADER_BYTES + self._points(self.chunks * (self.preset.client_rows + 1))

    @property
    def enrolment_points(self) -> int:
        return _HEADER_BYTES // 4 + self._points(self.chunks * self.preset.client_rows, _RAW_POINT_BYTES)

    @property
    def enrolment_proof(self) -> int:
        return _HEADER_BYTES // 2 + _TENSOR_BYTES * self.chunks + self.enrolment_messages

    @property
    def request(self) -> int:
        rows = self.preset.forget_rows
        points = self._points(self.touched * (rows + 1))
        return _HEADER_BYTES + _TENSOR_BYTES * self.touched + self.weights // 8 + rows * self.touched_weights + points

    @property
    def request_points(self) -> int:
        return _HEADER_BYTES // 4 + self._points(self.touched * (self.preset.forget_rows + 1), _RAW_POINT_BYTES)

    @property
    def update(self) -> int:
        return _HEADER_BYTES + (_TENSOR_BYTES + _SIGMA_BYTES * self.preset.rows) * self.touched + _WEIGHT_BYTES * self.weights

    @property
    def answers(self) -> int:
        return self.messages + _RECORD_BYTES * self.touched

    @property
    def bundle(self) -> int:
        return _HEADER_BYTES // 2 + _TENSOR_BYTES * self.touched + self.messages

    @property
    def state(self) -> int:
        return _HEADER_BYTES // 2 + self._points(self.chunks) + self.weights // 8

    @property
    def ledger(self) -> int:
        columns = self.chunks * (self.preset.client_rows + 1) + self.touched
        return _LEDGER_BYTES + columns * self.preset.lanes * _LEDGER_POINT_BYTES

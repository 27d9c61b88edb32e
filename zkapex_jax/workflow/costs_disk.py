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
_LEDGER_BYTES = 80_000
_LEDGER_POINT_BYTES = 118
_OPENING_BYTES = 145
_RECORD_BYTES = 157

#: Copies that enrolling holds beside each other: float32 rows, their integers, the secret's draft and the secret.
_FLOAT_BYTES = 4


@dataclass(frozen=True)
class Disk:
    """Bytes: a client's folder after one answer; named files at the peak of enrolling, and with the nameless and the gradient
    rows beside them; the provider's folder with one client; the bundle, and the proofs in it."""

    client: int
    client_draft: int
    client_peak: int
    provider: int
    bundle: int
    messages: int


def disk(preset: Preset, layout: ChunkedLayout, touched: Sequence[int]) -> Disk:
    """Disk of one client and one request that touches these chunks."""
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
    rows = (_FLOAT_BYTES + 1) * layout.weights * preset.client_rows
    return Disk(client, draft, max(client, draft + rows), provider, files.bundle, files.messages)


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

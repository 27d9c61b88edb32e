"""What answering a request will cost, before anything is proven."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zkapex_jax.circuit import build_fold_kkt
from zkapex_jax.circuit.cost import CostSheet, cost_sheet
from zkapex_jax.errors import InputError, InternalError
from zkapex_jax.presets import Preset
from zkapex_jax.protocol import ChunkedLayout

#: Peak memory of the prover: a base, and field elements of 32 bytes a row of the domain; fitted to proofs measured at
#: 16 lanes with k = 12 and 14 and at 8 lanes with k = 15. A calibration replaces it by a measurement.
_MEMORY_BASE = 34 << 20
_ROW_ELEMENTS = 80
_ROW_ELEMENTS_A_LANE = 39
_ELEMENT_BYTES = 32
_POINT_BYTES = 96


@dataclass(frozen=True)
class Estimate:
    """Cost of proving and verifying `chunks` chunks of `weights` weights. `source` says where the times come from."""

    chunks: int
    weights: int
    prove_seconds: float
    verify_seconds: float
    bundle_bytes: int
    memory_bytes: int
    disk_bytes: int
    source: str


def estimate(
    preset: Preset, *, layout: ChunkedLayout, touched: Sequence[int], measured: dict[str, Any] | None = None
) -> Estimate:
    """Cost of a request that touches these chunks. `measured`: what `benchmark` returned on this machine, if it was run.

    A proof covers a chunk's whole domain, so that time goes by chunks, not by weights. Raises InputError for a chunk
    that the layout does not have.
    """
    for chunk in touched:
        if not 0 <= chunk < len(layout.chunks):
            raise InputError(f"must be below {len(layout.chunks)}", code="out_of_range", field="chunk", value=chunk)
    sheet = cost_sheet(build_fold_kkt(preset))
    prove, verify, memory, source = _measured(preset, measured) if measured else _from_sheet(preset, sheet)
    count = len(touched)
    return Estimate(
        count, sum(layout.chunks[chunk] for chunk in touched), count * prove, count * verify,
        count * sheet.message_bytes, memory, _disk(preset, layout, count, sheet), source,
    )  # fmt: skip


def _from_sheet(preset: Preset, sheet: CostSheet) -> tuple[float, float, int, str]:
    if sheet.estimate is None:
        raise InternalError("the cost sheet has no times", code="cost_sheet")
    memory = _MEMORY_BASE + preset.domain * _ELEMENT_BYTES * (_ROW_ELEMENTS + _ROW_ELEMENTS_A_LANE * preset.lanes)
    return (
        sheet.estimate.prove_ms / 1000,
        sheet.estimate.verify_ms / 1000,
        memory,
        "cost sheet (two cores of the reference machine)",
    )


def _measured(preset: Preset, measured: dict[str, Any]) -> tuple[float, float, int, str]:
    try:
        prove, verify = float(measured["prove"]["us_per_weight_median"]), float(measured["verify"]["us_per_weight"])
        memory = int(measured["prove"]["peak_rss_bytes"])
    except (KeyError, TypeError, ValueError) as error:
        raise InternalError(f"the bench's report is not understood: {error!r}", code="prover_output") from error
    return 1e-6 * prove * preset.capacity, 1e-6 * verify * preset.capacity, memory, "measured on this machine"


def _disk(preset: Preset, layout: ChunkedLayout, count: int, sheet: CostSheet) -> int:
    """The client's folder: secret and update, points of enrolment and request, proofs twice (chunks and bundle)."""
    secret = layout.weights * (4 + preset.client_rows) + 4 * layout.weights
    enrolled = len(layout.chunks) * preset.lanes * (preset.client_rows * (_POINT_BYTES + 48) + 48)
    requested = count * preset.lanes * (preset.forget_rows + 1) * (_POINT_BYTES + 48) + layout.weights // 8
    requested += sum(sorted(layout.chunks)[-count:]) * preset.forget_rows if count else 0
    return secret + enrolled + requested + 2 * count * sheet.message_bytes

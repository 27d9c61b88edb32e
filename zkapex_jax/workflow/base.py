"""The base model, once a fleet: its weights committed, signed with the distance that clients may keep from it, published."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.formats.arrays import load_arrays
from zkapex_jax.formats.atomic import refuse_existing
from zkapex_jax.formats.passing import passing_folder
from zkapex_jax.models.layout import TargetLayout
from zkapex_jax.presets import Preset
from zkapex_jax.protocol import Base, BaseDraft, ChunkedLayout, ModelRef, SigningKey, weights_digest
from zkapex_jax.protocol.fields import now
from zkapex_jax.prover import OnProgress
from zkapex_jax.quantize import to_fixed
from zkapex_jax.workflow.folders import Provider
from zkapex_jax.workflow.points import ensure_points
from zkapex_jax.workflow.toolchain import Toolchain

#: D0 as a share of the base weights' norm: a client may lie half as far from the base as the base lies from zero.
DEFAULT_SHARE = Fraction(1, 2)

base_digest = weights_digest

#: What to do where a signed file is there already: a command that was killed may have written it and not recorded it yet.
PUBLISH_HINT = "record it with `zkapex publish` if a command was interrupted; else choose another name or pass --force"


@dataclass(frozen=True)
class BaseResult:
    """The base file, how requests and enrolments name it, and D0 of each chunk in squared units of 2^-16."""

    path: Path
    digest: str
    model: ModelRef
    distance: tuple[int, ...]
    seconds: float
    peak_rss_bytes: int | None


@dataclass(frozen=True)
class PublishBaseResult:
    """The base as recorded, and its place in the ledger's chain."""

    digest: str
    model: ModelRef
    position: int


def create_base(
    tool: Toolchain,
    *,
    out: Path,
    key: SigningKey,
    name: str,
    architecture: str,
    layout: TargetLayout,
    theta0: np.ndarray,
    distance: Sequence[int] | None = None,
    share: Fraction | float = DEFAULT_SHARE,
    force: bool = False,
    on_progress: OnProgress | None = None,
) -> BaseResult:
    """Write a signed base of weights `theta0` (float [W]).

    `distance` holds D0 of each chunk; without it, D0 = share²·Σθ̂0² of the chunk (see `default_distance`).

    Raises InputError for NaN or out-of-range weights, another shape, or a D0 that the tables cannot hold.
    """
    started = time.monotonic()
    refuse_existing(out, force=force, hint=PUBLISH_HINT)
    cut = ChunkedLayout.cut(layout, tool.preset)
    if theta0.shape != (cut.weights,):
        raise InputError(f"must hold {cut.weights} weights", code="shape", field="theta0", value=theta0.shape)
    fixed = to_fixed(theta0)
    fields: dict[str, Any] = {
        "model": ModelRef.parse({"name": name, "architecture": architecture, "base_digest": weights_digest(fixed)}), "layout": cut,
        "preset": tool.preset.name, "tables_digest": tool.tables_digest, "enrol_tables_digest": tool.enrol_tables_digest,
        "srs_digest": tool.srs_digest, "srs_insecure": tool.srs_insecure, "created": now(), "signer": key.public,
        "distance": tuple(distance) if distance is not None else default_distance(tool.preset, layout, fixed, share),
    }  # fmt: skip
    tensors = {"theta0": fixed}
    with passing_folder(out.parent) as passing:
        draft = BaseDraft.parse(fields).to_file(passing / "draft", tensors)
        commitments, report = _commit(tool, draft, on_progress)
    base = Base.parse(fields).to_file(out, tensors | commitments, sign=key.sign, force=force)
    return BaseResult(out, base.digest, base.model_ref, base.distance, time.monotonic() - started, report.get("peak_rss_bytes"))


def publish_base(tool: Toolchain, provider: Provider, base: Path, *, on_progress: OnProgress | None = None) -> PublishBaseResult:
    """Record a signed base whose commitments are recomputed first. Publishing the same file again changes nothing."""
    given = Base.from_file(base)
    tool.check(given)
    provider.ledger.check_signer(given)
    kept = provider.keep(given)
    ensure_points(tool, "base", kept, provider.points(kept.digest), on_progress)
    record = provider.ledger.add_base(kept)
    return PublishBaseResult(kept.digest, kept.model_ref, record.sequence)


def find_base(provider: Provider, weights: str, layout: ChunkedLayout, preset: str) -> Base:
    """The base published last for weights of this digest (`base_digest`), these tensors and this preset.

    Raises RefusedError if there is none.
    """
    for record in reversed(provider.ledger.bases()):
        if record.weights_digest == weights:
            base = provider.load(Base, record.digest, verify=False)
            if base.layout == layout and base.preset == preset:
                return base
    raise RefusedError(
        "has published no base model of these weights, tensors and preset",
        code="unknown_base", file=provider.ledger.path, value=weights, hint="publish it with `zkapex base`",
    )  # fmt: skip


def default_distance(
    preset: Preset, layout: TargetLayout, theta0: np.ndarray, share: Fraction | float = DEFAULT_SHARE
) -> tuple[int, ...]:
    """D0 of each chunk: floor(share²·Σθ̂0²), at least 1; exact. `theta0` int32 [W]."""
    factor = Fraction(share)
    if factor <= 0:
        raise InputError("must be positive", code="out_of_range", field="share", value=float(share))
    cut = ChunkedLayout.cut(layout, preset)
    return tuple(max(1, math.floor(factor**2 * squares(theta0[slice(*cut.bounds(chunk))]))) for chunk in range(len(cut.chunks)))


def squares(values: np.ndarray) -> int:
    """Σ v² of int32 or int64 values below 2^30 in magnitude, exact: halves of 15 bits, whose products int64 sums for up to 2^33 values."""
    wide = np.abs(values.astype(np.int64))
    low, high = wide & 0x7FFF, wide >> 15
    return int((low * low).sum()) + (int((low * high).sum()) << 16) + (int((high * high).sum()) << 30)


def _commit(tool: Toolchain, draft: BaseDraft, on_progress: OnProgress | None) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    commitments = draft.path.with_suffix(".commitments")
    report = tool.prover.commit_base(tool.tables, tool.srs, draft.path, commitments, on_progress)
    return load_arrays(commitments), report

"""Make and sign a request: commitments of mask and forget rows once for the whole fleet."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.formats.arrays import load_arrays
from zkapex_jax.formats.atomic import refuse_existing
from zkapex_jax.formats.passing import passing_folder
from zkapex_jax.models.layout import TargetLayout
from zkapex_jax.protocol import ChunkedLayout, ModelRef, Request, RequestDraft, SigningKey, chunk_name
from zkapex_jax.protocol.fields import now
from zkapex_jax.protocol.masks import pack_mask, touched_chunks
from zkapex_jax.protocol.request import RULES
from zkapex_jax.prover import OnProgress
from zkapex_jax.workflow.base import PUBLISH_HINT
from zkapex_jax.workflow.toolchain import Toolchain


@dataclass(frozen=True)
class RequestResult:
    """The request file, and what answering it will cost: weights in touched chunks."""

    path: Path
    digest: str
    request_id: str
    touched: tuple[int, ...]
    weights: int
    masked: int
    seconds: float
    peak_rss_bytes: int | None


def create_request(
    tool: Toolchain,
    *,
    out: Path,
    key: SigningKey,
    model: ModelRef,
    layout: TargetLayout,
    mask: np.ndarray,
    forget_rows: np.ndarray,
    budget: Mapping[int, int],
    forget: str,
    request_id: str | None = None,
    force: bool = False,
    on_progress: OnProgress | None = None,
) -> RequestResult:
    """Write a signed request.

    `mask` bool [W], True = zero this weight; `forget_rows` int8 [K, W] at their public scale; `budget` maps each
    touched chunk to D; `forget` says in words what is forgotten.

    Raises InputError for a mask or rows of another shape, an empty mask, or a budget that misses a touched chunk.
    """
    started = time.monotonic()
    refuse_existing(out, force=force, hint=PUBLISH_HINT)
    cut = ChunkedLayout.cut(layout, tool.preset)
    touched = _touched(mask, cut)
    tensors = _public_tensors(tool, cut, mask, forget_rows, touched)
    fields: dict[str, Any] = {
        "request_id": request_id or f"r-{uuid.uuid4()}", "model": model, "layout": cut, "preset": tool.preset.name,
        "tables_digest": tool.tables_digest, "srs_digest": tool.srs_digest, "srs_insecure": tool.srs_insecure,
        "nonce": secrets.token_hex(32), "forget": forget, "rules": RULES, "touched": touched,
        "budget": _budgets(budget, touched), "created": now(), "signer": key.public,
    }  # fmt: skip
    with passing_folder(out.parent) as passing:
        draft = RequestDraft.parse(fields).to_file(passing / "draft", tensors)
        commitments, report = _commit(tool, draft, on_progress)
    request = Request.parse(fields).to_file(out, tensors | commitments, sign=key.sign, force=force)
    return RequestResult(
        out, request.digest, request.request_id, touched, request.touched_weights, int(mask.sum()),
        time.monotonic() - started, report.get("peak_rss_bytes"),
    )  # fmt: skip


def _touched(mask: np.ndarray, cut: ChunkedLayout) -> tuple[int, ...]:
    if mask.dtype != np.bool_:
        raise InputError("must hold truth values", code="bad_mask", field="mask", value=mask.dtype)
    touched = touched_chunks(mask, cut)
    if not touched:
        raise InputError("masks no weight at all", code="bad_mask", field="mask")
    return touched


def _budgets(budget: Mapping[int, int], touched: tuple[int, ...]) -> tuple[int, ...]:
    for chunk in budget.keys() ^ set(touched):
        raise InputError("must name exactly the touched chunks", code="budget", field="budget", value=chunk)
    return tuple(budget[chunk] for chunk in touched)


def _public_tensors(
    tool: Toolchain, cut: ChunkedLayout, mask: np.ndarray, rows: np.ndarray, touched: tuple[int, ...]
) -> dict[str, np.ndarray]:
    if rows.shape != (tool.preset.forget_rows, cut.weights) or rows.dtype != np.int8:
        wanted = f"int8 [{tool.preset.forget_rows}, {cut.weights}]"
        raise InputError(f"must be {wanted}", code="shape", field="forget rows", value=f"{rows.dtype}{list(rows.shape)}")
    forget = {chunk_name("h", chunk): rows[:, slice(*cut.bounds(chunk))] for chunk in touched}
    return {"mask": pack_mask(mask), **forget}


def _commit(tool: Toolchain, draft: RequestDraft, on_progress: OnProgress | None) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    commitments = draft.path.with_suffix(".commitments")
    report = tool.prover.commit_request(tool.tables, tool.srs, draft.path, commitments, on_progress)
    return load_arrays(commitments), report

"""Enrolment by the client: quantise, commit, publish; before any mask exists."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.formats.arrays import load_arrays
from zkapex_jax.formats.atomic import refuse_existing
from zkapex_jax.formats.tensors import LazyTensor, TensorSpec
from zkapex_jax.models.layout import TargetLayout
from zkapex_jax.protocol import ChunkedLayout, ClientSecret, Enrolment, ModelRef, chunk_name
from zkapex_jax.protocol.fields import FIXED_POINT_BITS, now
from zkapex_jax.prover import OnProgress, tell
from zkapex_jax.quantize import gamma_of_rows, quantize_rows, to_fixed
from zkapex_jax.witness.rules import check_slack_widths, rules
from zkapex_jax.workflow.folders import ClientFolder
from zkapex_jax.workflow.toolchain import Toolchain


@dataclass(frozen=True)
class EnrolResult:
    """Files made, the enrolment's digest, γ̂ of each chunk, time and the prover's peak memory."""

    enrolment: Path
    secret: Path
    digest: str
    gamma: tuple[int, ...]
    seconds: float
    peak_rss_bytes: int | None


def base_digest(theta0_fixed: np.ndarray) -> str:
    """Names the provider's base target weights: SHA-256 of a context and their int32 little-endian bytes."""
    if theta0_fixed.dtype != np.int32 or theta0_fixed.ndim != 1:
        raise InputError("base weights must be int32 [W] in fixed point", field="theta0", value=theta0_fixed.dtype)
    data = np.ascontiguousarray(theta0_fixed, "<i4")
    return hashlib.sha256(b"zkapex.base/1\0" + data.tobytes()).hexdigest()


def enrol(
    tool: Toolchain,
    *,
    folder: Path,
    client_id: str,
    model: ModelRef,
    layout: TargetLayout,
    theta: np.ndarray,
    rows: np.ndarray,
    force: bool = False,
    on_progress: OnProgress | None = None,
) -> EnrolResult:
    """Commit to weights `theta` (float [W]) and clipped gradient rows `rows` (float32 [n, W], may be mapped from disk).

    Writes `folder`/secret.safetensors (mode 0600) and `folder`/enrolment.safetensors.

    Raises InputError for NaN or out-of-range weights, rows of another shape, or a damping that the preset cannot hold.
    """
    started, client = time.monotonic(), ClientFolder.create(folder)
    for path in (client.secret, client.enrolment):
        refuse_existing(path, force=force)
    cut = ChunkedLayout.cut(layout, tool.preset)
    theta_fixed = _fixed(theta, cut)
    gamma = _dampings(tool, cut, _checked_rows(rows, cut, tool.preset.client_rows), on_progress)
    shared = {"client_id": client_id, "layout": cut, "preset": tool.preset.name, "gamma": gamma}
    draft_path = client.path / ".draft-secret.safetensors"
    try:
        draft = ClientSecret.parse(shared | {"enrolment_digest": ""}).to_file(
            draft_path, _secret_tensors(cut, theta_fixed, rows), force=True
        )
        enrolment, report = _commit(tool, client, shared, model, draft_path, force, on_progress)
        copies = {name: LazyTensor(spec, partial(_one, draft, name)) for name, spec in draft.container.specs.items()}
        ClientSecret.parse(shared | {"enrolment_digest": enrolment.digest}).to_file(client.secret, copies, force=force)
    finally:
        draft_path.unlink(missing_ok=True)
    return EnrolResult(
        client.enrolment, client.secret, enrolment.digest, gamma, time.monotonic() - started, report.get("peak_rss_bytes")
    )


def _commit(
    tool: Toolchain,
    client: ClientFolder,
    shared: dict[str, Any],
    model: ModelRef,
    draft: Path,
    force: bool,
    on_progress: OnProgress | None,
) -> tuple[Enrolment, dict[str, Any]]:
    commitments = client.path / ".commitments.safetensors"
    try:
        report = tool.prover.enrol(tool.tables, tool.srs, draft, commitments, on_progress)
        tensors = load_arrays(commitments)
    finally:
        commitments.unlink(missing_ok=True)
    made = {"tables_digest": tool.tables_digest, "srs_digest": tool.srs_digest, "srs_insecure": tool.srs_insecure}
    fields = {**shared, **made, "model": model, "fixed_point_bits": FIXED_POINT_BITS, "created": now()}
    return Enrolment.parse(fields).to_file(client.enrolment, tensors, force=force), report


def _fixed(theta: np.ndarray, cut: ChunkedLayout) -> np.ndarray:
    if theta.shape != (cut.weights,):
        raise InputError(f"must hold {cut.weights} weights", code="shape", field="theta", value=theta.shape)
    return to_fixed(np.asarray(theta, np.float64))


def _checked_rows(rows: np.ndarray, cut: ChunkedLayout, count: int) -> np.ndarray:
    if rows.shape != (count, cut.weights) or rows.dtype != np.float32:
        raise InputError(
            f"gradient rows must be float32 [{count}, {cut.weights}]",
            code="shape",
            field="rows",
            value=f"{rows.dtype}{list(rows.shape)}",
        )
    return rows


def _dampings(tool: Toolchain, cut: ChunkedLayout, rows: np.ndarray, on_progress: OnProgress | None) -> tuple[int, ...]:
    """γ̂ of each chunk, after checking that T1 and T2 fit their slacks in the tables."""
    dampings = []
    for chunk, size in enumerate(cut.chunks):
        gamma = gamma_of_rows(_quantized(rows, cut, chunk))
        check_slack_widths(*rules(gamma, size, tool.preset.rows), None, tool.preset)
        dampings.append(gamma)
        tell(on_progress, "quantise", chunk + 1, len(cut.chunks), cut.bounds(chunk)[1], cut.weights)
    return tuple(dampings)


def _secret_tensors(cut: ChunkedLayout, theta: np.ndarray, rows: np.ndarray) -> dict[str, np.ndarray | LazyTensor]:
    """Gradient rows are quantised again while they are written: their int8 form is never in memory whole."""
    seeds = {
        "theta_seeds": np.frombuffer(secrets.token_bytes(32 * len(cut.chunks)), np.uint8).reshape(-1, 32),
        "gradient_seed": np.frombuffer(secrets.token_bytes(32), np.uint8),
    }
    gradients = {
        chunk_name("gradients", chunk): LazyTensor(TensorSpec("I8", (len(rows), size)), partial(_pieces, rows, cut, chunk))
        for chunk, size in enumerate(cut.chunks)
    }
    return {"theta": theta, **seeds, **gradients}


def _quantized(rows: np.ndarray, cut: ChunkedLayout, chunk: int) -> np.ndarray:
    return quantize_rows(np.ascontiguousarray(rows[:, slice(*cut.bounds(chunk))])).rows


def _pieces(rows: np.ndarray, cut: ChunkedLayout, chunk: int) -> Iterator[np.ndarray]:
    yield _quantized(rows, cut, chunk)


def _one(secret: ClientSecret, name: str) -> Iterator[np.ndarray]:
    yield secret.tensor(name)

"""The commitments of an enrolment: quantise, commit, and begin to count openings; nothing is proven yet."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.formats.arrays import load_arrays
from zkapex_jax.formats.atomic import atomic_file
from zkapex_jax.formats.passing import passing_folder
from zkapex_jax.formats.reading import open_input
from zkapex_jax.formats.scratch import release, scratch_array
from zkapex_jax.formats.tensors import LazyTensor, TensorSpec
from zkapex_jax.models.layout import TargetLayout
from zkapex_jax.protocol import Base, ChunkedLayout, ClientSecret, Enrolment, ModelRef, check_signature, chunk_name
from zkapex_jax.protocol.fields import FIXED_POINT_BITS, now
from zkapex_jax.prover import OnProgress, tell
from zkapex_jax.quantize import gamma_of_rows, to_fixed
from zkapex_jax.witness.rules import check_slack_widths, rules
from zkapex_jax.workflow import openings
from zkapex_jax.workflow.base import squares
from zkapex_jax.workflow.enrolment.rows import ClientRows
from zkapex_jax.workflow.enrolment.unfinished import Intended, take_up
from zkapex_jax.workflow.folders import ClientFolder
from zkapex_jax.workflow.toolchain import Toolchain


@dataclass(frozen=True)
class CommitResult:
    """An enrolment without its proof: files, digest, γ̂ of each chunk, time and the prover's peak memory."""

    enrolment: Path
    secret: Path
    digest: str
    gamma: tuple[int, ...]
    seconds: float
    peak_rss_bytes: int | None


def commit_enrolment(
    tool: Toolchain,
    *,
    folder: Path,
    client_id: str,
    base: Path,
    layout: TargetLayout,
    theta: np.ndarray,
    rows: np.ndarray,
    provider_key: str | None = None,
    unchecked: bool = False,
    consume: bool = False,
    force: bool = False,
    on_progress: OnProgress | None = None,
) -> CommitResult:
    """Commit to weights `theta` (float [W]) and clipped gradient rows `rows` (float32 [n, W], may be mapped from disk).

    `base` is the provider's signed base artefact; `provider_key` (hex) must have signed it, if given. `unchecked` commits
    to weights at any distance from the base, to show that verifiers refuse them. `consume` gives up the rows: where they
    are mapped from a writable file, its disk is freed as integers take their place, and the file is of no more use.
    A run that was killed is taken up again by the same call.

    Raises InputError for a base of other tensors, weights further from it than it allows, NaN or out-of-range values,
    rows of another shape or all zero, or a damping that the preset cannot hold; RefusedError for a wrong signature.
    """
    client = ClientFolder.create(folder)
    model = open_base(tool, base, layout, provider_key)
    fixed = _fixed(theta, model.layout)
    if not unchecked:
        check_distance(fixed, model, np.ones(model.layout.weights, np.bool_))
    checked = ClientRows.checked(rows, model.layout, tool.preset.client_rows, consumed=consume)
    intended = Intended(client_id, model.model_ref, model.layout, fixed, checked)
    with client.exclusive(), _all_or_none(client.base, client.secret, client.enrolment, client.openings):
        result = commit_into(tool, client, client, intended, force, on_progress)
        if client.base.resolve() != model.path.resolve():
            with open_input(model.path) as source, atomic_file(client.base, force=True) as target:
                shutil.copyfileobj(source, target, 1 << 20)
        keys = register(client, Enrolment.from_file(client.enrolment, verify=False))
        openings.follow(client.openings, weights=keys[openings.WEIGHTS], rows=keys[openings.ROWS])
    return result


@contextlib.contextmanager
def _all_or_none(*paths: Path) -> Iterator[None]:
    """Remove those of the files that were not there before, if the block fails: half an enrolment serves nobody."""
    fresh = [path for path in paths if not path.exists()]
    try:
        yield
    except BaseException:
        for path in fresh:
            path.unlink(missing_ok=True)
        raise


def open_base(tool: Toolchain, path: Path, layout: TargetLayout, provider_key: str | None) -> Base:
    """The base, signed, of these tools and tensors."""
    base = Base.from_file(path)
    check_signature(base, provider_key or base.signer)
    tool.check(base)
    if base.layout.target != layout:
        raise InputError(
            "selects other tensors than the personal model has",
            code="mismatch_layout",
            file=path,
            field="layout",
            value=base.layout.target.pattern,
        )
    return base


def check_distance(theta: np.ndarray, base: Base, free: np.ndarray) -> None:
    """Refuse weights int32 [W] with Σ(θ̂ − free·θ̂0)² over D0 in a chunk; `free` bool [W] is false where forgotten."""
    theta0 = base.theta0()
    for chunk, limit in enumerate(base.distance):
        place = slice(*base.layout.bounds(chunk))
        found = squares(theta[place].astype(np.int64) - np.where(free[place], theta0[place], 0))
        if found > limit:
            raise InputError(
                f"personal weights lie further from the base model than the provider allows (D0 = {limit})",
                code="distance", field=f"chunk {chunk}", value=found, hint="ask the provider for a base with a larger distance, or personalise less",
            )  # fmt: skip


def commit_into(
    tool: Toolchain, client: ClientFolder, made: ClientFolder, intended: Intended, force: bool, on_progress: OnProgress | None
) -> CommitResult:
    """Write secret and enrolment of what is intended into `made`, the client's folder or its renewal.

    Without `force`, what a killed run has left there is taken up again or removed, as `take_up` says.
    """
    started = time.monotonic()
    begun = None if force else take_up(tool, client, made, intended)
    if begun is not None:
        return CommitResult(made.enrolment, made.secret, begun.digest, begun.gamma, time.monotonic() - started, None)
    cut, rows = intended.layout, intended.rows
    integers = scratch_array((len(rows.values) * cut.weights,), np.int8, made.path)
    gamma = _quantise(tool, cut, rows, integers, on_progress)
    shared = {"client_id": intended.client_id, "layout": cut, "preset": tool.preset.name, "gamma": gamma}
    with passing_folder(made.path) as passing:
        draft = ClientSecret.parse(shared | {"enrolment_digest": ""}).to_file(
            passing / "secret", _secret_tensors(cut, intended.theta, integers)
        )
        del integers  # in the draft now; their file would lie beside it and the secret
        tensors, peak = _commit(tool, draft.path, passing / "commitments", on_progress)
        enrolment = _enrolment(tool, shared, intended.model).to_file(made.enrolment, tensors, force=force)
        copies = {name: LazyTensor(spec, partial(_one, draft, name)) for name, spec in draft.container.specs.items()}
        ClientSecret.parse(shared | {"enrolment_digest": enrolment.digest}).to_file(made.secret, copies, force=force)
    return CommitResult(made.enrolment, made.secret, enrolment.digest, gamma, time.monotonic() - started, peak)


def register(client: ClientFolder, enrolment: Enrolment) -> dict[str, tuple[str, ...]]:
    """Begin to count the openings of an enrolment's commitments in `client`; returns their keys by part."""
    parts = {openings.WEIGHTS: "c_theta", openings.ROWS: "c_gradients"}
    keys = {part: openings.keys_of(enrolment.tensor(name)) for part, name in parts.items()}
    openings.register(client.openings, (key for part in keys.values() for key in part), 0)
    return keys


def _commit(
    tool: Toolchain, draft: Path, commitments: Path, on_progress: OnProgress | None
) -> tuple[dict[str, np.ndarray], int | None]:
    """Commitments, and the prover's peak memory."""
    report = tool.prover.enrol(tool.tables, tool.srs, draft, commitments, on_progress)
    return load_arrays(commitments), report.get("peak_rss_bytes")


def _enrolment(tool: Toolchain, shared: dict[str, Any], model: ModelRef) -> Enrolment:
    made = {"tables_digest": tool.tables_digest, "srs_digest": tool.srs_digest, "srs_insecure": tool.srs_insecure}
    fields = {
        **shared,
        **made,
        "model": model,
        "fixed_point_bits": FIXED_POINT_BITS,
        "nonce": secrets.token_hex(32),
        "created": now(),
    }
    return Enrolment.parse(fields)


def _fixed(theta: np.ndarray, cut: ChunkedLayout) -> np.ndarray:
    if theta.shape != (cut.weights,):
        raise InputError(f"must hold {cut.weights} weights", code="shape", field="theta", value=theta.shape)
    return to_fixed(theta)


def _quantise(
    tool: Toolchain, cut: ChunkedLayout, rows: ClientRows, integers: np.ndarray, on_progress: OnProgress | None
) -> tuple[int, ...]:
    """Fill `integers` int8 [n · W] chunk by chunk; γ̂ of each, after checking that T1 and T2 fit their slacks in the tables."""
    dampings = []
    for chunk, size in enumerate(cut.chunks):
        quantised = rows.quantised(chunk)
        gamma = gamma_of_rows(quantised)
        check_slack_widths(*rules(gamma, size, tool.preset.rows), None, tool.preset)
        integers[_place(cut, integers, chunk)] = quantised.reshape(-1)
        release(integers)
        dampings.append(gamma)
        tell(on_progress, "quantise", chunk + 1, len(cut.chunks), cut.bounds(chunk)[1], cut.weights)
    return tuple(dampings)


def _secret_tensors(cut: ChunkedLayout, theta: np.ndarray, integers: np.ndarray) -> dict[str, np.ndarray | LazyTensor]:
    """Gradient rows come from disk chunk by chunk: their int8 form is never in memory whole."""
    seeds = {
        "theta_seeds": np.frombuffer(secrets.token_bytes(32 * len(cut.chunks)), np.uint8).reshape(-1, 32),
        "gradient_seed": np.frombuffer(secrets.token_bytes(32), np.uint8),
    }
    count = len(integers) // cut.weights
    gradients = {
        chunk_name("gradients", chunk): LazyTensor(TensorSpec("I8", (count, size)), partial(_pieces, cut, integers, chunk))
        for chunk, size in enumerate(cut.chunks)
    }
    return {"theta": theta, **seeds, **gradients}


def _place(cut: ChunkedLayout, integers: np.ndarray, chunk: int) -> slice:
    """Where a chunk's rows [n, d] lie in int8 [n · W]: chunks one after the other."""
    count, (start, stop) = len(integers) // cut.weights, cut.bounds(chunk)
    return slice(count * start, count * stop)


def _pieces(cut: ChunkedLayout, integers: np.ndarray, chunk: int) -> Iterator[np.ndarray]:
    yield integers[_place(cut, integers, chunk)]
    release(integers)


def _one(secret: ClientSecret, name: str) -> Iterator[np.ndarray]:
    yield secret.tensor(name)

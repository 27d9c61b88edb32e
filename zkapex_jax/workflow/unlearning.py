"""The client's answer: Group-OBS compensation, exact integers, the reference checker; not yet a proof."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zkapex_jax.errors import InputError, InternalError
from zkapex_jax.formats.atomic import refuse_existing
from zkapex_jax.protocol import Enrolment, Request, State, Update, check_signature, chunk_name
from zkapex_jax.prover import OnProgress, tell
from zkapex_jax.witness import ChunkWitness, build_chunk, check_budget
from zkapex_jax.workflow.check import ChunkCheck, check_chunk
from zkapex_jax.workflow.folders import ClientFolder
from zkapex_jax.workflow.session import ChunkInputs, ClientSession
from zkapex_jax.workflow.toolchain import Toolchain


@dataclass(frozen=True)
class ChunkReport:
    """One chunk: its sums against their limits, certified against true distance (units of 2^-16), checks made."""

    chunk: int
    weights: int
    masked: int
    gamma: int
    t1_sum: int
    t1: int
    t2_sum: int
    t2: int
    d_sum: int
    d: int
    certified_distance: float
    true_distance: float
    flips: int
    seconds: float
    check_seconds: float | None
    constraints_checked: int


@dataclass(frozen=True)
class UnlearnResult:
    """The update file, the unlearned weights int32 [W] in fixed point, and a report by chunk."""

    update: Path
    theta_u: np.ndarray
    chunks: tuple[ChunkReport, ...]
    seconds: float


def unlearn(
    tool: Toolchain,
    *,
    folder: Path,
    request: Path,
    state: Path,
    provider_key: str,
    out: Path | None = None,
    check: bool = True,
    force: bool = False,
    on_progress: OnProgress | None = None,
) -> UnlearnResult:
    """Compensate every touched chunk and write the update (mode 0600; by default into the client's folder).

    With `check`, the reference checker reads every constraint of every chunk first.

    Raises RefusedError for a request that `provider_key` did not sign; InputError if an honest answer cannot meet the
    request's rules or budget; InternalError if the checker finds a violation in an honest answer.
    """
    started = time.monotonic()
    session = ClientSession.open(tool, folder, request, state)
    check_signature(session.request, provider_key)
    target = out or session.work / "update.safetensors"
    refuse_existing(target, force=force)
    theta_u, sigma, reports = session.secret.tensor("theta"), {}, []
    done, total = 0, session.request.touched_weights
    tell(on_progress, "unlearn", 0, len(session.request.touched), 0, total)
    for inputs in session.chunks():
        witness, report = _answer(tool, session, inputs, check)
        theta_u[slice(*session.enrolment.layout.bounds(inputs.chunk))] = witness.theta_u
        sigma[inputs.chunk] = witness.sigma
        reports.append(report)
        done += report.weights
        tell(on_progress, "unlearn", len(reports), len(session.request.touched), done, total)
    _write(session.enrolment, session.request, session.state, theta_u, sigma, target, force=force)
    return UnlearnResult(target, theta_u, tuple(reports), time.monotonic() - started)


def write_update(
    *,
    folder: Path,
    request: Path,
    state: Path,
    theta_u: np.ndarray,
    sigma: Mapping[int, np.ndarray],
    out: Path,
    force: bool = False,
) -> Path:
    """Write an update of any content: int32 [W] weights and int64 [n + K] values of σ̂ a touched chunk. Nothing is checked
    but shapes: proving refuses, or a verifier does, what does not satisfy the request."""
    enrolment = Enrolment.from_file(ClientFolder.open(folder).enrolment)
    return _write(enrolment, Request.from_file(request), State.from_file(state), theta_u, sigma, out, force=force)


def _write(
    enrolment: Enrolment,
    request: Request,
    state: State,
    theta_u: np.ndarray,
    sigma: Mapping[int, np.ndarray],
    out: Path,
    *,
    force: bool,
) -> Path:
    if theta_u.shape != (enrolment.layout.weights,) or set(sigma) != set(request.touched):
        raise InputError(
            "update must hold every weight, and sigma of exactly the touched chunks", code="shape", field="theta_u, sigma"
        )
    fields = {
        "client_id": enrolment.client_id, "request_digest": request.digest,
        "enrolment_digest": enrolment.digest, "state_digest": state.digest,
    }  # fmt: skip
    tensors = {"theta_u": theta_u, **{chunk_name("sigma", chunk): values for chunk, values in sigma.items()}}
    return Update.parse(fields).to_file(out, tensors, force=force).path


def _answer(tool: Toolchain, session: ClientSession, inputs: ChunkInputs, check: bool) -> tuple[ChunkWitness, ChunkReport]:
    started = time.monotonic()
    try:
        witness = build_chunk(inputs.theta, inputs.gradients, inputs.forget, inputs.gamma, inputs.mask, tool.preset)
        check_budget(witness.sums, inputs.budget, tool.preset)
    except InputError as error:
        error.field = f"chunk {inputs.chunk}: {error.field}" if error.field else f"chunk {inputs.chunk}"
        raise
    solved = time.monotonic()
    checked = check_chunk(tool, session, inputs, witness.theta_u, witness.sigma) if check else None
    if checked is not None and checked.violations:
        raise _violated(checked)
    report = ChunkReport(
        inputs.chunk, len(inputs.theta), inputs.new, inputs.gamma,
        witness.sums.t1, witness.t1, witness.sums.t2, witness.t2, witness.sums.d, inputs.budget,
        witness.certificate.certified_distance, witness.certificate.true_distance, witness.flips,
        solved - started, time.monotonic() - solved if checked else None, checked.constraints if checked else 0,
    )  # fmt: skip
    return witness, report


def _violated(checked: ChunkCheck) -> InternalError:
    sums = f"; sums that are not zero: {', '.join(checked.sums)}" if checked.sums else ""
    where = checked.violations[0].partition(": residue")[0]  # a residue may be a weight
    return InternalError(
        f"the reference checker finds {len(checked.violations)} violations in chunk {checked.chunk}: {where}{sums}",
        code="constraint_violated",
    )

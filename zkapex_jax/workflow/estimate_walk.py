"""One walk through the whole protocol on synthetic chunks, every step timed: what a calibration measures, and what it predicts."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from zkapex_jax.errors import InternalError
from zkapex_jax.protocol import SigningKey, generate_key
from zkapex_jax.prover import OnProgress
from zkapex_jax.workflow.admission import admit, publish
from zkapex_jax.workflow.base import create_base, publish_base
from zkapex_jax.workflow.committing import commit_enrolment
from zkapex_jax.workflow.enrolment_proving import prove_enrolment
from zkapex_jax.workflow.folders import Provider
from zkapex_jax.workflow.proving import ProvedChunk, prove
from zkapex_jax.workflow.request import create_request
from zkapex_jax.workflow.synthetic import SyntheticClient, synthetic_client
from zkapex_jax.workflow.toolchain import Toolchain
from zkapex_jax.workflow.unlearning import unlearn
from zkapex_jax.workflow.verifying import verify

CLIENT = "calibration"

#: The steps in their order, each with who pays for it, and how often.
PAYERS = {
    "commit-base": "fleet, once", "publish-base": "fleet, once", "commit": "client, once", "prove-enrolment": "client, once",
    "admit": "provider, once a client", "request": "fleet, each request", "publish": "fleet, each request",
    "unlearn": "client, each request", "prove": "client, each request", "verify": "provider, each answer",
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """Wall time of one step, seconds of each chunk where the step reports them, peak resident memory where it is known."""

    seconds: float
    chunk_seconds: tuple[float, ...] = ()
    memory_bytes: int | None = None


@dataclass
class Walked:
    """`chunks` enrolled chunks of `size` weights, of which the request touched `touched`; files lie in `folder`."""

    chunks: int
    size: int
    touched: int
    folder: Path
    bundle_bytes: int = 0
    steps: dict[str, Step] = field(default_factory=dict)

    @property
    def client(self) -> Path:
        return self.folder / "client"

    @property
    def provider(self) -> Path:
        return self.folder / "provider"


def walk(
    tool: Toolchain, folder: Path, *, chunks: int, size: int, touched: int | None = None, check: bool = False, seed: int = 0,
    on_progress: OnProgress | None = None,
) -> Walked:  # fmt: skip
    """Base, enrolment, admission, request, answer and verification in `folder`, which must be empty.

    `check`: with the reference checker, as `zkapex enrol` and `zkapex unlearn` do unless told otherwise. Raises InternalError if an
    honest answer is refused; otherwise as the steps do.
    """
    data = synthetic_client(tool.preset, chunks, seed, size=size, touched=touched)
    walked = Walked(chunks, size, chunks if touched is None else touched, folder)
    with Provider.open(walked.provider, create=True) as provider:
        key = generate_key(folder / "key.pem")
        provider.ledger.trust(key.public)
        base = _once(tool, provider, walked, data, key, on_progress)
        enrolled = _enrol(tool, walked, data, base, check, on_progress)
        with _timed(walked, "admit") as done:
            admitted = admit(
                tool, provider, enrolled, walked.client / "enrolment-proof.safetensors", allow_insecure=tool.insecure, on_progress=on_progress
            )  # fmt: skip
            done(admitted.peak_rss_bytes)
        request = _request(tool, provider, walked, data, key, on_progress)
        _answer(tool, provider, walked, key, request, admitted.state, check, on_progress)
    return walked


def _once(
    tool: Toolchain, provider: Provider, walked: Walked, data: SyntheticClient, key: SigningKey, on_progress: OnProgress | None
) -> Path:
    path = walked.folder / "base.safetensors"
    with _timed(walked, "commit-base") as done:
        base = create_base(
            tool, out=path, key=key, name="synthetic", architecture="none", layout=data.layout, theta0=data.theta,
            on_progress=on_progress,
        )  # fmt: skip
        done(base.peak_rss_bytes)
    with _timed(walked, "publish-base"):
        publish_base(tool, provider, path, on_progress=on_progress)
    return path


def _enrol(
    tool: Toolchain, walked: Walked, data: SyntheticClient, base: Path, check: bool, on_progress: OnProgress | None
) -> Path:
    with _timed(walked, "commit") as done:
        committed = commit_enrolment(
            tool, folder=walked.client, client_id=CLIENT, base=base, layout=data.layout, theta=data.theta, rows=data.rows,
            on_progress=on_progress,
        )  # fmt: skip
        done(committed.peak_rss_bytes)
    with _timed(walked, "prove-enrolment") as done:
        proved = prove_enrolment(tool, folder=walked.client, check=check, on_progress=on_progress)
        done(proved.peak_rss_bytes, proved.chunks)
    return committed.enrolment


def _request(
    tool: Toolchain, provider: Provider, walked: Walked, data: SyntheticClient, key: SigningKey, on_progress: OnProgress | None
) -> Path:
    path = walked.folder / "request.safetensors"
    model = provider.ledger.bases()[-1]
    with _timed(walked, "request") as done:
        made = create_request(
            tool, out=path, key=key, model=_model(provider, model.digest), layout=data.layout, mask=data.mask,
            forget_rows=data.forget_rows, budget=data.budget, forget="synthetic", on_progress=on_progress,
        )  # fmt: skip
        done(made.peak_rss_bytes)
    with _timed(walked, "publish"):
        publish(tool, provider, path, on_progress=on_progress)
    return path


def _answer(
    tool: Toolchain, provider: Provider, walked: Walked, key: SigningKey, request: Path, state: Path, check: bool,
    on_progress: OnProgress | None,
) -> None:  # fmt: skip
    with _timed(walked, "unlearn") as done:
        reset = _forget_peak()
        update = unlearn(
            tool, folder=walked.client, request=request, state=state, provider_key=key.public, check=check, on_progress=on_progress
        )
        done(_own_peak() if reset else None)
    chunk_seconds = tuple(chunk.seconds + (chunk.check_seconds or 0.0) for chunk in update.chunks)
    walked.steps["unlearn"] = Step(
        walked.steps["unlearn"].seconds, chunk_seconds, walked.steps["unlearn"].memory_bytes
    )
    with _timed(walked, "prove") as done:
        proved = prove(
            tool, folder=walked.client, request=request, state=state, update=update.update, on_progress=on_progress
        )
        done(proved.peak_rss_bytes, proved.chunks)
    walked.bundle_bytes = proved.bundle_bytes
    with _timed(walked, "verify") as done:
        verdict = verify(tool, provider, proved.bundle, allow_insecure=tool.insecure, on_progress=on_progress)
        done(verdict.peak_rss_bytes)
    if not verdict.accepted:
        raise InternalError(f"the honest synthetic bundle was refused: {verdict.reason}", code="calibration")

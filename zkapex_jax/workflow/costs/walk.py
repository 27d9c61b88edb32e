"""One walk through the whole protocol on synthetic chunks, every step timed: what a calibration measures and predicts."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from zkapex_jax.errors import InternalError
from zkapex_jax.protocol import generate_key
from zkapex_jax.prover import OnProgress
from zkapex_jax.prover.progress import Progress
from zkapex_jax.workflow.admission import AdmitResult, admit, publish
from zkapex_jax.workflow.base import BaseResult, create_base, publish_base
from zkapex_jax.workflow.bench.synthetic import synthetic_client
from zkapex_jax.workflow.enrolment.committing import CommitResult, commit_enrolment
from zkapex_jax.workflow.enrolment.proving import EnrolmentProofResult, prove_enrolment
from zkapex_jax.workflow.folders import Provider
from zkapex_jax.workflow.proving import ProveResult, prove
from zkapex_jax.workflow.request import RequestResult, create_request
from zkapex_jax.workflow.toolchain import Toolchain
from zkapex_jax.workflow.verifying import VerifyResult, check_bundle, verify

if TYPE_CHECKING:
    from zkapex_jax.workflow.unlearning import UnlearnResult

CLIENT = "calibration"

#: Steps in their order, and who pays for each how often.
PAYERS = {
    "commit-base": "fleet, once", "publish-base": "fleet, once", "commit": "client, once", "prove-enrolment": "client, once",
    "admit": "provider, once a client", "request": "fleet, once a request", "publish": "fleet, once a request",
    "unlearn": "client, each answer", "prove": "client, each answer", "verify": "provider, each answer",
}  # fmt: skip

_MANY_AT_ONCE = "verify"

#: Stages that make a cache of checked points; they precede the chunks that other steps tell of.
_POINTS = "admit"

Result = TypeVar("Result")


@dataclass(frozen=True)
class Step:
    """Wall seconds of a step; seconds of each chunk, or one pace of all, where the step tells them; the Rust process's peak memory."""

    seconds: float
    chunk_seconds: tuple[float, ...] = ()
    memory_bytes: int | None = None


@dataclass
class Walked:
    """`chunks` enrolled chunks of `size` weights, of which the request touched `touched`. Files lie in `folder`."""

    chunks: int
    size: int
    touched: int
    folder: Path
    bundle_bytes: int = 0
    messages_bytes: int = 0
    steps: dict[str, Step] = field(default_factory=dict)
    _heard: list[tuple[Progress, float]] = field(default_factory=list, repr=False)

    @property
    def client(self) -> Path:
        return self.folder / "client"

    @property
    def provider(self) -> Path:
        return self.folder / "provider"

    def timed(self, name: str, run: Callable[[], Result]) -> Result:
        """Run a step and keep what it took."""
        self._heard.clear()
        begun = time.perf_counter()
        result = run()
        spent = time.perf_counter() - begun
        self.steps[name] = Step(spent, told_seconds(_chunk_seconds(result), self._heard), getattr(result, "peak_rss_bytes", None))
        return result

    def listen(self, on_progress: OnProgress | None) -> OnProgress:
        """A listener that notes when each chunk of the present step was done, and tells `on_progress`."""

        def hear(step: Progress) -> None:
            self._heard.append((step, time.perf_counter()))
            if on_progress is not None:
                on_progress(step)

        return hear


def walk(
    tool: Toolchain, folder: Path, *, chunks: int, size: int, touched: int | None = None, check: bool = False, repeats: int = 0,
    seed: int = 0, on_progress: OnProgress | None = None,
) -> Walked:  # fmt: skip
    """Base, enrolment, admission, request, answer and verification, in an empty `folder`.

    `check`: with the reference checker, as `zkapex enrol` and `zkapex unlearn` do unless told otherwise. `repeats`: verify as many
    times more, for its few milliseconds a chunk. Raises InternalError if the honest answer is refused; otherwise as the steps do.
    """
    from zkapex_jax.workflow.unlearning import unlearn  # takes the solver's libraries, a second of every command that only reads costs

    walked = Walked(chunks, size, chunks if touched is None else touched, folder)
    data = synthetic_client(tool.preset, chunks, seed, size=size, touched=touched)
    key, tell = generate_key(folder / "key.pem"), {"on_progress": walked.listen(on_progress)}
    secure = {"allow_insecure": tool.insecure, **tell}
    with Provider.open(walked.provider, create=True) as provider:
        provider.ledger.trust(key.public)
        base: BaseResult = walked.timed("commit-base", lambda: create_base(
            tool, out=folder / "base.safetensors", key=key, name="synthetic", architecture="none", layout=data.layout,
            theta0=data.theta, **tell,
        ))  # fmt: skip
        walked.timed("publish-base", lambda: publish_base(tool, provider, base.path, **tell))
        made: CommitResult = walked.timed("commit", lambda: commit_enrolment(
            tool, folder=walked.client, client_id=CLIENT, base=base.path, layout=data.layout, theta=data.theta, rows=data.rows,
            **tell,
        ))  # fmt: skip
        proof: EnrolmentProofResult = walked.timed(
            "prove-enrolment", lambda: prove_enrolment(tool, folder=walked.client, check=check, **tell)
        )
        admitted: AdmitResult = walked.timed("admit", lambda: admit(tool, provider, made.enrolment, proof.proof, **secure))
        request: RequestResult = walked.timed("request", lambda: create_request(
            tool, out=folder / "request.safetensors", key=key, model=base.model, layout=data.layout, mask=data.mask,
            forget_rows=data.forget_rows, budget=data.budget, forget="synthetic", **tell,
        ))  # fmt: skip
        walked.timed("publish", lambda: publish(tool, provider, request.path, **tell))
        answer = {"folder": walked.client, "request": request.path, "state": admitted.state, **tell}
        update: UnlearnResult = walked.timed("unlearn", lambda: unlearn(tool, provider_key=key.public, check=check, **answer))
        proved: ProveResult = walked.timed("prove", lambda: prove(tool, update=update.update, **answer))
        verdict: VerifyResult = walked.timed("verify", lambda: verify(tool, provider, proved.bundle, **secure))
        again = [_seconds_a_chunk(check_bundle(
            tool, enrolment=made.enrolment, request=request.path, state=admitted.state, bundle=proved.bundle, provider_key=key.public,
            points=walked.provider / "points", **secure,
        )) for _ in range(repeats)]  # fmt: skip
    walked.steps["verify"] = replace(walked.steps["verify"], chunk_seconds=(_seconds_a_chunk(verdict), *again))
    if not verdict.accepted:
        raise InternalError(f"the honest synthetic bundle was refused: {verdict.reason}", code="calibration")
    walked.bundle_bytes, walked.messages_bytes = proved.bundle_bytes, sum(chunk.bytes for chunk in proved.chunks)
    return walked


def told_seconds(chunks: tuple[float, ...], heard: Sequence[tuple[Progress, float]]) -> tuple[float, ...]:
    """Seconds of each chunk: what the step told of its `chunks`, and what checking the points of a chunk took before them; of a
    step that tells none, the one pace of all its stages."""
    if chunks:
        points = pace_of([(step, moment) for step, moment in heard if step.stage.startswith(_POINTS)])
        return tuple(seconds + points for seconds in chunks)
    return (pace,) if (pace := pace_of(heard)) else ()


def pace_of(heard: Sequence[tuple[Progress, float]]) -> float:
    """Seconds a chunk over all stages of a step, by when its chunks were done; 0 if it told of none, or of one alone.

    The first chunk of a stage pays for tables, so the pace is that of the others; where many are verified at once, that of all.
    """
    stages: dict[str, dict[int, float]] = {}
    for step, moment in heard:
        stages.setdefault(step.stage, {}).setdefault(step.done, moment)
    pace = 0.0
    for name, moments in stages.items():
        first, last = 0 if name.startswith(_MANY_AT_ONCE) and 0 in moments else 1, max(moments)
        if first in moments and last > first:
            pace += (moments[last] - moments[first]) / (last - first)
    return pace


def _chunk_seconds(result: object) -> tuple[float, ...]:
    """Seconds of each chunk, of the steps that work on one chunk at a time."""
    from zkapex_jax.workflow.unlearning import UnlearnResult

    if isinstance(result, UnlearnResult):
        return tuple(chunk.seconds + (chunk.check_seconds or 0.0) for chunk in result.chunks)
    if isinstance(result, EnrolmentProofResult):
        check = (result.check_seconds or 0.0) / len(result.chunks)
        return tuple(chunk.seconds + check for chunk in result.chunks)
    if isinstance(result, ProveResult):
        return tuple(chunk.seconds for chunk in result.chunks)
    return ()


def _seconds_a_chunk(verdict: VerifyResult) -> float:
    """Chunks are verified many at once, and finished in groups: the wall clock over all of them, without the start of the process."""
    return verdict.seconds / len(verdict.chunks)


def kept_bytes(folder: Path) -> int:
    """Bytes of the files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())



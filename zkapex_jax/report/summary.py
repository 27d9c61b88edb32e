"""`runs/demo/summary.json`: everything that a run measured, computed and typed; see `docs/engineer.md`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import ValidationError, model_validator

from zkapex_jax.errors import InputError, StorageError
from zkapex_jax.report.chain import Cost, EnrolmentRun, Link, Micros, RequestRun
from zkapex_jax.report.parts import Cheat, Digests, Insecure, Model, StageCost
from zkapex_jax.report.values import FORGET_SETS, SETS, STAGES, Bytes, Count, Part, Seconds, Set, Share, Stage

_LARGEST = 64 << 20


class Summary(Part):
    """One run of the whole path. `verified` is the run's verdict: every chunk of every enrolment and request accepted,
    every cheat refused, no constraint violated, every certificate true, everything once zeroed still zero.

    Costs at the top are over all requests: microseconds a weight are means, bytes of bundles are sums, peaks the highest.
    """

    format: Literal["zkapex.summary"] = "zkapex.summary"
    version: Literal["2"] = "2"
    created: str
    verified: bool
    failures: list[str]
    task: str
    task_title: str
    seed: int
    client_id: str
    forget: str
    preset: str
    insecure: Insecure
    model: Model

    weights: Count
    chunks: Count
    prove_us_per_weight: Micros
    verify_us_per_weight: Micros
    bundle_bytes: Bytes
    proof_bytes: Bytes
    enrol_us_per_weight: Micros
    enrol_verify_us_per_weight: Micros
    enrol_proof_bytes: Bytes
    prover_peak_rss_bytes: Bytes
    verifier_peak_rss_bytes: Bytes
    seconds: Seconds

    accuracy: dict[Stage, dict[Set, Share]]
    examples: dict[Set, Count]
    per_class: dict[Stage, dict[str, Share]]
    forget_classes: dict[Set, list[str]]
    enrolments: list[EnrolmentRun]
    requests: list[RequestRun]
    chain: list[Link]
    cheats: dict[str, Cheat]
    stages: list[StageCost]
    digests: Digests
    versions: dict[str, str]
    machine: dict[str, str]
    verify_again: list[str]

    @model_validator(mode="after")
    def _complete(self) -> Summary:
        for stage in STAGES:
            if set(self.accuracy.get(stage, {})) != set(SETS):
                raise ValueError(f"accuracy of stage {stage} must name {', '.join(SETS)}")
        if set(self.forget_classes) != set(FORGET_SETS):
            raise ValueError(f"forget_classes must name {', '.join(FORGET_SETS)}")
        if not self.requests or not self.enrolments:
            raise ValueError("a run has an enrolment and a request at least")
        for run in self.requests:
            if len(run.certificate) != len(run.cost.proofs):
                raise ValueError(f"request {run.request_id}: {len(run.cost.proofs)} proofs need as many certificates")
        for run in self.enrolments:
            if len(run.cost.proofs) != self.chunks or len(run.distance) != self.chunks:
                raise ValueError(f"an enrolment has a proof and a distance for each of {self.chunks} chunks")
        if self.verified and self.failures:
            raise ValueError("a verified run cannot list failures")
        return self

    def change(self, set_: Set, after: Stage, before: Stage) -> float:
        """Accuracy gained (negative: lost) between two stages, as a part of one."""
        return self.accuracy[after][set_] - self.accuracy[before][set_]

    def recovered(self) -> float | None:
        """Part of the personal accuracy lost to the first mask that the proven model won back; None if none was lost."""
        lost = -self.change("personal", "masked", "personalised")
        return self.change("personal", "compensated", "masked") / lost if lost > 0 else None

    def costs(self) -> dict[str, Cost]:
        """Cost of each enrolment and request, by the title that the page gives it, in the order of the chain."""
        named = {"enrolment": self.enrolments[0].cost}
        named |= {f"request {number}": run.cost for number, run in enumerate(self.requests, 1)}
        return named | {"re-enrolment": run.cost for run in self.enrolments if run.renewed}


def to_json(summary: Summary) -> bytes:
    """Indented UTF-8 JSON; integers of the statement are decimal strings."""
    return summary.model_dump_json(indent=2).encode() + b"\n"


def parse(data: bytes, file: str | Path | None = None) -> Summary:
    """Typed summary of JSON bytes.

    Raises:
        InputError: not JSON, a field missing, unknown, or out of its range; names the first such field.
    """
    try:
        return Summary.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "document"
        value = first["input"] if isinstance(first["input"], (str, int, float)) else None
        raise InputError(f"is not a run summary: {first['msg']}", file=file, field=field, value=value) from None


def load(path: str | Path) -> Summary:
    """Read and check `summary.json`.

    Raises:
        StorageError: the file cannot be read. InputError: it is not a summary.
    """
    try:
        with open(path, "rb") as stream:
            data = stream.read(_LARGEST + 1)
    except OSError as error:
        raise StorageError(f"cannot be read: {error.strerror}", file=path) from error
    if len(data) > _LARGEST:
        raise InputError("is too large for a run summary", file=path, value=f"more than {_LARGEST} bytes")
    return parse(data, path)

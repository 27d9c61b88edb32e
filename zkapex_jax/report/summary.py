"""`runs/demo/summary.json`: everything that a run measured, computed and typed; see `docs/engineer.md`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from zkapex_jax.errors import InputError, StorageError
from zkapex_jax.report.parts import (
    Cheat,
    Certificate,
    Check,
    ChunkProof,
    Digests,
    Insecure,
    Mask,
    Model,
    StageCost,
)
from zkapex_jax.report.values import SETS, STAGES, Bytes, Count, Part, Seconds, Set, Share, Stage

_LARGEST = 64 << 20


class Summary(Part):
    """One run of the whole path. `verified` is the run's verdict: every chunk accepted, every cheat refused,
    no constraint violated, every certificate true."""

    format: Literal["zkapex.summary"] = "zkapex.summary"
    version: Literal["1"] = "1"
    created: str
    verified: bool
    failures: list[str]
    task: str
    task_title: str
    seed: int
    client_id: str
    request_id: str
    forget: str
    preset: str
    insecure: Insecure
    enrolment_proof: bool
    model: Model

    weights: Count
    chunks: Count
    prove_us_per_weight: Annotated[float, Field(ge=0.0)]
    verify_us_per_weight: Annotated[float, Field(ge=0.0)]
    bundle_bytes: Bytes
    proof_bytes: Bytes
    prover_peak_rss_bytes: Bytes
    verifier_peak_rss_bytes: Bytes
    seconds: Seconds

    accuracy: dict[Stage, dict[Set, Share]]
    examples: dict[Set, Count]
    per_class: dict[Stage, dict[str, Share]]
    forget_classes: list[str]
    mask: Mask
    certificate: list[Certificate]
    proofs: list[ChunkProof]
    prove_stages: dict[str, Seconds]
    cheats: dict[str, Cheat]
    check: Check
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
        if len(self.certificate) != self.chunks or len(self.proofs) != self.chunks:
            raise ValueError(f"{self.chunks} chunks need as many certificates and proofs")
        if self.verified and self.failures:
            raise ValueError("a verified run cannot list failures")
        return self

    def change(self, set_: Set, after: Stage, before: Stage) -> float:
        """Accuracy gained (negative: lost) between two stages, as a part of one."""
        return self.accuracy[after][set_] - self.accuracy[before][set_]

    def recovered(self) -> float | None:
        """Part of the personal accuracy lost to masking that the proven model won back; None if none was lost."""
        lost = -self.change("personal", "masked", "personalised")
        return self.change("personal", "compensated", "masked") / lost if lost > 0 else None


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

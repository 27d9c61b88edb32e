"""What a verifier of a bundle or of an enrolment's proof says: chunk by chunk, and in total."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Callable, Iterable

from .errors import ProofRefused

Progress = Callable[["ChunkVerdict", int], None]  # a chunk's verdict and the number of chunks in all, as each is reached


@dataclass(frozen=True)
class ChunkVerdict:
    """One chunk: its number, its weights, whether its message proves its statement, if not why, and how long that took."""

    chunk: int
    weights: int
    accepted: bool
    reason: str | None
    seconds: float


@dataclass(frozen=True)
class Verdict:
    """`insecure`: the preset or the reference string is marked so, and the proofs convince nobody. `seconds` is in total."""

    accepted: bool
    insecure: bool
    chunks: tuple[ChunkVerdict, ...]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The fields that the Rust program prints."""
        lines = [{"chunk": one.chunk, "accepted": one.accepted, "seconds": one.seconds} for one in self.chunks]
        for line, one in zip(lines, self.chunks, strict=True):
            line |= {} if one.reason is None else {"reason": one.reason}
        weights = sum(one.weights for one in self.chunks)
        return {"accepted": self.accepted, "insecure": self.insecure, "chunks": lines, "weights": weights, "seconds": self.seconds}


def judge(
    chunks: Iterable[tuple[int, int]], verify: Callable[[int], None], insecure: bool, begun: float, progress: Progress | None = None
) -> Verdict:
    """Every chunk of (number, weights), one after the other; a refused one does not stop the others.

    Only ProofRefused is a verdict; any other error of `verify` ends the run. `begun` is when the whole began, by perf_counter."""
    chunks, verdicts = list(chunks), []
    for chunk, weights in chunks:
        start, reason = time.perf_counter(), None
        try:
            verify(chunk)
        except ProofRefused as refusal:
            reason = str(refusal)
        verdicts.append(ChunkVerdict(chunk, weights, reason is None, reason, time.perf_counter() - start))
        if progress is not None:
            progress(verdicts[-1], len(chunks))
    return Verdict(all(one.accepted for one in verdicts), insecure, tuple(verdicts), time.perf_counter() - begun)

"""`zkapex audit --json`: all that an audit found, typed and closed. The pages are drawn from this alone."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from zkapex_jax.report.audit.facts import Facts
from zkapex_jax.report.values import Count, Part, Seconds

Outcome = Literal["accepted", "refused", "disagreement"]
Basis = Literal["gate", "rounds", "both proofs", "ledger"]


class ChunkVerdict(Part):
    """What one verifier says of one chunk."""

    chunk: Count
    accepted: bool
    reason: str | None
    seconds: Seconds


class Judge(Part):
    """One verifier's word on one proof file.

    `seconds` is wall time from bytes to verdict, reading and checking every point included. `malformed`: the file was refused
    before any chunk was judged, so that `chunks` may be empty.
    """

    name: Literal["Rust", "Python"]
    program: str
    accepted: bool
    malformed: bool = False
    reason: str | None
    seconds: Seconds
    chunks: list[ChunkVerdict]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.accepted and (self.malformed or not self.chunks or not all(chunk.accepted for chunk in self.chunks)):
            raise ValueError("accepted contradicts the verdicts of the chunks")
        if not self.accepted and not self.reason:
            raise ValueError("a refusal names its reason")
        return self

    def verdict(self, chunk: int) -> ChunkVerdict | None:
        """Its word on one chunk; None if it gave none."""
        return next((verdict for verdict in self.chunks if verdict.chunk == chunk), None)


class ProofVerdict(Part):
    """One proof file and every verifier that judged it."""

    proof: Literal["enrolment", "bundle"]
    file: str
    weights: Count
    chunks: list[Count] = Field(min_length=1)
    judges: list[Judge] = Field(min_length=1)

    @property
    def outcome(self) -> Outcome:
        """Disagreement where two verifiers differ on the whole or on any chunk that both judged."""
        if len({judge.accepted for judge in self.judges}) > 1 or self.disputed():
            return "disagreement"
        return "accepted" if self.judges[0].accepted else "refused"

    def disputed(self) -> list[int]:
        """Chunks on which verifiers differ."""
        given = {chunk: [judge.verdict(chunk) for judge in self.judges] for chunk in self.chunks}
        words = {chunk: {verdict.accepted for verdict in verdicts if verdict} for chunk, verdicts in given.items()}
        return [chunk for chunk, said in words.items() if len(said) > 1]


class Heading(Part):
    """A section of the documents: `page` is a file of docs/, `heading` the text of one of its headings."""

    page: str
    heading: str


class Line(Part):
    """One thing that is proven: in words, as a formula, with the numbers of this case; and where to look it up.

    `tests` are `path::name`, from the root of the repository.
    """

    key: str
    words: str
    formula: str
    numbers: list[str]
    gates: list[str]
    docs: list[Heading]
    tests: list[str]


class NotProven(Part):
    """One thing that no proof here says, and what narrows it."""

    words: str
    narrowed: str
    docs: list[Heading]


class Audit(Part):
    """One audited bundle (with the enrolment proof that it rests on, where that was given) or enrolment proof."""

    format: Literal["zkapex.audit"] = "zkapex.audit"
    version: Literal["2"] = "2"
    created: str
    program: str
    outcome: Outcome
    facts: Facts
    proofs: list[ProofVerdict] = Field(min_length=1)
    lines: list[Line]
    not_proven: list[NotProven]
    taken: list[str]
    again: list[str]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.outcome != overall(self.proofs):
            raise ValueError("outcome contradicts the verdicts of the proofs")
        return self

    @property
    def malformed(self) -> bool:
        """Every verifier of some proof refused its file as malformed: bad input rather than a failed proof."""
        return self.outcome == "refused" and any(all(judge.malformed for judge in proof.judges) for proof in self.proofs)

    @property
    def judges(self) -> list[str]:
        """Names of the verifiers that judged, in order."""
        return list(dict.fromkeys(judge.name for proof in self.proofs for judge in proof.judges))

    def seconds(self, name: str) -> float | None:
        """Wall time of one verifier over all proofs; None if it was not asked."""
        spent = [judge.seconds for proof in self.proofs for judge in proof.judges if judge.name == name]
        return sum(spent) if spent else None


def overall(proofs: list[ProofVerdict]) -> Outcome:
    """Disagreement before refusal: it means that a verifier is wrong, which is worse than a bad proof."""
    outcomes = [proof.outcome for proof in proofs]
    return "disagreement" if "disagreement" in outcomes else "refused" if "refused" in outcomes else "accepted"

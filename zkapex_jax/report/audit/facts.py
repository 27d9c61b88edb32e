"""What an audited case is about: public numbers, read from the files that the verifiers judge."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from zkapex_jax.report.values import BigInt, Bytes, Count, Digest, Part

Distance = Annotated[float, Field(ge=0.0)]
Bits = Annotated[int, Field(ge=0)]


class Sizes(Part):
    """The preset: 2^k rows of P lanes, n and K curvature rows, J projections, b and r bits a window, B blinding rows."""

    preset: str
    k: Count
    lanes: Count
    capacity: Count
    client_rows: Count
    forget_rows: Count
    projections: Count
    window_bits: Bits
    range_bits: Bits
    blinding_rows: Count


class AnsweredChunk(Part):
    """One chunk of a bundle. `masked` weights are zero by this request or an earlier one, `masked_now` by this one.

    Distances are norms in units of 2^-16; `gap` bounds the excess of ½δᵀCδ, in squared units times those of C.
    """

    chunk: Count
    weights: Count
    masked: Count
    masked_now: Count
    gamma: BigInt
    t1: BigInt
    t2: BigInt
    d: BigInt
    certified_distance: Distance
    gap: Distance
    bytes: Bytes


class EnrolledChunk(Part):
    """One chunk of an enrolment. `base_energy` is Σ(f_cum·θ0)², the public scale of D0."""

    chunk: Count
    weights: Count
    forgotten: Count
    gamma: BigInt
    d0: BigInt
    base_energy: BigInt
    bytes: Bytes


class Answer(Part):
    """What a bundle answers."""

    request_id: str
    forget: str
    position: Count
    chunks: list[AnsweredChunk] = Field(min_length=1)

    @property
    def weights(self) -> int:
        return sum(chunk.weights for chunk in self.chunks)

    @property
    def masked(self) -> int:
        return sum(chunk.masked for chunk in self.chunks)

    @property
    def distance(self) -> float:
        """Certified for all chunks together: errors of different weights add in squares. Units of 2^-16."""
        return sum(chunk.certified_distance**2 for chunk in self.chunks) ** 0.5

    @property
    def reach(self) -> float:
        """How far all budgets together let the free weights move: √ΣD. Units of 2^-16."""
        return float(sum(chunk.d for chunk in self.chunks)) ** 0.5


class Enrolled(Part):
    """What an enrolment proof shows. `renews`: it replaces an earlier enrolment."""

    renews: bool
    chunks: list[EnrolledChunk] = Field(min_length=1)

    @property
    def weights(self) -> int:
        return sum(chunk.weights for chunk in self.chunks)


class ErrorTerm(Part):
    """One way to be accepted with a false statement: below 2^-bits a query. `layer`: whose challenge it is."""

    relation: str
    layer: Literal["rounds", "Halo2", "verifier"]
    challenge: str
    event: str
    formula: str
    bits: Bits


class Hardness(Part):
    """Something that is held to cost 2^bits operations, and what falls with it."""

    name: str
    gains: str
    estimate: str
    bits: Bits


class Soundness(Part):
    """Statistical error, Halo2's own included: of one chunk's proof by relation, and of everything audited together.

    `level`: a forgery costs about 2^level by the cheapest way, luck or an assumption; `weakest` names that way.
    """

    terms: list[ErrorTerm]
    chunk_bits: dict[str, Bits]
    all_bits: Bits
    assumptions: list[Hardness]
    level: Bits
    weakest: str

    @model_validator(mode="after")
    def _least(self) -> Self:
        if self.level != min([self.all_bits, *(one.bits for one in self.assumptions)]):
            raise ValueError("the level is that of the cheapest way")
        return self


class Margin(Part):
    """The largest integer of a relation: |quantity| < 2^bits, `margin` whole bits below p/2."""

    relation: str
    quantity: str
    bits: Bits
    margin: Bits


class Gate(Part):
    """A gate of the constraint tables, counted on the tables that the proofs name."""

    id: str
    relation: str
    polynomials: Count
    degree: Count


class Facts(Part):
    """Everything that the words are made of. A bundle has `answer`; `enrolled` is there where its proof was audited too."""

    kind: Literal["bundle", "enrolment"]
    client_id: str
    model: str
    architecture: str
    pattern: str
    weights: Count
    insecure: bool
    signer: Digest
    key_from: Literal["auditor", "ledger"]
    sizes: Sizes
    answer: Answer | None
    enrolled: Enrolled | None
    soundness: Soundness
    margins: list[Margin]
    gates: list[Gate]
    digests: dict[str, Digest]
    srs_source: str

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.answer is None) != (self.kind == "enrolment") or (self.kind == "enrolment" and self.enrolled is None):
            raise ValueError("a bundle has an answer, an enrolment its chunks")
        return self

    @property
    def unconditional(self) -> bool:
        """Whether the enrolment proof, which gives the ranges, was judged here as well."""
        return self.enrolled is not None

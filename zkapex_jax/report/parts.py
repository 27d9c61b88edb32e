"""The parts of a summary: what was measured of the models, the mask, the proofs and the machine."""

from __future__ import annotations

from pydantic import Field

from zkapex_jax.report.values import BigInt, Bytes, Count, Digest, Part, Seconds, Share, Side


class Insecure(Part):
    """Which parts of the run are not fit for production; each is `False` in an honest deployment."""

    preset: bool
    srs: bool

    def any(self) -> bool:
        return self.preset or self.srs


class Model(Part):
    """The provider's model and the weights of it that the request targets."""

    name: str
    architecture: str
    parameters: Count
    pattern: str
    base_digest: str


class MaskedTensor(Part):
    """Where the mask fell in one tensor: `grid[r][c]` is the masked share of one cell of a coarse picture of it."""

    path: str
    shape: tuple[int, ...]
    weights: Count
    masked: Count
    grid: list[list[Share]]


class Mask(Part):
    """The published mask."""

    weights: Count
    masked: Count
    share: Share
    tensors: list[MaskedTensor]


class Use(Part):
    """One of the three sums of a chunk against the bound that the proof enforces."""

    limit: BigInt
    sum: BigInt

    @property
    def share(self) -> float:
        """Part of the limit that is used, in [0, 1] for an honest chunk."""
        return self.sum / self.limit if self.limit else 0.0


class Certificate(Part):
    """One chunk: the proven distance to the exact optimum, the true one, and the sums behind it.

    Distances are Euclidean norms in units in the last place (2^-16 of a weight).
    """

    chunk: Count
    weights: Count
    masked: Count
    gamma: BigInt
    certified_distance: float = Field(ge=0.0)
    true_distance: float = Field(ge=0.0)
    t1: Use
    t2: Use
    d: Use

    @property
    def holds(self) -> bool:
        return self.true_distance <= self.certified_distance


class ChunkProof(Part):
    """Cost of one chunk's proof; `verify_seconds` is None where the verifier did not time it."""

    chunk: Count
    weights: Count
    bytes: Bytes
    prove_seconds: Seconds
    verify_seconds: Seconds | None


class Cheat(Part):
    """One dishonest client: what it tried, and what the provider answered. `refused` must be true.

    `named` says what the reference checker finds wrong with the lie, where it is a lie about the witness of a request.
    """

    refused: bool
    reason: str
    title: str
    detail: str
    named: list[str]


class Check(Part):
    """What the reference checker, which shares no code with the prover, said of the honest witness."""

    chunks: Count
    constraints: Count
    violations: list[str]


class StageCost(Part):
    """Wall time and peak memory of one stage. `peak_rss_bytes` is of the process that ran it."""

    name: str
    title: str
    side: Side
    seconds: Seconds
    peak_rss_bytes: Bytes | None


class Digests(Part):
    """SHA-256 of what every verdict of the run depends on; enrolments and requests name their own files."""

    tables: Digest
    enrol_tables: Digest
    srs: Digest
    base: Digest

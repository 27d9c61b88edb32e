"""What a circuit costs, counted from the circuit object: columns, queries, commitments, bytes of a proof.

The counts follow midnight-proofs 0.8.3 (``plonk/verifier.rs`` reads a proof in this order; ``poly/kzg/mod.rs`` the
opening); a test compares the bytes with a proof. Times are estimates of ``calibration``, marked as such.
"""

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from zkapex_jax.circuit.calibration import Estimate, estimate
from zkapex_jax.circuit.columns import Kind
from zkapex_jax.circuit.expression import Cell, cells
from zkapex_jax.circuit.model import Circuit

#: A compressed G1 point and a scalar, as the transcript writes them.
POINT_BYTES = 48
SCALAR_BYTES = 32

#: Column families that a relation's prover commits in the rounds before the Halo2 proof and sends with it.
SENT_FAMILIES: Mapping[str, frozenset[str]] = {
    "fold_kkt": frozenset({"theta_u", "y", "bits", "q"}),
    "enrol": frozenset({"cells"}),
    "dense_kkt": frozenset({"theta_u"}),
    "dense_kkt_unranged": frozenset({"theta_u"}),
}


@dataclass(frozen=True)
class Columns:
    """Numbers of columns by kind."""

    advice: int
    fixed: int
    committed_instance: int
    plain_instance: int


@dataclass(frozen=True)
class Queries:
    """Distinct (column, rotation) pairs by kind; plain instance cells are evaluated by the verifier, not opened."""

    advice: int
    fixed: int
    committed_instance: int
    plain_instance: int


@dataclass(frozen=True)
class Commitments:
    """Points of one Halo2 proof by origin."""

    advice: int
    lookup: int
    permutation: int
    random: int
    quotient: int
    opening: int

    @property
    def total(self) -> int:
        return sum(dataclasses.astuple(self))


@dataclass(frozen=True)
class CostSheet:
    """Everything that is counted. ``message_bytes`` adds the columns that the rounds before the proof commit."""

    relation: str
    k: int
    rows: int
    usable_rows: int
    degree: int
    gates: int
    polynomials: int
    cell_reads: int
    lookups: int
    copies: int
    columns: Columns
    queries: Queries
    commitments: Commitments
    evaluations: int
    point_sets: int
    proof_bytes: int
    round_commitments: int
    message_bytes: int
    estimate: Estimate | None

    def to_json(self) -> dict[str, object]:
        """Nested dict of integers and text, for golden files."""
        return dataclasses.asdict(self)


def cost_sheet(circuit: Circuit) -> CostSheet:
    """Count ``circuit``."""
    proof = _Proof(circuit)
    sent = SENT_FAMILIES.get(circuit.relation, frozenset())
    rounds = sum(column.family in sent for column in circuit.committed)
    return CostSheet(
        relation=circuit.relation, k=circuit.k, rows=circuit.domain, usable_rows=circuit.usable_rows, degree=circuit.degree,
        gates=len(circuit.gates), polynomials=sum(len(gate.polys) for gate in circuit.gates), cell_reads=_cell_reads(circuit),
        lookups=len(circuit.lookups), copies=len(circuit.copies),
        columns=Columns(len(circuit.advice), len(circuit.fixed), len(circuit.committed), len(circuit.plain)),
        queries=proof.queries, commitments=proof.commitments, evaluations=proof.evaluations,
        point_sets=len(proof.point_sets), proof_bytes=proof.bytes, round_commitments=rounds,
        message_bytes=proof.bytes + POINT_BYTES * rounds, estimate=estimate(circuit),
    )  # fmt: skip


class _Proof:
    """What one proof holds."""

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        #: Equality enables a query of the cell itself, whether or not a gate has one.
        copied = tuple(Cell(column, 0) for column in circuit.copied_columns)
        self.cells = tuple(dict.fromkeys(circuit.queries + copied))
        self.lookups = len(circuit.lookups)
        self.copied = len(copied)
        self.products = -(-self.copied // (circuit.degree - 2))

    @cached_property
    def queries(self) -> Queries:
        count = Counter((cell.column.kind, cell.column.committed) for cell in self.cells)
        return Queries(count[Kind.ADVICE, False], count[Kind.FIXED, False], count[Kind.INSTANCE, True],
                       count[Kind.INSTANCE, False])  # fmt: skip

    @cached_property
    def commitments(self) -> Commitments:
        return Commitments(advice=len(self.circuit.advice), lookup=3 * self.lookups, permutation=self.products,
                           random=1, quotient=self.circuit.degree - 1, opening=2)  # fmt: skip

    @cached_property
    def evaluations(self) -> int:
        """Scalars before the opening: cells, the random polynomial, σ and z of the permutation, five a lookup."""
        opened = self.queries.advice + self.queries.fixed + self.queries.committed_instance
        permutation = self.copied + 2 * self.products + max(0, self.products - 1)
        return opened + 1 + permutation + 5 * self.lookups

    @cached_property
    def point_sets(self) -> frozenset[frozenset[int]]:
        """Distinct sets of rotations at which a committed polynomial is opened; one scalar of the opening each."""
        rotations: dict[str, set[int]] = {}
        for cell in self.cells:
            if cell.column.kind is not Kind.INSTANCE or cell.column.committed:
                rotations.setdefault(cell.column.name, set()).add(cell.rotation)
        sets = {frozenset(found) for found in rotations.values()} | {frozenset({0})}
        sets |= {frozenset({0, 1})} if self.products or self.lookups else set()
        sets |= {frozenset({0, 1, -self.circuit.unusable})} if self.products > 1 else set()
        return frozenset(sets | ({frozenset({0, -1})} if self.lookups else set()))

    @property
    def bytes(self) -> int:
        return POINT_BYTES * self.commitments.total + SCALAR_BYTES * (self.evaluations + len(self.point_sets))


def _cell_reads(circuit: Circuit) -> int:
    """Cell occurrences in all gates: a measure of the work on one row of the quotient."""
    return sum(1 for gate in circuit.gates for poly in gate.polys for _ in cells(poly))

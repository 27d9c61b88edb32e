"""The public statement of one chunk's enrolment: what verifier and prover agree on before the first challenge."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import StatementError
from ..layout import ENROL, EnrolmentLayout
from ..statement import GAMMA_LIMIT, check_fields
from ..tables import Tables

FIRST = bytes(32)  # the state of a client that is not enrolled yet
DISTANCE_LIMIT = 1 << 250
_DIGESTS = ("tables", "srs", "enrolment", "base", "state")
_INTEGERS = {"chunk": (0, 1 << 32), "weights": (1, 1 << 32), "gamma": (1, GAMMA_LIMIT + 1), "d0": (1, DISTANCE_LIMIT)}


@dataclass(frozen=True)
class EnrolmentStatement:
    """One chunk. `d0` bounds sum Delta^2; `state` is the ledger state that a re-enrolment replaces, `FIRST` for the first.

    Raises StatementError if any value is out of its bounds: a D0 near p would void the distance."""

    preset: str
    client: str
    tables: bytes
    srs: bytes
    enrolment: bytes
    base: bytes
    state: bytes
    chunk: int
    weights: int
    gamma: int
    d0: int
    relation: str = ENROL

    def __post_init__(self) -> None:
        check_fields(self, ENROL, _DIGESTS, _INTEGERS)

    @property
    def renews(self) -> bool:
        """Whether the chunk is enrolled already, so that theta_p is tied to the ledger's current commitment."""
        return self.state != FIRST


def require_match(tables: Tables, layout: EnrolmentLayout, statement: EnrolmentStatement) -> None:
    """Raises StatementError unless the statement names these tables and fits their widths."""
    if statement.tables != tables.digest:
        raise StatementError("the statement names other tables", field="tables", value=statement.tables.hex())
    if statement.preset != layout.preset:
        raise StatementError("the tables have another preset", field="preset", value=statement.preset)
    if statement.weights > layout.capacity:
        raise StatementError(f"a chunk holds at most {layout.capacity} weights", field="weights", value=statement.weights)
    if statement.d0 >= 1 << layout.distance_bits:
        raise StatementError(f"its slack has {layout.distance_bits} bits", field="d0", value=statement.d0)

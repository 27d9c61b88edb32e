"""Time estimates for ``fold_kkt``, from a linear fit to measured proofs.

Fitted to the complete online protocol on two cores, two threads, midnight-proofs 0.8.3, 64 client and 8 forget rows, at
(k, lanes) = (12, 8), (12, 16), (14, 16), (15, 8). It returns those measurements within 7 % (prover) and 2 % (verifier).
For a machine at hand, `zkapex bench` measures; these numbers only compare circuits with each other.
"""

from dataclasses import dataclass

from zkapex_jax.circuit.model import Circuit

#: Nanoseconds of ``create_proof`` a row: fixed part, and for each instance column.
PROOF_ROW_NS = 35_500
PROOF_CELL_NS = 527

#: Nanoseconds a weight of everything before: commitments, projections, folds.
ROUNDS_WEIGHT_NS = 1_900

#: Nanoseconds of verifying: a row of the domain, a cell of the plain lanes, a folded commitment.
VERIFY_ROW_NS = 4_150
VERIFY_CELL_NS = 142
VERIFY_POINT_NS = 17_900

#: Bytes of the prover at its peak: a base, a row of the domain, a cell of a lane. Measured at (k, lanes) = (12, 16), (12, 32)
#: and (14, 16), with a tenth to a quarter on top for what the allocator keeps over many chunks.
MEMORY_BASE = 34 * 10**6
MEMORY_ROW = 4_000
MEMORY_CELL = 420


@dataclass(frozen=True)
class Estimate:
    """Milliseconds of one chunk on the calibration machine, and nanoseconds a weight of a full one."""

    prove_ms: int
    verify_ms: int
    prove_ns_a_weight: int
    verify_ns_a_weight: int


def estimate(circuit: Circuit) -> Estimate | None:
    """Estimated times; None for a relation that was not measured."""
    if circuit.relation != "fold_kkt":
        return None
    lanes, rows, capacity = (_size(circuit, name) for name in ("lanes", "rows", "capacity"))
    prove = circuit.domain * (PROOF_ROW_NS + PROOF_CELL_NS * len(circuit.instance)) + capacity * ROUNDS_WEIGHT_NS
    verify = circuit.domain * (VERIFY_ROW_NS + VERIFY_CELL_NS * lanes) + lanes * rows * VERIFY_POINT_NS
    return Estimate(prove // 10**6, verify // 10**6, prove // capacity, verify // capacity)


def _size(circuit: Circuit, name: str) -> int:
    value = circuit.layout[name]
    return value if isinstance(value, int) else 0


def prover_memory(domain: int, lanes: int) -> int:
    """Peak resident bytes of the prover for a domain of that many rows."""
    return MEMORY_BASE + domain * (MEMORY_ROW + MEMORY_CELL * lanes)

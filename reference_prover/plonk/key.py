"""Keys: the commitments that stand for the tables, recomputed from the tables and the SRS; nothing is read from a prover.

`transcript_repr`, which every proof's transcript absorbs first, hashes the commitments and the text of `key_text`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ..curve import Curve, Point
from ..errors import SrsError
from ..field import MODULUS
from ..srs import Srs
from ..tables import Tables
from .circuit import Circuit
from .key_text import constraint_text, domain_text
from .permutation import sigmas
from .polynomial import Coefficients, Evaluations, interpolate

VERSION = 3
PERSONAL = b"Halo2-Verify-Key"


@dataclass(frozen=True)
class VerifyingKey:
    """What a verifier needs of some tables. Make it once for many proofs."""

    circuit: Circuit
    srs: Srs
    curve: Curve
    fixed: tuple[Point, ...]  # commitments of the fixed columns
    sigma: tuple[Point, ...]  # of the permutation's columns
    transcript_repr: int

    @classmethod
    def of(cls, tables: Tables, srs: Srs, curve: Curve) -> "VerifyingKey":
        """Raises SrsError where the SRS has another size, TablesError where the proof system cannot prove the tables."""
        circuit = Circuit.of(tables)
        if srs.k != tables.k:
            raise SrsError(f"has 2^{srs.k} powers but the tables need 2^{tables.k}", field="k", value=srs.k)
        fixed = tuple(srs.commit_lagrange(column) for column in tables.fixed.values())
        sigma = tuple(srs.commit_lagrange(column.values) for column in sigmas(circuit))
        return cls(circuit, srs, curve, fixed, sigma, _transcript_repr(circuit, curve, fixed, sigma))


@dataclass(frozen=True)
class ProvingKey:
    """The verifying key and the polynomials behind it."""

    verifying: VerifyingKey
    sigma: tuple[Evaluations, ...]
    fixed_polynomials: tuple[Coefficients, ...]
    sigma_polynomials: tuple[Coefficients, ...]

    @classmethod
    def of(cls, tables: Tables, srs: Srs, curve: Curve) -> "ProvingKey":
        """Raises as `VerifyingKey.of`."""
        verifying = VerifyingKey.of(tables, srs, curve)
        domain, sigma = verifying.circuit.domain, tuple(sigmas(verifying.circuit))
        fixed = (Evaluations(list(column)) for column in tables.fixed.values())
        return cls(verifying, sigma, tuple(interpolate(domain, one) for one in fixed), tuple(interpolate(domain, one) for one in sigma))


def _transcript_repr(circuit: Circuit, curve: Curve, fixed: tuple[Point, ...], sigma: tuple[Point, ...]) -> int:
    """BLAKE2b-512 of version, k, both lists of commitments (length first, uncompressed) and the text; read little endian mod p."""
    state = hashlib.blake2b(bytes([VERSION, circuit.tables.k]), digest_size=64, person=PERSONAL)
    for points in (fixed, sigma):
        state.update(len(points).to_bytes(4, "little"))
        for point in points:
            state.update(curve.encode_uncompressed(point))
    state.update((domain_text(circuit) + constraint_text(circuit)).encode())
    return int.from_bytes(state.digest(), "little") % MODULUS

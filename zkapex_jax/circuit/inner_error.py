"""The statistical error of Halo2 itself, by circuit: what its own challenges let through, counted as ``soundness`` counts ours.

Exact fractions, a Fiat–Shamir query each. They hold for the polynomials that an algebraic prover has committed to, of degree
below the 2^k powers of the SRS; that a commitment binds to one such polynomial is the assumption on KZG.
Sources: midnight-proofs 0.8.3, ``plonk/mod.rs`` (identities), ``poly/kzg/mod.rs`` (opening); the Halo 2 book.
"""

from collections.abc import Iterator
from fractions import Fraction

from zkapex_jax.bounds import FIELD_MODULUS
from zkapex_jax.circuit.columns import Kind
from zkapex_jax.circuit.cost import cost_sheet
from zkapex_jax.circuit.model import Circuit
from zkapex_jax.circuit.soundness import ErrorTerm


def inner_error_terms(circuit: Circuit) -> tuple[ErrorTerm, ...]:
    """Every challenge of one Halo2 proof, in the order in which it is drawn."""
    return (*_arguments(circuit), *_identities(circuit), *_opening(circuit))


def inner_error(circuit: Circuit) -> Fraction:
    """Union bound over all of them."""
    return sum((term.probability for term in inner_error_terms(circuit)), Fraction(0))


def identity_count(circuit: Circuit) -> int:
    """Polynomials that y combines: gates; five a lookup; of the permutation its two ends, a link and a product for each part."""
    parts = cost_sheet(circuit).commitments.permutation
    permutation = 2 + (parts - 1) + parts if parts else 0
    return sum(len(gate.polys) for gate in circuit.gates) + 5 * len(circuit.lookups) + permutation


def opened_polynomials(circuit: Circuit) -> int:
    """Polynomials that the opening combines: every commitment of proof, key and statement that is opened at some point."""
    count = cost_sheet(circuit).commitments
    in_proof = count.advice + count.lookup + count.permutation + count.random + 1  # the quotient's parts are opened as one
    named = {cell.column.name for cell in circuit.queries if cell.column.kind is Kind.FIXED or cell.column.committed}
    copied = {column.name for column in circuit.copied_columns if column.kind is Kind.FIXED or column.committed}
    return in_proof + len(named | copied) + len(circuit.copied_columns)


def _arguments(circuit: Circuit) -> Iterator[ErrorTerm]:
    rows = circuit.domain
    widths = [len(lookup.inputs) for lookup in circuit.lookups]
    if any(width > 1 for width in widths):
        yield _root("θ", "a row that a lookup's table lacks, yet its combination is there", rows * sum(width - 1 for width in widths))
    if widths:
        yield _root("β, γ", "the products of a lookup agree although it does not hold", 4 * rows * len(widths))
    if circuit.copied_columns:
        yield _root("β, γ", "the products of the permutation agree although two copies differ", 2 * rows * len(circuit.copied_columns))


def _identities(circuit: Circuit) -> Iterator[ErrorTerm]:
    yield _root("y", "the sum of all identities is zero on a row where one is not", identity_count(circuit) - 1)
    yield _root("x", "a combined identity that is no multiple of X^(2^k) − 1 holds at x", circuit.degree * circuit.domain)


def _opening(circuit: Circuit) -> Iterator[ErrorTerm]:
    sets, points = cost_sheet(circuit).point_sets, len({cell.rotation for cell in circuit.queries} | {0, 1})
    yield _root("x1", "a wrong value is hidden among the polynomials opened at the same points", opened_polynomials(circuit) - sets)
    yield _root("x2", "one wrong set of points is hidden among the others", sets - 1)
    yield _root("x3", "the combined quotient is wrong, yet right at x3", circuit.domain + points)
    yield _root("x4", "a wrong value at x3 is hidden in the last combination", sets)


def _root(challenge: str, event: str, degree: int) -> ErrorTerm:
    return ErrorTerm(challenge, event, f"{degree:,}/p", Fraction(degree, FIELD_MODULUS))

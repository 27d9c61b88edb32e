"""Opening many polynomials at many points with one KZG proof (the technique of the Halo 2 book, "multipoint opening").

Polynomials that are opened at the same points form a set; powers of x1 combine a set to one polynomial q_s, which agrees with a
short polynomial r_s at the points of the set. f = sum_s x2^s (q_s - r_s) / prod (X - point) is a polynomial only if all evaluations
are right; the prover commits to it before x3. At x3 the values of all q_s are sent, f(x3) follows from them, and x4 combines q_s and
f to one polynomial whose opening at x3 is an ordinary KZG proof.
"""

from __future__ import annotations

from typing import Sequence

from ..curve import Curve, Point
from ..errors import FieldError, ProofRefused
from ..field import MODULUS, inverse, powers
from ..srs import Srs
from .circuit import Circuit
from .openings import PointSet, by_point, point_sets, points
from .polynomial import Coefficients, combine
from .queries import Column, Opening
from .transcript import Reader, Writer

Terms = list[tuple[int, Point]]  # a commitment as a combination of others


def open_all(circuit: Circuit, srs: Srs, polynomials: dict[Column, Coefficients], x: int, transcript: Writer) -> None:
    """The prover's side. Each polynomial has n coefficients."""
    x1, x2 = transcript.challenge(), transcript.challenge()
    sets = point_sets(circuit)
    q = [combine([polynomials[column] for column in one.columns], x1) for one in sets]
    f = combine([_quotient(polynomial, points(circuit, one.rotations, x)) for one, polynomial in zip(sets, q)], x2)
    transcript.write_point(srs.commit(f.values))
    x3 = transcript.challenge()
    for polynomial in q:
        transcript.write_scalar(polynomial.at(x3))
    combined = combine([*q, f], transcript.challenge())
    transcript.write_point(srs.commit(combined.divided_by(x3).values))


def check_all(
    circuit: Circuit, srs: Srs, curve: Curve, commitments: dict[Column, Terms], evaluations: dict[Opening, int], x: int, transcript: Reader
) -> None:
    """The verifier's side. Raises ProofRefused where the opening does not hold."""
    x1, x2 = transcript.challenge(), transcript.challenge()
    sets, values = point_sets(circuit), by_point(circuit, evaluations)
    f_commitment = transcript.read_point()
    x3 = transcript.challenge()
    q_at_x3 = transcript.read_scalars(len(sets))
    f_at_x3 = sum(
        power * _quotient_at(circuit, one, values, x1, x, x3, value) for power, one, value in zip(powers(x2, len(sets)), sets, q_at_x3)
    )
    weights = powers(transcript.challenge(), len(sets) + 1)
    witness = transcript.read_point()
    terms: Terms = [(weights[-1], f_commitment)]
    for weight, one in zip(weights, sets):
        for power, column in zip(powers(x1, len(one.columns)), one.columns):
            terms += [(weight * power * scalar % MODULUS, point) for scalar, point in commitments[column]]
    value = sum(weight * one for weight, one in zip(weights, [*q_at_x3, f_at_x3])) % MODULUS
    # e(witness, [s]) = e(C - value G + x3 witness, [1])
    terms += [(-value % MODULUS, curve.generator()), (x3, witness)]
    right = curve.msm([point for _, point in terms], [scalar for scalar, _ in terms])
    if not curve.pairing_check([(witness, srs.s_g2), (curve.negate(right), srs.g2)]):
        raise ProofRefused("an opening or a constraint does not hold", field="proof")


def _quotient(polynomial: Coefficients, roots: Sequence[int]) -> Coefficients:
    """(q - r) / prod (X - root), where r has the values of q at the roots."""
    size = len(polynomial.values)
    for root in roots:
        polynomial = polynomial.divided_by(root)
    return polynomial.padded(size)


def _quotient_at(circuit: Circuit, one: PointSet, values: dict[Opening, int], x1: int, x: int, x3: int, value: int) -> int:
    """The same at x3, from the value of q there and the evaluations."""
    roots, weights = points(circuit, one.rotations, x), powers(x1, len(one.columns))
    combined = [sum(weight * values[Opening(column, at)] for weight, column in zip(weights, one.columns)) % MODULUS for at in one.rotations]
    divisor = 1
    for root in roots:
        divisor = divisor * (x3 - root) % MODULUS
    try:
        return (value - interpolated(roots, combined, x3)) * inverse(divisor) % MODULUS
    except FieldError as error:
        raise ProofRefused("the challenge x3 is a point of the opening", field="proof") from error


def interpolated(roots: Sequence[int], values: Sequence[int], point: int) -> int:
    """The value at `point` of the polynomial of least degree with these values at the distinct roots (Lagrange)."""
    result = 0
    for index, (root, value) in enumerate(zip(roots, values)):
        above = below = 1
        for other in (*roots[:index], *roots[index + 1 :]):
            above = above * (point - other) % MODULUS
            below = below * (root - other) % MODULUS
        result += value * above % MODULUS * inverse(below)
    return result % MODULUS

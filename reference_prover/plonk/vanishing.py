"""The vanishing argument: the identities, joined by y, are a multiple of X^n - 1. The quotient h is what the prover commits to.

h has degree below (d - 1)(n - 1) and is cut into d - 1 pieces of n - 1 coefficients. Each piece takes a random top coefficient that the next
piece gives back, so that no commitment shows its piece. A random polynomial is opened beside h at x, so that the opening hides too.
"""

from __future__ import annotations

from ..errors import FieldError, ProofRefused
from ..field import MODULUS, inverse, powers
from .domain import Domain, batch_inverse
from .polynomial import Coefficients, CosetEvaluations, from_coset
from .random import SEED_BYTES, ChaCha20, Randomness, scalar, scalars


def random_polynomial(domain: Domain, source: Randomness) -> Coefficients:
    """n random coefficients from a stream of its own, whose seed is one draw (the library makes one stream a thread: this is
    what it does on one thread)."""
    return Coefficients(scalars(ChaCha20(source.bytes(SEED_BYTES)), domain.n))


def quotient(domain: Domain, identities: CosetEvaluations) -> Coefficients:
    """The joined identities divided by X^n - 1, on the coset; exact only if they vanish on all rows."""
    period = (1 << domain.extended_k) // domain.n  # X^n takes so many values on the coset
    inverses = batch_inverse([domain.vanishing(point) for point in domain.coset[:period]])
    divided = [value * inverses[index % period] % MODULUS for index, value in enumerate(identities.values)]
    return Coefficients(from_coset(domain, CosetEvaluations(divided)).values[: (domain.n - 1) * domain.pieces])


def pieces(domain: Domain, quotient_polynomial: Coefficients, source: Randomness) -> list[Coefficients]:
    """The blinded pieces, n coefficients each: sum_i X^(i (n-1)) piece_i is the quotient."""
    size = domain.n - 1
    result = [quotient_polynomial.values[at : at + size] for at in range(0, size * domain.pieces, size)]
    for index in range(1, domain.pieces):
        moved = scalar(source)
        result[index - 1].append(moved)
        result[index][0] = (result[index][0] - moved) % MODULUS
    result[-1].append(0)
    return [Coefficients(piece) for piece in result]


def piece_weights(domain: Domain, x: int) -> list[int]:
    """x^(i (n-1)): how the pieces, or their commitments, make the quotient at x."""
    return powers(pow(x, domain.n - 1, MODULUS), domain.pieces)


def quotient_value(domain: Domain, x: int, identities: int) -> int:
    """The joined identities at x, divided by x^n - 1. Raises ProofRefused where x is a row's root."""
    try:
        return identities * inverse(domain.vanishing(x)) % MODULUS
    except FieldError as error:
        raise ProofRefused("the challenge x is a row of the domain", field="proof") from error

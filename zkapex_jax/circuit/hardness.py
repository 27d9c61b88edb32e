"""What a forgery costs beside luck: what curve, hashes and signature are held to withstand, and the level of all together.

Costs are in operations, as powers of two, rounded down. They are published estimates or generic attacks, not proofs.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from zkapex_jax.bounds import FIELD_MODULUS
from zkapex_jax.circuit.soundness import error_bits
from zkapex_jax.presets import Preset

#: Order of the group that Ed25519 signs in (RFC 8032).
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493

#: The smallest ceremony's powers are published whatever part of them a preset uses.
CEREMONY_LOG_POWERS = 12

#: Smallest published estimate for discrete logarithms in the field of 12·381 bits: 117 to 120 in Barbulescu and Duquesne,
#: "Updating key size estimations for pairings" (2019); later work says up to 126.
PAIRING_BITS = 117

STATISTICAL = "luck with a challenge"


@dataclass(frozen=True)
class Assumption:
    """One thing that is held to be hard. ``gains``: what falls with it; ``estimate``: where the figure comes from."""

    name: str
    gains: str
    estimate: str
    bits: int


def assumptions(preset: Preset) -> tuple[Assumption, ...]:
    """Everything that a forger could break instead of being lucky, the cheapest first."""
    found = (
        Assumption("discrete logarithms in the pairing's target", "openings of any value", "number field sieve, least estimate", PAIRING_BITS),
        Assumption("τ from its published powers", "the same", "Cheon, √(p/2^m) for 2^m powers", cheon_bits(preset)),
        Assumption("discrete logarithms in G1", "the same", "Pollard's rho with six automorphisms, √(πp/12)", rho_bits(FIELD_MODULUS, 6)),
        Assumption("Ed25519", "a request or base that no provider signed", "Pollard's rho, √(πl/4)", rho_bits(ED25519_ORDER, 2)),
        Assumption("collisions of SHA-256", "two files or tables of one digest", "birthday, 256/2", 128),
        Assumption("collisions of BLAKE2b-512 and SHAKE-256", "challenges of one's choice", "birthday, 512/2 and capacity/2", 256),
    )
    return tuple(sorted(found, key=lambda one: one.bits))


def cheon_bits(preset: Preset) -> int:
    """n with √(p/2^m) ≥ 2^n, 2^m powers of τ being public: Cheon (2006) needs about that many operations.

    2^m divides p − 1, the best case of the attack; fewer than 2^m powers could not reach it.
    """
    powers = max(preset.k, CEREMONY_LOG_POWERS)
    return math.isqrt(FIELD_MODULUS >> powers).bit_length() - 1


def rho_bits(order: int, automorphisms: int) -> int:
    """n with √(π·order/(2·automorphisms)) ≥ 2^n: the expected steps of Pollard's rho over classes of an automorphism group."""
    return math.isqrt(int(Fraction(math.pi) * order / (2 * automorphisms))).bit_length() - 1


def security_level(error: Fraction, held: Iterable[Assumption]) -> tuple[int, str]:
    """(n, what decides): a forgery costs about 2^n, by the cheapest way.

    Luck costs 1/error queries: a prover that asks Q times succeeds with at most Q·error. Raises ValueError for an error of 0.
    """
    if error <= 0:
        raise ValueError("no proof has an error of 0")
    ways = [(max(0, error_bits(error)), STATISTICAL), *((one.bits, one.name) for one in held)]
    return min(ways, key=lambda way: way[0])

"""The statistical error of both relations, computed from a preset: what a false statement is accepted with.

Probabilities are exact fractions, a Fiat–Shamir query each. The error of Halo2 itself comes on top.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

from zkapex_jax.bounds import FIELD_MODULUS, GAMMA_MAX
from zkapex_jax.presets import Preset

#: Highest power of μ at which fold.step keeps a sum.
MU_DEGREE = 11

#: Highest power of μ at which enrol.step keeps a sum.
ENROL_MU_DEGREE = 3

#: The Rust verifier joins the last equations of so many chunks, with coefficients of so many bits from its own generator.
JOINT_CHUNKS, JOINT_BITS = 64, 128

#: An honest (δ, e) has norm at most 2^(b − 4): the rule by which b is chosen.
NORM_HEADROOM_BITS = 4


@dataclass(frozen=True)
class ErrorTerm:
    """One way to be accepted with a false statement."""

    challenge: str
    event: str
    formula: str
    probability: Fraction

    @property
    def bits(self) -> int:
        return error_bits(self.probability)


def error_terms(preset: Preset, relation: str) -> tuple[ErrorTerm, ...]:
    """Every term of the error of ``fold_kkt`` or ``enrol``; Schwartz–Zippel where the challenge is a field element."""
    return {"fold_kkt": _online_terms, "enrol": _enrolment_terms}[relation](preset)


def total_error(preset: Preset, *relations: str) -> Fraction:
    """Union bound over all terms of those relations; of both when none is named, for a certificate rests on both proofs."""
    terms = (term for relation in relations or ("enrol", "fold_kkt") for term in error_terms(preset, relation))
    return sum((term.probability for term in terms), Fraction(0))


def _online_terms(preset: Preset) -> tuple[ErrorTerm, ...]:
    half = Fraction(1, 2**preset.projections)
    return (
        ErrorTerm("R", "some |δ_i| or |e_k| ≥ 2^b, yet every p_j in its window", "2^−J", half),
        ErrorTerm("R", "y ≠ γδ + Gᵀσ somewhere, yet orthogonal to every R_j", "2^−J", half),
        _root("η", "Σ η^j ⟨R_j, z⟩ = 0 with some term not zero", preset.projections - 1),
        _root("η", "Σ η^j (⟨R_j, (δ, e)⟩ − p_j) = 0 with some term not zero", preset.projections - 1),
        _root("ρ", "Σ ρ^k (⟨G_k, δ⟩ − σ_k + e_k) = 0 with some term not zero", preset.rows - 1),
        _root("ρ", "Σ ρ^k (⟨c, G_k⟩ − q_k) = 0 with some term not zero", preset.rows - 1),
        _root("μ", "the seven sums cancel with one of them not zero", MU_DEGREE),
    )


def _enrolment_terms(preset: Preset) -> tuple[ErrorTerm, ...]:
    """A re-enrolment, which has one row more, the tie; a first enrolment has no larger error.

    η and ρ: the coefficients are a polynomial in η of degree J − 1 times one in ρ of degree n + 1.
    """
    half = Fraction(1, 2**preset.projections)
    by_row = preset.projections - 1 + preset.client_rows + 1
    return (
        ErrorTerm("b", "some |G_ki| or |Δ_i| ≥ 2^(r+1) − 1, yet every |⟨b_j, row_k⟩| < 2^r", "2^−J", half),
        ErrorTerm("a", "some |t_jk| ≥ 2^r, yet every v_l in its window", "2^−J", half),
        ErrorTerm("b", "a row not zero where it must be (pads, forgotten, tie), yet orthogonal to every b_j", "2^−J", half),
        _root("η, ρ", "Σ η^j ρ^k (⟨b_j, row_k⟩ − t_jk) = 0 over free cells with some term not zero", by_row),
        _root("η, ρ", "Σ η^j ρ^k ⟨b_j, row_k⟩ = 0 over pads and forgotten cells with some term not zero", by_row),
        _root("ζ", "Σ ζ^l (⟨a_l, t⟩ − v_l) = 0 with some term not zero", preset.projections - 1),
        _root("μ", "the four sums cancel with one of them not zero", ENROL_MU_DEGREE),
    )


def joint_error(chunks: int) -> Fraction:
    """What the coefficients of joint checks let through in one run of the verifier; a chunk alone is checked as it is.

    No prover can try again by itself: the coefficients are drawn when the proofs are there.
    """
    groups, last = divmod(chunks, JOINT_CHUNKS)
    return Fraction(groups + (last > 1), 2**JOINT_BITS)


def error_bits(probability: Fraction) -> int:
    """Largest n with probability ≤ 2^−n."""
    return (probability.denominator // probability.numerator).bit_length() - 1


def abort_bits(preset: Preset) -> int:
    """n such that an honest prover's p_j leave their windows with probability at most 2^−n.

    |⟨R_j, x⟩| ≥ t has probability ≤ 2·exp(−t²/‖x‖²) for ternary R_j (each entry the difference of two fair bits);
    here t/‖x‖ ≥ 2^(b−1)/2^(b−4) = 8.
    """
    ratio = 2.0 ** (NORM_HEADROOM_BITS - 1)
    return math.floor(ratio**2 / math.log(2) - 1 - math.log2(preset.projections))


def largest_energy(preset: Preset) -> int:
    """Largest Σ_k ‖G_k‖² + ‖Δ‖² of an honest chunk whose v_l stay in their windows as ``abort_bits`` says.

    E ‖t‖² = J/2 · that sum; ‖t‖² exceeds four times its mean with probability at most exp(−J(3 − ln 4)/2), 2^−149 for
    J = 128; and ‖t‖ ≤ 2^(r − 4) leaves the ratio 8 of ``abort_bits``.
    """
    return 2 ** (2 * (preset.range_bits - NORM_HEADROOM_BITS)) // (2 * preset.projections)


def largest_gamma(preset: Preset) -> int:
    """Largest damping whose T1 = ⌊γ²d/8⌋ and T2 = 32·rows·γ fit the slacks of a full chunk."""
    t1_bits, t2_bits, _ = preset.slack_bits
    by_t1 = math.isqrt((2 ** (t1_bits + 3) - 1) // preset.capacity)
    by_t2 = (2**t2_bits - 1) // (32 * preset.rows)
    return min(by_t1, by_t2, GAMMA_MAX)


def _root(challenge: str, event: str, degree: int) -> ErrorTerm:
    return ErrorTerm(challenge, event, f"{degree}/p", Fraction(degree, FIELD_MODULUS))

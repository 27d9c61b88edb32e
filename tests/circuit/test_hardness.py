"""What a forgery costs: each figure recomputed or held between its neighbours, and the level as the least of all."""

import re
from fractions import Fraction
from pathlib import Path

import pytest

from zkapex_jax.bounds import FIELD_MODULUS
from zkapex_jax.circuit.hardness import ED25519_ORDER, PAIRING_BITS, STATISTICAL, Assumption, assumptions, cheon_bits, rho_bits, security_level
from zkapex_jax.circuit.inner_error import inner_error
from zkapex_jax.circuit.relations import RELATIONS, build
from zkapex_jax.circuit.soundness import JOINT_BITS, JOINT_CHUNKS, error_bits, joint_error, total_error
from zkapex_jax.presets import PRESETS, get_preset

PROVER = Path(__file__).parents[2] / "prover/src"


@pytest.mark.parametrize(("probability", "bits"), [
    (Fraction(1, 2**126), 126), (Fraction(1, 2**126 - 1), 125), (Fraction(1, 2**126 + 1), 126), (Fraction(3, 2**128), 126), (Fraction(1), 0),
])  # fmt: skip
def test_bits_are_rounded_down(probability: Fraction, bits: int) -> None:
    assert error_bits(probability) == bits
    assert probability <= Fraction(1, 2**bits) and probability > Fraction(1, 2 ** (bits + 1))


@pytest.mark.parametrize(("name", "bits"), [
    ("toy", 121), ("ceremony-4096", 121), ("ceremony-4096-wide", 121), ("ceremony-16384", 120), ("ceremony-16384-wide", 120), ("ceremony-32768", 119),
])  # fmt: skip
def test_cheon_by_hand(name: str, bits: int) -> None:
    """2^n ≤ √(p/2^m) < 2^(n+1); of the shipped ceremony all 2^12 powers are public, however few a preset uses."""
    preset = get_preset(name)
    assert cheon_bits(preset) == bits
    powers = 2 ** max(preset.k, 12)
    assert (FIELD_MODULUS - 1) % powers == 0, "the attack's best case"
    assert powers * 4**bits <= FIELD_MODULUS < powers * 4 ** (bits + 1)


def test_every_preset_is_counted_above() -> None:
    assert len(PRESETS) == 6


def test_rho_by_hand() -> None:
    """π p/12 lies between 2^252 and 2^254, π l/4 between 2^250 and 2^252."""
    assert rho_bits(FIELD_MODULUS, 6) == 126 and 4**126 * 12 <= 3.1415 * FIELD_MODULUS and 3.1416 * FIELD_MODULUS < 4**127 * 12
    assert rho_bits(ED25519_ORDER, 2) == 125 and 4**125 * 4 <= 3.1415 * ED25519_ORDER and 3.1416 * ED25519_ORDER < 4**126 * 4


@pytest.mark.parametrize(("chunks", "groups"), [(0, 0), (1, 0), (2, 1), (64, 1), (65, 1), (66, 2), (128, 2), (1000, 16)])
def test_joint_checks_are_counted_by_group(chunks: int, groups: int) -> None:
    """A chunk that is left over alone is checked as it is."""
    assert joint_error(chunks) == Fraction(groups, 2**128)


def test_groups_and_coefficients_are_those_of_the_verifier() -> None:
    (group,) = re.findall(r"const GROUP: usize = (\d+);", (PROVER / "cli/verdict.rs").read_text())
    (width,) = re.findall(r"let mut bytes = \[0u8; (\d+)\];\n    OsRng.fill_bytes", (PROVER / "plonk/opening.rs").read_text())
    assert (int(group), 8 * int(width)) == (JOINT_CHUNKS, JOINT_BITS)


@pytest.mark.parametrize(("error", "level", "weakest"), [
    (Fraction(1, 2**116), 116, STATISTICAL),
    (Fraction(1, 2**117), 117, STATISTICAL),
    (Fraction(1, 2**118), PAIRING_BITS, "pairing"),
    (Fraction(1), 0, STATISTICAL),
    (Fraction(5), 0, STATISTICAL),
])  # fmt: skip
def test_the_level_is_the_least(error: Fraction, level: int, weakest: str) -> None:
    found, decides = security_level(error, assumptions(get_preset("ceremony-4096")))
    assert found == level and weakest in decides


def test_one_broken_assumption_is_enough() -> None:
    held = [Assumption("a", "", "", 130), Assumption("b", "", "", 40)]
    assert security_level(Fraction(1, 2**126), held) == (40, "b")
    with pytest.raises(ValueError, match="no proof"):
        security_level(Fraction(0), held)


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "toy"])
def test_one_chunk_of_a_serving_preset(name: str) -> None:
    """Both proofs with Halo2's own challenges: luck costs 2^125, so the pairing decides; of 2^9 chunks luck does."""
    preset = get_preset(name)
    chunk = total_error(preset) + sum(inner_error(build(relation, preset)) for relation in RELATIONS)
    assert error_bits(chunk) == 125
    assert security_level(chunk, assumptions(preset))[0] == PAIRING_BITS == min(one.bits for one in assumptions(preset))
    assert security_level(2**7 * chunk, assumptions(preset))[0] == PAIRING_BITS
    assert security_level(2**9 * chunk, assumptions(preset)) == (116, STATISTICAL)


def test_the_toy_has_no_level_to_speak_of() -> None:
    toy = get_preset("toy")
    assert security_level(total_error(toy), assumptions(toy)) == (error_bits(total_error(toy)), STATISTICAL) and error_bits(total_error(toy)) < 16

"""Halo2's own error, counted by hand for the circuits of the protocol and for one with every argument."""

from fractions import Fraction

import pytest

from zkapex_jax.bounds import FIELD_MODULUS
from zkapex_jax.circuit import CircuitBuilder, build
from zkapex_jax.circuit.inner_error import identity_count, inner_error, inner_error_terms, opened_polynomials
from zkapex_jax.circuit.model import Circuit
from zkapex_jax.circuit.soundness import error_bits
from zkapex_jax.presets import DEFAULT_PRESET, PRESETS, get_preset


def by_challenge(circuit: Circuit) -> dict[str, int]:
    found: dict[str, int] = {}
    for term in inner_error_terms(circuit):
        found[term.challenge] = found.get(term.challenge, 0) + int(term.probability * FIELD_MODULUS)
    return found


def test_fold_kkt_by_hand() -> None:
    """16 masks, a step, a column of bits, two ends; 83 committed columns, 5 fixed, acc, random polynomial and quotient."""
    circuit = build("fold_kkt", get_preset(DEFAULT_PRESET))
    assert identity_count(circuit) == 16 + 1 + 1 + 2
    assert opened_polynomials(circuit) == (5 * 16 + 1 + 2) + 5 + 1 + 2
    assert by_challenge(circuit) == {"y": 19, "x": 3 * 4096, "x1": 91 - 2, "x2": 1, "x3": 4096 + 2, "x4": 2}


def every_argument() -> Circuit:
    builder = CircuitBuilder("every", k=5)
    known = builder.instance("known", committed=True)
    left, right = builder.advice("left"), builder.advice("right")
    table = builder.fixed("table"), builder.fixed("tag")
    builder.run(table[0], 0, 4, 3)
    builder.gate("g.one", [left * right * right - known])
    builder.lookup("g.pair", [left, right], list(table))
    builder.copy(left, 0, right, 3)
    builder.copy(left, 1, known, 2)
    return builder.build()


def test_a_circuit_with_lookup_and_permutation_by_hand() -> None:
    """Degree 4, so 2 columns a part: 3 copied columns make 2 parts; one gate, 5 of the lookup, 2 + 1 + 2 of the permutation."""
    circuit = every_argument()
    assert circuit.degree == 4 and identity_count(circuit) == 1 + 5 + 5
    found = by_challenge(circuit)
    assert found["θ"] == 32 * 1
    assert found["β, γ"] == 4 * 32 + 2 * 32 * 3
    assert (found["y"], found["x"]) == (10, 4 * 32)
    # two advice, three of the lookup, two products, random, quotient; known and two fixed; three of the permutation's key
    assert opened_polynomials(circuit) == 2 + 3 + 2 + 1 + 1 + 3 + 3


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("relation", ["enrol", "fold_kkt"])
def test_it_is_far_below_the_error_of_the_rounds(name: str, relation: str) -> None:
    circuit = build(relation, get_preset(name))
    terms = inner_error_terms(circuit)
    assert inner_error(circuit) == sum((term.probability for term in terms), Fraction(0))
    assert error_bits(inner_error(circuit)) >= 237

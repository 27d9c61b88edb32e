"""The lemma behind both levels of ranges, exhaustively over a small prime.

A row of a ternary vector adds r·x to what the other rows give, r = 0 with probability ½ and ±1 with ¼ each. If |x| is at
least as long as the window, no more than half of the choices of r land in it, wherever the rest lies.
"""

import math

import pytest

from zkapex_jax.presets import PRESETS

PRIME = 211


def centred(x: int) -> int:
    return min(x % PRIME, -x % PRIME)


def acceptance(window: set[int], rest: int, x: int) -> float:
    return (2 * (rest in window) + ((rest + x) % PRIME in window) + ((rest - x) % PRIME in window)) / 4


def worst(window: set[int], least: int) -> float:
    """Largest acceptance over every rest and every |x| ≥ least."""
    return max(acceptance(window, rest, x) for x in range(PRIME) if centred(x) >= least for rest in range(PRIME))


@pytest.mark.parametrize("length", [2, 4, 8, 16, 32, 64])
def test_a_window_of_bits_binds_what_is_as_long_as_it(length: int) -> None:
    """First lemma, for t: v in [−2^(r−1), 2^(r−1)), so |t| ≥ 2^r escapes with probability ½ at most. It is sharp."""
    window = {x % PRIME for x in range(-length // 2, length // 2)}
    assert worst(window, length) == 0.5
    assert worst(window, length - 1) > 0.5


@pytest.mark.parametrize("length", [2, 4, 8, 16, 32])
def test_the_window_of_the_next_level_is_what_the_first_proves(length: int) -> None:
    """Second lemma, for G: |t| ≤ 2^r − 1 is a window of 2^(r+1) − 1 integers, so |G| ≥ 2^(r+1) − 1 escapes with ½ at most."""
    window = {x % PRIME for x in range(-(length - 1), length)}
    assert len(window) == 2 * length - 1
    assert worst(window, 2 * length - 1) == 0.5
    assert worst(window, 2 * length - 2) > 0.5


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "toy"])
@pytest.mark.parametrize(("square", "bits"), [(127**2, 84), (12**2, 100)])
def test_honest_rows_leave_no_window(name: str, square: int, bits: int) -> None:
    """log2 of the chance that some |v_l| ≥ 2^(r−1), for full chunks of int8 rows at full swing and of typical ones."""
    preset = PRESETS[name]
    norm = 4 * preset.projections / 2 * preset.client_rows * preset.capacity * square  # four times E ‖t‖²
    exponent = 2 ** (2 * preset.range_bits - 2) / norm / math.log(2)
    assert exponent - 1 - math.log2(preset.projections) > bits

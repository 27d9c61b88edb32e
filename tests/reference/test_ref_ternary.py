"""The ternary expansion and the exact products against their plain twins and vectors."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_prover import ternary
from reference_prover.errors import ChallengeError, WitnessError
from reference_prover.exact import combine, combine_plain
from reference_prover.field import MODULUS, to_bytes

VECTORS = Path(__file__).parents[2] / "vectors" / "ternary"


def load(name):
    return json.loads((VECTORS / name).read_text())


def digest(parts):
    return hashlib.sha256(b"".join(parts)).hexdigest()


@pytest.mark.parametrize("case", [load("small.json"), *load("digests.json")], ids=lambda case: case["name"])
def test_vectors_from_the_definition(case):
    sizes = {name: int(value) for name, value in case["sizes"].items()}
    r, eta, lanes = bytes.fromhex(case["r"]), int(case["eta"]), sizes["lanes"]
    by_lane = [ternary.expand_lane_plain(r, lane, sizes["active_rows"], sizes["projections"]) for lane in range(lanes)]
    over_weights = [[by_lane[i % lanes][j][i // lanes] for i in range(lanes * sizes["active_rows"])] for j in range(sizes["projections"])]
    over_e = ternary.expand_lane_plain(r, lanes, sizes["rows"], sizes["projections"])
    delta, e = [int(x) for x in case["delta"].split()], [int(x) for x in case["e"].split()]
    assert len(delta) == sizes["weights"]
    eta_powers = [pow(eta, j, MODULUS) for j in range(sizes["projections"])]
    combined = {"c": combine_plain(over_weights, eta_powers), "c_e": combine_plain(over_e, eta_powers)}
    p = [sum(a * b for a, b in zip(row, delta)) + sum(a * b for a, b in zip(row_e, e)) for row, row_e in zip(over_weights, over_e)]
    assert p == [int(x) for x in case["p"].split()]
    for name, matrix in (("over_weights", over_weights), ("over_e", over_e)):
        signs = ["".join("-0+"[x + 1] for x in row) for row in matrix]
        assert case[name] == signs if name in case else case[f"{name}_sha256"] == digest(["\n".join(signs).encode()])
    for name, values in combined.items():
        values = [value % MODULUS for value in values]
        assert case[name] == " ".join(map(str, values)) if name in case else case[f"{name}_sha256"] == digest(map(to_bytes, values))


@given(st.binary(min_size=64, max_size=64), st.integers(0, 2**40), st.integers(1, 20), st.integers(1, 128))
def test_expansion_equals_its_plain_twin(r, lane, cells, projections):
    assert ternary.expand_lane(r, lane, cells, projections).tolist() == ternary.expand_lane_plain(r, lane, cells, projections)


def test_entries_are_a_half_zero():
    share = (ternary.expand_lane(bytes(64), 0, 2000, 128) == 0).mean()
    assert abs(share - 0.5) < 0.005


@pytest.mark.parametrize("r, count, field", [(bytes(63), 1, "r"), (bytes(64), 0, "projections"), (bytes(64), 129, "projections")])
def test_bad_expansions(r, count, field):
    with pytest.raises(ChallengeError) as caught:
        ternary.expand_lane(r, 0, 4, count)
    assert caught.value.field == field


large = st.integers(-(1 << 260), 1 << 260)


@given(st.integers(1, 9).flatmap(lambda m: st.lists(st.tuples(large, st.lists(st.integers(-(2**31) + 1, 2**31 - 1), min_size=m, max_size=m)), min_size=1, max_size=12)))
def test_combine_equals_its_plain_twin(rows):
    scalars, matrix = [scalar for scalar, _ in rows], [row for _, row in rows]
    assert combine(np.array(matrix, dtype=np.int64), scalars) == combine_plain(matrix, scalars)


@pytest.mark.parametrize("terms", [1, 16384, 16385, 40000])
@pytest.mark.parametrize("entry, kind", [(-128, np.int8), (127, np.int8), (2**31 - 1, np.int64)])
def test_combine_is_exact_at_the_extremes(terms, entry, kind):
    scalar = (1 << 255) - 1
    assert combine(np.full((terms, 1), entry, dtype=kind), [scalar] * terms) == [terms * entry * scalar]


def test_combine_refuses_what_it_cannot_do_exactly():
    for matrix in (np.full((1, 1), 1 << 31), np.full((1, 1), 0.5), np.zeros((2, 1), dtype=int), np.zeros(1, dtype=int)):
        with pytest.raises(WitnessError):
            combine(matrix, [1])

"""Witnesses made by the serving code satisfy the reference, and agree with the exact solution to the last place."""

import numpy as np
import pytest

from ref_chunks import GAMMA, layout, make_statement, make_witness, parsed
from reference_prover.precheck import examine
from reference_prover.rounds import integers
from reference_prover.witness import from_arrays
from zkapex_jax.presets import get_preset
from zkapex_jax.witness import build_chunk


@pytest.mark.parametrize("weights, seed", [(896, 1), (893, 2), (61, 3)])
def test_built_chunks_pass_and_are_near_the_exact_optimum(weights, seed):
    exact = make_witness(weights, seed)
    theta, free = np.array(exact.theta_p, dtype=np.int32), np.array(exact.free, dtype=np.uint8)
    client, forget = np.split(exact.gradients, [layout().client_rows])
    built = build_chunk(theta, client, forget, GAMMA, free == 0, get_preset("toy"))
    arrays = dict(theta_p=theta, theta_u=built.theta_u, gradients=exact.gradients, free=free, sigma=built.sigma)
    witness = from_arrays(arrays)
    statement = make_statement(witness)
    assert examine(parsed(), statement, witness).violations == []
    assert (statement.t1, statement.t2) == (built.t1, built.t2)
    assert built.e.tolist() == integers.residual_e(witness.sigma, witness.gradients, witness.delta)
    assert built.y.tolist() == integers.residual_y(GAMMA, witness.delta, witness.gradients, witness.sigma)
    if not built.flips:
        assert np.abs(built.theta_u - np.array(exact.theta_u)).max() <= 1
        assert np.abs(built.sigma - np.array(exact.sigma)).max() <= 1

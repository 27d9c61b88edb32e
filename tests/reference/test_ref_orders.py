"""Orders of the rounds that would break the proof: with a challenge known too early, a false claim passes every constraint.

Each test plays the cheat against a protocol in the wrong order and sees it succeed, then against the right one and fail."""

from dataclasses import replace

from ref_chunks import GAMMA, layout, make_statement, make_witness, parsed
from ref_lattice import close_to_zero, kernel
from reference_prover.checker import check
from reference_prover.compensation import compensate
from reference_prover.field import MODULUS, inverse
from reference_prover.rounds import blinding as blind
from reference_prover.rounds import columns as round_4
from reference_prover.rounds import online
from reference_prover.rounds.sums import seven_sums
from reference_prover.transcript import Challenges


def passes(statement, claim, challenges):
    columns = round_4.assign(parsed(), layout(), statement, claim, challenges, blind.none(layout()))
    return check(parsed(), columns) == []


def honest_claim(seed, **changes):
    witness = make_witness(300, seed)
    statement, challenges = make_statement(witness, **changes), Challenges.random()
    return statement, challenges, online.run(parsed(), statement, witness, challenges)[0]


def test_q_committed_after_rho_lets_y_be_anything():
    """Knowing rho, q can satisfy both sums that bind it for a wrong y: two equations, as many unknowns as rows."""
    statement, challenges, claim = honest_claim(1)
    cell = claim.free.index(0)
    claim.y[cell] += 1
    wrong = seven_sums(layout(), statement, claim, challenges)[5]
    assert wrong
    rho, (s0, s1) = challenges.rho, claim.sigma[:2]
    # move q_0 by x and q_1 by z: x s0 + z s1 = wrong and x + rho z = 0
    z = wrong * inverse((s1 - rho * s0) % MODULUS) % MODULUS
    claim.q[0] = (claim.q[0] - rho * z) % MODULUS
    claim.q[1] = (claim.q[1] + z) % MODULUS
    assert passes(statement, claim, challenges)
    assert not passes(statement, claim, replace(challenges, rho=Challenges.random().rho))


def test_bits_committed_after_eta_let_a_weight_leave_its_window():
    """Knowing eta, short p_j with the same sum_j eta^j p_j are found by lattice reduction: 16 windows hold more than p."""
    witness = make_witness(300, 4)
    masked, gradients = witness.free.index(0), witness.gradients.copy()
    gradients[:, masked] = 0  # a weight of 2^31 that no other weight has to make up for
    theta = [*witness.theta_p[:masked], (1 << 31) - 1, *witness.theta_p[masked + 1 :]]
    huge = compensate(theta, witness.free, gradients, GAMMA)
    statement, challenges = make_statement(huge), replace(Challenges.random(), r=bytes(64))
    claim, _ = online.run(parsed(), statement, huge, challenges)
    assert list(seven_sums(layout(), statement, claim, challenges).values()).count(0) == 6  # the windows, and nothing else
    lack = seven_sums(layout(), statement, claim, challenges)[10]
    eta = [pow(challenges.eta, j, MODULUS) for j in range(layout().projections)]
    claim.p = close_to_zero(eta, [claim.p[0] + lack, *claim.p[1:]])
    assert max(map(abs, claim.p)) < 1 << (layout().window_bits - 1)
    assert passes(statement, claim, challenges)
    assert not passes(statement, claim, replace(challenges, eta=Challenges.random().eta))


def test_r_known_before_y_hides_a_residual():
    """Knowing r (hence c up to eta), y can be moved along the kernel of all R_j: no projection of z sees it."""
    statement, challenges, claim = honest_claim(3)
    over_weights, _ = round_4.ternary_vectors(layout(), challenges.r)
    masked = [i for i, f in enumerate(claim.free) if not f]
    move = kernel([[int(row[i]) for i in masked] for row in over_weights])
    for i, step in zip(masked, move, strict=True):
        claim.y[i] += step
    assert any(move) and passes(statement, claim, challenges)
    assert passes(statement, claim, replace_after_round_1(challenges, statement, claim, r=challenges.r))
    assert not passes(statement, claim, replace_after_round_1(challenges, statement, claim, r=bytes(64)))


def replace_after_round_1(challenges, statement, claim, r):
    """Fresh eta, rho, mu, with p and q answered honestly for them: only round 1 stays as it is."""
    fresh = replace(Challenges.random(), r=r)
    prover = online.OnlineProver(parsed(), statement, make_witness(300, 3))
    prover.claim = claim
    prover.round_2(fresh.r)
    prover.round_3(fresh.eta)
    return fresh

"""Cheats at enrolment: rows out of range, a model far from the base, forgotten weights that live on, another model when renewing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from adversary_bench import Bench
from adversary_cheat import ENROL, by_prover, enrolling, renewal, renewing
from adversary_columns import Last, choosing, jump, solve, start_elsewhere
from adversary_proofs import Enrolling
from bundle_world import CHUNKS, part

from reference_prover.chunk import commit_columns
from reference_prover.enrolment import columns
from reference_prover.enrolment.projections import range_projections
from reference_prover.enrolment.prove import EnrolmentChunkProver
from reference_prover.field import MODULUS
from reference_prover.rounds.frame import cut
from reference_prover.vectors import chunk_cheats

I = pow(7, (MODULUS - 1) // 4, MODULUS)
FORGED = {"overdrawn_distance": "0", "shifted_projection": "1 and 3", "moved_range": "3", "used_forgotten": "2", "other_model": "0, 1", "other_current": "1"}

for cheat in chunk_cheats.ENROLMENT:
    name, begin = cheat.act.__name__, renewal if cheat.renews or cheat.act is chunk_cheats.used_forgotten else enrolling
    by_prover(
        f"enrol.{name}", cheat.why.split(":")[0], "gate.enrol.last", {cheat.round: cheat.act}, f"the claim is changed, all else follows; sum at μ^{FORGED[name]}",
        relation=ENROL, start=begin,
    )  # fmt: skip


def crafted(bench: Bench, folder: Path) -> Enrolling:
    """Rows i 2^28 and 2^28: the sum of their squares is 0 mod p, and with it sum f y^2 is anything."""
    client = bench.new_client("alice")
    client.gradients = client.gradients.astype(object)
    client.gradients[0, 3], client.gradients[1, 8] = (I << 28) % MODULUS, 1 << 28
    return Enrolling.of(bench, client, folder)


def true_ranges(prover: EnrolmentChunkProver) -> None:
    """t and v mod p, v not cut to its window."""
    claim = prover.rounds.claim
    claim.v = [value % MODULUS for value in range_projections(prover.layout, prover.a, claim.t)]


def numbers_for_bits(prover: EnrolmentChunkProver) -> None:
    """Round 1 anew: each v_l and slack that does not fit its bits stands whole in the lowest of its cells."""
    size, claim = prover.layout, prover.rounds.claim
    pieces = [(claim.slack, size.distance_bits), *((v + (1 << (size.range_bits - 1)), size.range_bits) for v in claim.v)]
    cells: list[int] = []
    for number, width in pieces:
        number %= MODULUS
        cells += [number, *[0] * (width - 1)] if number >> width else [number >> i & 1 for i in range(width)]
    cells += [value % MODULUS for row in claim.t for value in row]
    prover.held = dict(columns.cell_columns(size, claim, prover.blinding))
    for index, values in enumerate(cut(cells, size.blinding_start)):
        prover.held[f"cells.{index}"][: len(values)] = values
    prover.cells = commit_columns(prover.srs, prover.held.items())
    prover.challenges = columns.EnrolmentChallenges(prover.b, prover.a, *prover.transcript.round_1(prover.cells.data))


def hold_ranges(prover: EnrolmentChunkProver) -> None:
    true_ranges(prover)
    prover.round_1 = lambda: numbers_for_bits(prover)


def hold_slack(prover: EnrolmentChunkProver) -> None:
    prover.rounds.claim.slack = prover.statement.d0 - sum(value * value for value in prover.rounds.claim.delta)
    prover.round_1 = lambda: numbers_for_bits(prover)


def held(last: Last) -> None:
    last.values.update(last.prover.held)


by_prover(
    "enrol.rows.cancel", "curvature rows i·2²⁸ and 2²⁸, i² = −1: squares cancel mod p, so that free ŷ is as small as the client likes", "gate.enrol.last", {},
    "the rows are committed; v_l lose their tops", relation=ENROL, start=crafted, last=EnrolmentChunkProver.round_2,
)  # fmt: skip
by_prover(
    "enrol.bits.ranges", "the same rows, with v_l itself in a cell of its bits", "gate.enrol.bits", {1: hold_ranges},
    "every sum holds; cells of the bits are no bits", relation=ENROL, start=crafted, last=choosing(held),
)  # fmt: skip


def far(bench: Bench, folder: Path) -> Enrolling:
    """A model that is no personalisation of the base: one weight 2^15 away."""
    client = bench.new_client("alice")
    client.theta[5] += 1 << 15
    return Enrolling.of(bench, client, folder)


by_prover(
    "enrol.bits.slack", "the model lies further from the base than D0; the slack is negative", "gate.enrol.bits", {1: hold_slack},
    "D0 − ΣΔ² < 0 stands mod p in one cell of its bits", relation=ENROL, start=far, last=choosing(held),
)  # fmt: skip


def near(prover: EnrolmentChunkProver) -> None:
    """Claims another model than the commitments hold, one near the base."""
    prover.rounds.claim.theta_p[5] -= 1 << 15
    prover.rounds.round_1(prover.b, prover.a)


def own_delta(last: Last) -> None:
    for lane in range(4):
        last.commit(f"delta.{lane}")
        last.commit(f"fold.{lane}")


by_prover(
    "enrol.column.delta", "Δ is not Com(θ̂p) − Com(f_cum·θ̂0): the model is further from the base than D0", "enrol.column.delta", {1: near},
    "all is proven of a model near the base; enrolled is another", relation=ENROL, start=far, last=choosing(own_delta),
)  # fmt: skip

OVERDRAWN = {1: chunk_cheats.overdrawn_distance}
by_prover("enrol.acc.first", "the running sum starts where it makes the end zero", "gate.enrol.first", OVERDRAWN, "ΣΔ² and slack disagree by 1; acc_0 = −1", relation=ENROL, last=choosing(start_elsewhere, sums=False))
by_prover("enrol.acc.step", "the running sum jumps once", "gate.enrol.step", OVERDRAWN, "ΣΔ² and slack disagree by 1; one row adds 1 less", relation=ENROL, last=choosing(jump, sums=False))
SAYS = {"c": "c of another b, or another f_cum", "w": "the weights of the cells are the prover's own", "w_const": "D0 of one's own in the constant", "fold": "F is not the fold of Com(Ĝ), Com(Δ)"}
for name in ("c.0", "w.0", "w_const", "fold.0"):
    stem = name.partition(".")[0]
    by_prover(
        f"enrol.column.{stem}", SAYS[stem], f"enrol.column.{stem}", OVERDRAWN, f"ΣΔ² and slack disagree by 1; one cell of {name} makes up for it",
        relation=ENROL, last=choosing(solve(name)),
    )  # fmt: skip


def full_pad(prover: EnrolmentChunkProver) -> None:
    """A 452nd weight, on the first pad."""
    prover.rounds.claim.theta_p.append(9)
    prover.rounds.round_1(prover.b, prover.a)


def padded(bench: Bench, folder: Path) -> Enrolling:
    """Com(theta_p) of chunk 0 holds one weight more than there are; chunk 0 has pads in its last row."""
    play, client = enrolling(bench, folder), bench.new_client("alice")
    size, values = bench.size, [*part(client.theta, 0).tolist(), 9]
    blinding = play.prover(0, play.digests()).blinding.theta_p
    points = commit_columns(bench.srs, columns.lanes(size, "theta_p", [value % MODULUS for value in values], blinding))
    play.files.parts["enrolment"].tensors["c_theta"][0] = np.frombuffer(b"".join(points.data), np.uint8).reshape(-1, 48)
    return play


by_prover(
    "enrol.pad", "a pad of the last active row holds a weight", "gate.enrol.last", {1: full_pad}, f"a weight after the {CHUNKS[0]} of the chunk; sum at μ²", relation=ENROL, start=padded
)  # fmt: skip


def other_weights(bench: Bench, folder: Path) -> Enrolling:
    """Alice enrols anew with another model than the ledger's."""
    old = renewal(bench, folder)
    client = replace(old.client.copy(), theta=old.client.theta.copy())
    client.theta[int(np.flatnonzero(~client.cumulative)[0])] += 1
    return Enrolling.of(bench, client, folder)


def tied(prover: EnrolmentChunkProver) -> None:
    """Says that the ledger holds the new model."""
    prover.rounds.claim.current = list(prover.rounds.claim.theta_p)


by_prover(
    "enrol.renewal.other_model", "a client enrols anew with another model than the ledger's", "gate.enrol.last", {1: tied},
    "one weight is 1 more; θ̂_current is said to be the same; the fold of commitments holds the tie", relation=ENROL, start=other_weights,
)  # fmt: skip


def reading_forgotten(bench: Bench, folder: Path) -> Enrolling:
    """Alice enrols anew with a row that reads a forgotten weight."""
    client = renewal(bench, folder).client.copy()
    client.gradients[1, int(np.flatnonzero(client.cumulative)[0])] = 5
    return Enrolling.of(bench, client, folder)


by_prover(
    "enrol.renewal.forgotten_row", "a row is not zero on a weight that an earlier request zeroed", "gate.enrol.last", {}, "Ĝ = 5 there, committed and proven as it is; sum at μ²",
    relation=ENROL, start=reading_forgotten, last=EnrolmentChunkProver.round_2,
)  # fmt: skip


def unforgetting(bench: Bench, folder: Path) -> Enrolling:
    """Alice enrols anew as if nothing had been zeroed, with a row that reads the weight that was: the least one, for D0 bears it."""
    gone = np.zeros_like(bench.theta0, dtype=bool)
    gone[int(np.argmin(np.abs(bench.theta0[: CHUNKS[0]])))] = True
    client = renewing(bench, gone)
    client.gradients[1, gone] = 5
    return Enrolling.of(bench, replace(client, cumulative=np.zeros_like(gone)), folder)


by_prover(
    "enrol.renewal.unforgotten", "the same, by a prover that leaves f_cum out", "enrolment.free", {}, "f_cum = 1 everywhere; Ĝ = 5 on the one weight that is gone, and all else follows",
    relation=ENROL, start=unforgetting, last=EnrolmentChunkProver.round_2,
)  # fmt: skip

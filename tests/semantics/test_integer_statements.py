"""The rounds are run again on a changed witness: the tables are satisfied if and only if the statement about integers holds.

The statement is written here a second time, in plain Python. Challenges are fixed; in `fold_kkt` and `enrol` the ranges are
what the projections of these challenges say, which is all that tables can say.
"""

from dataclasses import replace

import dense_scene
import enrol_scene
import fold_scene
import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tally import EFFORT, count

from reference_prover.checker import check
from reference_prover.enrolment import projections as enrolment_projections
from reference_prover.enrolment import rounds as enrolment_rounds
from reference_prover.rounds import columns as round_4
from reference_prover.rounds import online

STEPS = st.sampled_from([1, -1, 2, -3, 40, -300, 5000, -(1 << 20), 1 << 28, -(1 << 29), 1 << 34])
ROOM = st.sampled_from(["ample", "ample", "exact", "one short"])
WEIGHTS = 120


def dot(left, right) -> int:
    return sum(int(x) * int(y) for x, y in zip(left, right, strict=True))


def edits(*names: str):
    """A few changes of single integers: (name, place, step)."""
    return st.lists(st.tuples(st.sampled_from(names), st.integers(0, 10**6), STEPS), max_size=2)


def edited(of, name: str, changes):
    """The list of that name with its changes; gradients stay within int8, free within 0 and 1."""
    rows = getattr(of, name)
    changed = rows.ravel().tolist() if name == "gradients" else list(rows)
    for what, place, step in changes:
        at = place % len(changed)
        if what == name:
            changed[at] = 1 - changed[at] if name == "free" else changed[at] + step
    return np.clip(np.array(changed).reshape(rows.shape), -128, 127).astype(np.int8) if name == "gradients" else tuple(changed)


def limit(total: int, room: str, ample: int, width: int) -> int:
    """A public limit beside the total that it bounds, within the width of its slack."""
    wanted = {"ample": ample, "exact": total, "one short": max(total - 1, 0)}[room]
    return min(wanted, (1 << width) - 1)


def fold_totals(of, gamma: int) -> tuple[int, int, int]:
    """Sums of f y^2, e^2 and f delta^2."""
    delta = [u - p for u, p in zip(of.theta_u, of.theta_p, strict=True)]
    rows = of.gradients.astype(object)
    e = [sigma - dot(row, delta) for sigma, row in zip(of.sigma, rows, strict=True)]
    y = [gamma * delta[i] + dot(rows[:, i], of.sigma) for i in range(len(delta))]
    on = [i for i, f in enumerate(of.free) if f]
    return sum(y[i] ** 2 for i in on), sum(x * x for x in e), sum(delta[i] ** 2 for i in on)


def fold_holds(stated, of, drawn) -> bool:
    """Masked weights are zero, the three sums are in their limits, every projection of (delta, e) in its window."""
    delta = [u - p for u, p in zip(of.theta_u, of.theta_p, strict=True)]
    e = [sigma - dot(row, delta) for sigma, row in zip(of.sigma, of.gradients.astype(object), strict=True)]
    over_weights, over_e = round_4.ternary_vectors(fold_scene.SIZE, drawn.r)
    half = 1 << (fold_scene.SIZE.window_bits - 1)
    windows = all(-half <= dot(row[: len(delta)], delta) + dot(tail, e) < half for row, tail in zip(over_weights, over_e, strict=True))
    masked = all(u == 0 for u, f in zip(of.theta_u, of.free, strict=True) if not f)
    sums = zip(fold_totals(of, stated.gamma), (stated.t1, stated.t2, stated.d), strict=True)
    return masked and windows and all(total <= limit for total, limit in sums)


FOLD = ("theta_p", "theta_u", "theta_u", "sigma", "gradients", "free")


@settings(max_examples=80 * EFFORT)
@given(changes=edits(*FOLD), rooms=st.tuples(ROOM, ROOM, ROOM))
@example(changes=[], rooms=("exact", "exact", "exact"))
@example(changes=[], rooms=("one short", "ample", "ample"))
@example(changes=[], rooms=("ample", "one short", "ample"))
@example(changes=[], rooms=("ample", "ample", "one short"))
def test_fold_kkt_is_satisfied_iff_the_update_complies(changes, rooms):
    base = fold_scene.witness(2, WEIGHTS)
    of = replace(base, **{name: edited(base, name, changes) for name in set(FOLD)})
    stated = fold_scene.statement(of, d=1)
    ample = (stated.t1, stated.t2, 2 * fold_totals(base, fold_scene.GAMMA)[2])
    limits = map(limit, fold_totals(of, fold_scene.GAMMA), rooms, ample, fold_scene.SIZE.slack_bits)
    stated = replace(stated, **dict(zip(("t1", "t2", "d"), limits, strict=True)))
    drawn = fold_scene.challenges("statement")
    satisfied = check(fold_scene.TABLES, online.run(fold_scene.TABLES, stated, of, drawn)[1]) == []
    assert satisfied == fold_holds(stated, of, drawn)
    count(f"witnesses of fold_kkt whose statement {'holds' if satisfied else 'does not hold'}")


def enrol_holds(stated, of, drawn) -> bool:
    """Rows and weights are zero where forgotten, the distance is in its limit, the tie holds, every v_l in its window."""
    size, rows = enrol_scene.SIZE, of.gradients.astype(object)
    delta = [p - f * x for p, f, x in zip(of.theta_p, of.free, of.theta_0, strict=True)]
    forgotten = [i for i, f in enumerate(of.free) if not f]
    zero = all(of.theta_p[i] == 0 and not rows[:, i].any() for i in forgotten)
    first = enrolment_projections.first_level(size, drawn.b).astype(object)[:, : len(delta)]
    t = [dot(b, row) for b in first for row in (*rows, delta)]
    half = 1 << (size.range_bits - 1)
    windows = all(-half <= dot(a, t) < half for a in enrolment_projections.second_level(size, drawn.a))
    return zero and windows and of.theta_p == of.theta_current and sum(x * x for x in delta) <= stated.d0


ENROL = ("theta_p", "theta_0", "gradients", "free")


@settings(max_examples=80 * EFFORT)
@given(changes=edits(*ENROL), untied=edits("theta_current"), tied=st.sampled_from([True, True, False]), room=ROOM)
@example(changes=[], untied=[], tied=True, room="exact")
@example(changes=[], untied=[], tied=True, room="one short")
@example(changes=[("theta_p", 0, 1)], untied=[], tied=False, room="ample")
def test_enrol_is_satisfied_iff_the_rows_are_what_they_must_be(changes, untied, tied, room):
    base = enrol_scene.witness(2, WEIGHTS)
    of = replace(base, **{name: edited(base, name, changes) for name in ENROL})
    of = replace(of, theta_current=of.theta_p if tied else edited(base, "theta_current", untied))
    ample, width = 2 * enrol_scene.distance(base), enrol_scene.SIZE.distance_bits
    stated = enrol_scene.statement(of, max(1, limit(enrol_scene.distance(of), room, ample, width)))
    drawn = enrol_scene.challenges("statement")
    satisfied = check(enrol_scene.TABLES, enrolment_rounds.run(enrol_scene.TABLES, stated, of, drawn)[1]) == []
    assert satisfied == enrol_holds(stated, of, drawn)
    count(f"witnesses of enrol whose statement {'holds' if satisfied else 'does not hold'}")


def blocks_violated(of: dense_scene.Integers) -> set[int]:
    violations = check(dense_scene.TABLES, dense_scene.assign(of))
    return {violation.row // dense_scene.B for violation in violations}


PLACES = [(name, (i,)) for name in ("theta_p", "theta_u") for i in range(dense_scene.B)]
PLACES += [("free", (i,)) for i in range(dense_scene.B)]
PLACES += [("curvature", (i, j)) for i in range(dense_scene.B) for j in range(dense_scene.B)]
DENSE_STEPS = (1, -1, 90, -(1 << 8), 1 << 13, -(1 << 23), 1 << 24)


def judged(place, steps) -> None:
    """One integer of every block is changed at once: exactly the blocks whose statement breaks are violated."""
    name, where = place
    of = dense_scene.honest()
    for block, step in enumerate(steps):
        before = getattr(of, name)[block]
        for index in where:
            before = before[index]
        of = of.with_entry(name, (block, *where), 1 - before if name == "free" else before + step)
    broken = {block for block in dense_scene.BLOCKS if not dense_scene.block_holds(of, block)}
    assert blocks_violated(of) == broken, place
    count("blocks of dense_kkt whose statement holds", len(dense_scene.BLOCKS) - len(broken))
    count("blocks of dense_kkt whose statement does not hold", len(broken))


def test_dense_kkt_judges_every_integer() -> None:
    """Every integer of every block, each moved by one of the steps in turn."""
    for turn, place in enumerate(PLACES):
        judged(place, [DENSE_STEPS[(turn + block) % len(DENSE_STEPS)] for block in dense_scene.BLOCKS])
    count("integers changed alone: dense_kkt", len(PLACES) * len(dense_scene.BLOCKS))


@settings(max_examples=10 * EFFORT)
@given(place=st.sampled_from(PLACES), steps=st.lists(st.sampled_from(DENSE_STEPS), min_size=len(dense_scene.BLOCKS), max_size=len(dense_scene.BLOCKS)))
def test_dense_kkt_is_satisfied_iff_every_block_complies(place, steps):
    judged(place, steps)

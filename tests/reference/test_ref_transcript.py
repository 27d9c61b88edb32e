"""The outer transcript: its rules in plain hashlib, its vectors, and what must not go unnoticed."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_prover.errors import ChallengeError, StatementError
from reference_prover.field import MODULUS
from reference_prover.statement import from_mapping
from reference_prover.transcript import Challenges, ChunkTranscript, PublicPoints, Transcript, join_points, scalar

VECTORS = Path(__file__).parents[2] / "vectors" / "transcript"
PUBLIC = ("theta_p", "free", "gradients", "forget_rows")
DRAWN_AFTER = {"theta_u": 0, "y": 0, "bits": 1, "q": 2}
ORDER = ("r", "eta", "rho", "mu", "inner")


def load(name):
    return json.loads((VECTORS / name).read_text())


@pytest.mark.parametrize("script", load("scripts.json"), ids=lambda script: script["name"])
def test_scripts_follow_the_two_rules(script):
    le64 = lambda number: number.to_bytes(8, "little")
    state = hashlib.blake2b(b"\x02zkapex/outer/1").digest()
    for step in script["steps"]:
        label = step["label"].encode()
        if step["op"] == "absorb":
            data = bytes.fromhex(step["data"])
            state = hashlib.blake2b(state + b"\0" + le64(len(label)) + label + le64(len(data)) + data).digest()
        else:
            state = hashlib.blake2b(state + b"\1" + le64(len(label)) + label).digest()
            assert int(step["scalar"]) == int.from_bytes(state, "little") % MODULUS
        assert state.hex() == step["state"]


def chunk_challenges(statement, points):
    transcript = ChunkTranscript(statement, PublicPoints(**{name: points[name] for name in PUBLIC}))
    r = transcript.round_1(points["theta_u"], points["y"])
    eta = transcript.round_2(points["bits"])
    rho, mu = transcript.round_3(points["q"][0])
    return {"r": r.hex(), "eta": str(eta), "rho": str(rho), "mu": str(mu), "inner": transcript.finish().hex()}


def test_chunk_and_every_tampering():
    case = load("chunk.json")
    points = {name: [bytes.fromhex(point) for point in row] for name, row in case["points"].items()}
    assert chunk_challenges(from_mapping(case["statement"]), points) == case["challenges"]
    for tampered in case["tampered"]:
        field = tampered["field"].removeprefix("points.")
        if tampered["field"].startswith("points."):
            got = chunk_challenges(from_mapping(case["statement"]), points | {field: points[field][:-1] + [bytes.fromhex(tampered["value"])]})
        else:
            got = chunk_challenges(from_mapping(case["statement"] | {field: tampered["value"]}), points)
        assert got == tampered["challenges"]
        first = DRAWN_AFTER.get(field, 0)
        for position, name in enumerate(ORDER):
            assert (got[name] == case["challenges"][name]) == (position < first), (field, name)


@pytest.mark.parametrize("case", load("scalars.json"), ids=lambda case: case["name"])
def test_scalars(case):
    value = scalar(bytes.fromhex(case["state"]))
    assert str(value) == case["scalar"]
    if case["refused_as_mu"]:
        with pytest.raises(ChallengeError, match="mu"):
            Challenges(bytes(64), 1, 1, value)
    else:
        Challenges(bytes(64), 1, 1, value)


@given(st.text(max_size=8), st.binary(max_size=16), st.text(max_size=8), st.binary(max_size=16))
def test_different_messages_give_different_states(label, data, other_label, other_data):
    one, two = Transcript(), Transcript()
    one.absorb(label, data)
    two.absorb(other_label, other_data)
    assert (one.state == two.state) == ((label, data) == (other_label, other_data))


@pytest.mark.parametrize("bad", [dict(r=bytes(63)), dict(r=bytes(65)), dict(eta=MODULUS), dict(rho=-1), dict(mu=0), dict(mu=MODULUS)])
def test_challenges_are_bounded(bad):
    with pytest.raises(ChallengeError) as caught:
        replace(Challenges(bytes(64), 1, 1, 1), **bad)
    assert caught.value.field == next(iter(bad))


@pytest.mark.parametrize("size", [0, 47, 49, 96])
def test_points_take_48_bytes(size):
    with pytest.raises(StatementError) as caught:
        join_points("y", [bytes(48), bytes(size)])
    assert caught.value.field == "y[1]"

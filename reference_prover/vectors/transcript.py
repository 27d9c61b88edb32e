"""Vectors of the outer transcript: plain scripts, one whole chunk, its tampered twins, and scalars from states."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ..field import MODULUS
from ..statement import Statement, rules, to_mapping
from ..transcript import POINT_BYTES, ChunkTranscript, PublicPoints, Transcript, scalar
from .writing import Stream

LANES, CLIENT_ROWS, FORGET_ROWS, BIT_COLUMNS = 4, 3, 2, 2
ROUNDS = {"theta_u": LANES, "y": LANES, "bits": BIT_COLUMNS, "q": 1}
PUBLIC = {"theta_p": LANES, "free": LANES, "gradients": CLIENT_ROWS * LANES, "forget_rows": FORGET_ROWS * LANES}


def cases(_: Path) -> dict[str, Any]:
    """File name -> content."""
    return {"scripts.json": scripts(), "chunk.json": chunk(), "scalars.json": scalars()}


def scripts() -> list[dict[str, Any]]:
    """Sequences of absorb and challenge, with the state after each."""
    plans = {
        "empty": [("challenge", "r", b"")],
        "one_message": [("absorb", "relation", b"fold_kkt"), ("challenge", "r", b"")],
        "empty_message_counts": [("absorb", "free", b""), ("challenge", "r", b"")],
        "challenges_chain": [("absorb", "q", bytes(48)), ("challenge", "rho", b""), ("challenge", "mu", b""), ("challenge", "mu", b"")],
        "label_is_not_data": [("absorb", "ab", b"c"), ("challenge", "r", b"")],
        "data_is_not_label": [("absorb", "a", b"bc"), ("challenge", "r", b"")],
        "long_message": [("absorb", "gradients", Stream("transcript/long").bytes(5000)), ("challenge", "eta", b"")],
    }
    return [{"name": name, "steps": _run(steps)} for name, steps in plans.items()]


def _run(steps: list[tuple[str, str, bytes]]) -> list[dict[str, str]]:
    transcript, result = Transcript(), []
    for kind, label, data in steps:
        entry = {"op": kind, "label": label}
        if kind == "absorb":
            transcript.absorb(label, data)
            entry["data"] = data.hex()
        else:
            entry["scalar"] = str(scalar(transcript.challenge(label)))
        result.append(entry | {"state": transcript.state.hex()})
    return result


def scalars() -> list[dict[str, Any]]:
    """64-byte states and the scalar they give; a mu of zero must be refused."""
    states = {
        "zero": 0,
        "p": MODULUS,
        "p_times_2_to_256": MODULUS << 256,
        "one": 1,
        "p_minus_1": MODULUS - 1,
        "p_plus_1": MODULUS + 1,
        "all_ones": (1 << 512) - 1,
    }
    return [
        {"name": name, "state": value.to_bytes(64, "little").hex(), "scalar": str(value % MODULUS), "refused_as_mu": value % MODULUS == 0}
        for name, value in states.items()
    ]


def chunk() -> dict[str, Any]:
    """One chunk with stand-in points (the transcript does not look into them), and every single tampering."""
    stream = Stream("transcript/chunk")
    digests = {name: stream.bytes(32) for name in ("tables", "srs", "enrolment", "state", "request")}
    t1, t2 = rules(3 << 20, 893, CLIENT_ROWS + FORGET_ROWS)
    honest = Statement("toy", "client-07", **digests, chunk=5, weights=893, gamma=3 << 20, t1=t1, t2=t2, d=987654321)
    points = {name: [stream.bytes(POINT_BYTES) for _ in range(count)] for name, count in (PUBLIC | ROUNDS).items()}
    return {
        "statement": to_mapping(honest),
        "points": {name: [point.hex() for point in row] for name, row in points.items()},
        "challenges": _challenges(honest, points),
        "tampered": _tampered(honest, points),
    }


def _challenges(statement: Statement, points: dict[str, list[bytes]]) -> dict[str, str]:
    transcript = ChunkTranscript(statement, PublicPoints(**{name: points[name] for name in PUBLIC}))
    r = transcript.round_1(points["theta_u"], points["y"])
    eta = transcript.round_2(points["bits"])
    rho, mu = transcript.round_3(points["q"][0])
    return {"r": r.hex(), "eta": str(eta), "rho": str(rho), "mu": str(mu), "inner": transcript.finish().hex()}


def _tampered(honest: Statement, points: dict[str, list[bytes]]) -> list[dict[str, Any]]:
    flip = lambda data: bytes([data[0] ^ 1]) + data[1:]
    result = []
    for name in ("tables", "srs", "enrolment", "state", "request", "chunk", "weights", "gamma", "t1", "t2", "d", "preset", "client"):
        value = getattr(honest, name)
        other = flip(value) if isinstance(value, bytes) else value + 1 if isinstance(value, int) else value + "x"
        statement = replace(honest, **{name: other})
        result.append({"field": name, "value": to_mapping(statement)[name], "challenges": _challenges(statement, points)})
    for name in points:
        changed = points | {name: points[name][:-1] + [flip(points[name][-1])]}
        result.append({"field": f"points.{name}", "value": changed[name][-1].hex(), "challenges": _challenges(honest, changed)})
    return result

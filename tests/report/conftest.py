"""A made-up summary for tests of the schema and the page. None of its figures was measured."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

_CLASSES = [str(digit) for digit in range(10)]
_FORGET = {"forget": ["3", "8"], "forget_second": ["5"]}
_AFTER = {"forget": ("masked", "compensated_float", "compensated", "second_masked", "second", "renewed"),
          "forget_second": ("second_masked", "second", "renewed")}  # fmt: skip


@pytest.fixture(scope="session")
def summary_dict() -> Callable[..., dict[str, Any]]:
    """A function that makes the content of a summary.json; arguments as of `made_up`."""
    return made_up


def made_up(chunks: int = 5, verified: bool = True, seed: int = 1) -> dict[str, Any]:
    """JSON-like content of a summary.json with `chunks` chunks."""
    rng = random.Random(seed)
    weights = [63_744 - chunk for chunk in range(chunks)]
    accuracy = {
        "base": {"forget": 0.981, "forget_second": 0.970, "retain": 0.972, "personal": 0.855},
        "personalised": {"forget": 0.975, "forget_second": 0.960, "retain": 0.966, "personal": 0.963},
        "masked": {"forget": 0.214, "forget_second": 0.880, "retain": 0.941, "personal": 0.908},
        "compensated_float": {"forget": 0.209, "forget_second": 0.890, "retain": 0.947, "personal": 0.957},
        "compensated": {"forget": 0.209, "forget_second": 0.890, "retain": 0.946, "personal": 0.957},
        "second_masked": {"forget": 0.180, "forget_second": 0.020, "retain": 0.900, "personal": 0.881},
        "second": {"forget": 0.170, "forget_second": 0.050, "retain": 0.938, "personal": 0.949},
        "renewed": {"forget": 0.170, "forget_second": 0.050, "retain": 0.938, "personal": 0.949},
    }
    return {
        "format": "zkapex.summary",
        "version": "2",
        "created": "2020-01-01T00:00:00Z",
        "verified": verified,
        "failures": [] if verified else ["cheat <replay> was accepted"],
        "task": "easy",
        "task_title": "made-up figures for a test",
        "seed": seed,
        "client_id": "edge-0001",
        "forget": "Digits 3 and 8, then digit 5",
        "preset": "ceremony-4096",
        "insecure": {"preset": False, "srs": False},
        "model": {
            "name": "digits-vit",
            "architecture": "FlaxViTForImageClassification",
            "parameters": 421_002,
            "pattern": "**/intermediate/dense/kernel",
            "base_digest": "ab" * 32,
        },
        "weights": sum(weights),
        "chunks": chunks,
        "prove_us_per_weight": 8.4,
        "verify_us_per_weight": 0.76,
        "bundle_bytes": 11_200 * chunks,
        "proof_bytes": 9_952 * chunks,
        "enrol_us_per_weight": 4.9,
        "enrol_verify_us_per_weight": 0.68,
        "enrol_proof_bytes": 1_872 * chunks,
        "prover_peak_rss_bytes": 131_000_000,
        "verifier_peak_rss_bytes": 92_000_000,
        "seconds": 131.5,
        "accuracy": accuracy,
        "examples": {"forget": 72, "forget_second": 41, "retain": 288, "personal": 310},
        "per_class": {
            stage: {name: _class_accuracy(rng, stage, name) for name in _CLASSES} for stage in accuracy
        },
        "forget_classes": {set_: list(names) for set_, names in _FORGET.items()},
        "enrolments": [_enrolment(rng, weights, renewed=False), _enrolment(rng, weights, renewed=True)],
        "requests": [_request(rng, weights, "request-1", "compensated"), _request(rng, weights, "request-2", "second")],
        "chain": [_link(*link) for link in (
            (0, "enrolment", "personalised", 0), (1, "request-1", "compensated", 2_600),
            (2, "request-2", "second", 5_200), (3, "re-enrolment", "renewed", 5_200),
        )],
        "cheats": _cheats(verified),
        "stages": _stages(rng),
        "digests": {name: f"{index:02x}" * 32 for index, name in enumerate(["tables", "enrol_tables", "srs", "base"])},
        "versions": {"zkapex": "0.1.0", "python": "3.11.2", "jax": "0.10.2", "zkapex-prover": "0.1.0"},
        "machine": {"processors": "2 processors", "system": "Linux x86_64"},
        "verify_again": ["zkapex verify --ledger runs/demo/provider/ledger.sqlite --bundle runs/demo/client/bundle"],
    }  # fmt: skip


def _cost(weights: list[int], size: int, micros: float, steps: tuple[str, ...]) -> dict[str, Any]:
    return {
        "weights": sum(weights),
        "prove_us_per_weight": micros,
        "verify_us_per_weight": 0.7,
        "proof_bytes": size * len(weights),
        "file_bytes": size * len(weights) + 700,
        "prover_peak_rss_bytes": 131_000_000,
        "verifier_peak_rss_bytes": 92_000_000,
        "proofs": [
            {"chunk": chunk, "weights": size_, "bytes": size, "prove_seconds": 1e-6 * micros * size_, "verify_seconds": 0.047}
            for chunk, size_ in enumerate(weights)
        ],
        "prove_stages": {step: 1e-6 * micros * sum(weights) / len(steps) for step in steps},
    }


def _enrolment(rng: random.Random, weights: list[int], *, renewed: bool) -> dict[str, Any]:
    return {
        "renewed": renewed,
        "position": 3 if renewed else 0,
        "commit_seconds": 0.9,
        "check_seconds": 2.5,
        "cost": _cost(weights, 1_872, 4.9, ("commit", "challenges", "create_proof")),
        "distance": [{"limit": str(3 << 40), "sum": str(int((3 << 40) * rng.uniform(0.05, 0.4)))} for _ in weights],
        "enrolment": ("e1" if renewed else "e0") * 32,
        "proof": ("f1" if renewed else "f0") * 32,
    }


def _request(rng: random.Random, weights: list[int], name: str, stage: str) -> dict[str, Any]:
    return {
        "request_id": name,
        "forget": "Digits 3 and 8" if stage == "compensated" else "Digit 5",
        "classes": _FORGET["forget" if stage == "compensated" else "forget_second"],
        "stage": stage,
        "cost": _cost(weights, 4_976, 8.4, ("commit", "challenges", "create_proof")),
        "mask": _mask(rng, sum(weights)),
        "certificate": [_certificate(rng, chunk, size) for chunk, size in enumerate(weights)],
        "check": {"chunks": len(weights), "constraints": 103_412 * len(weights), "violations": []},
        "request": "c0" * 32,
        "bundle": "d0" * 32,
    }


def _link(position: int, event: str, stage: str, forgotten: int) -> dict[str, Any]:
    spent = {"weights": 27, "rows": 29 - 2 * position, "limit": 31}
    return {"position": position, "event": event, "stage": stage, "forgotten": forgotten, "nonzero": 0, "openings": spent,
            "state": f"{0x50 + position:02x}" * 32}  # fmt: skip


def _class_accuracy(rng: random.Random, stage: str, name: str) -> float:
    gone = any(name in names and stage in _AFTER[set_] for set_, names in _FORGET.items())
    return rng.uniform(0.05, 0.35) if gone else rng.uniform(0.88, 1.0)


def _mask(rng: random.Random, weights: int) -> dict[str, Any]:
    tensors = [
        {
            "path": f"vit/encoder/layer/{layer}/intermediate/dense/kernel",
            "shape": [128, 512],
            "weights": 65_536,
            "masked": 3_000 + 300 * layer,
            "grid": [[min(1.0, rng.expovariate(18)) for _ in range(32)] for _ in range(16)],
        }
        for layer in range(4)
    ]
    masked = sum(tensor["masked"] for tensor in tensors)
    return {"weights": weights, "masked": masked, "share": masked / weights, "tensors": tensors}


def _certificate(rng: random.Random, chunk: int, weights: int) -> dict[str, Any]:
    gamma = 3 << 20
    t1, t2, d = gamma * gamma * weights // 8, 32 * 72 * gamma, 3 << 38
    certified = (t1**0.5 / gamma) + (t2 / gamma) ** 0.5 / 2
    return {
        "chunk": chunk,
        "weights": weights,
        "masked": 2_600 + chunk,
        "gamma": str(gamma),
        "certified_distance": certified,
        "true_distance": certified * rng.uniform(0.6, 0.75),
        "t1": {"limit": str(t1), "sum": str(t1 * 2 // 3)},
        "t2": {"limit": str(t2), "sum": str(t2 // 50)},
        "d": {"limit": str(d), "sum": str(int(d * rng.uniform(0.2, 0.8)))},
    }


def _cheats(verified: bool) -> dict[str, Any]:
    names = {
        "mask_ignored": "keeps some masked weights",
        "update_tampered": "moves a free weight far",
        "old_weights": "commits the old weights again",
        "replay": "sends the bundle of another request",
    }
    return {
        name: {
            "refused": verified or name != "replay",
            "reason": "chunk 0: the proof does not verify" if verified or name != "replay" else "accepted",
            "title": title,
            "detail": "a made-up detail with <b>markup</b> in it",
            "named": [] if name == "replay" else ["26 × fold.mask"],
        }
        for name, title in names.items()
    }


def _stages(rng: random.Random) -> list[dict[str, Any]]:
    rows = [
        ("base", "train the base model", "provider", 900_000_000),
        ("personalise", "personalise", "client", 950_000_000),
        ("gradients", "gradients", "client", 1_100_000_000),
        ("enrol", "commit and enrol", "client", 130_000_000),
        ("request", "mask and request", "provider", 1_150_000_000),
        ("unlearn", "compensate and quantise", "client", 1_180_000_000),
        ("check", "reference check", "check", 1_200_000_000),
        ("prove", "prove", "client", 131_000_000),
        ("verify", "verify", "provider", 92_000_000),
        ("cheats", "cheating clients", "check", None),
    ]
    return [
        {"name": name, "title": title, "side": side, "seconds": rng.uniform(0.3, 25.0), "peak_rss_bytes": peak}
        for name, title, side, peak in rows
    ]

"""Verdicts add up: disagreement before refusal, and no document that contradicts itself."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from zkapex_jax.report.audit.facts import Soundness
from zkapex_jax.report.audit.schema import Audit, Judge, ProofVerdict

CASES = [
    ((), (), "accepted"),
    ((), None, "accepted"),
    ((0,), (0,), "refused"),
    ((0,), None, "refused"),
    ((0,), (2,), "disagreement"),
    ((0, 2), (0,), "disagreement"),
    ((), (2,), "disagreement"),
    ((2,), (), "disagreement"),
    ("malformed", (), "disagreement"),
    ((), "malformed", "disagreement"),
    ("malformed", "malformed", "refused"),
    ("malformed", (0,), "refused"),
]


@pytest.mark.parametrize(("rust", "python", "outcome"), CASES)
def test_outcomes(made, rust, python, outcome: str) -> None:
    audit = made(rust, python)
    assert audit.outcome == outcome
    assert Audit.model_validate_json(audit.model_dump_json()) == audit


def test_bad_input_is_told_from_a_failed_proof(made) -> None:
    assert made("malformed", "malformed").malformed
    assert not made("malformed", (0,)).malformed
    assert not made((0,), (0,)).malformed
    assert not made("malformed", ()).malformed


def test_a_dispute_over_one_chunk_is_found(made) -> None:
    audit = made((0,), (2,))
    assert audit.proofs[-1].disputed() == [0, 2]
    assert audit.proofs[0].disputed() == []


def test_times_add_up(made) -> None:
    assert made().seconds("Rust") == 2.5
    assert made(python=None).seconds("Python") is None
    assert made(python=None).judges == ["Rust"]


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "refused"},
        {"outcome": "fine"},
        {"surprise": 1},
        {"proofs": []},
        {"version": "1"},
    ],
)
def test_documents_that_contradict_themselves(made, change: dict[str, object]) -> None:
    data = json.loads(made().model_dump_json()) | change
    with pytest.raises(ValidationError):
        Audit.model_validate_json(json.dumps(data))


@pytest.mark.parametrize("changes", [{"level": 118}, {"level": 116}, {"all_bits": 116}, {"assumptions": []}])
def test_the_level_is_that_of_the_cheapest_way(made, changes: dict[str, object]) -> None:
    soundness = made().facts.soundness
    assert Soundness.model_validate(soundness.model_dump() | {"all_bits": 117}).level == 117
    with pytest.raises(ValidationError, match="cheapest way"):
        Soundness.model_validate(soundness.model_dump() | changes)


def test_judges_that_contradict_themselves() -> None:
    chunk = {"chunk": 0, "accepted": False, "reason": "no", "seconds": 1.0}
    base = {"name": "Rust", "program": "p", "seconds": 1.0}
    for wrong in ({"accepted": True, "reason": None, "chunks": [chunk]}, {"accepted": True, "reason": None, "chunks": []},
                  {"accepted": False, "reason": None, "chunks": [chunk]}):  # fmt: skip
        with pytest.raises(ValidationError):
            Judge.model_validate(base | wrong)


def test_a_proof_needs_a_judge() -> None:
    with pytest.raises(ValidationError):
        ProofVerdict.model_validate({"proof": "bundle", "file": "f", "weights": 1, "chunks": [0], "judges": []})

"""The numbers in the words are those of the formulas."""

from __future__ import annotations

from math import sqrt

import pytest

from zkapex_jax.report.audit import words
from zkapex_jax.report.audit.numbers import by_chunk, length, plural, power, share
from zkapex_jax.report.audit.schema import Audit, Line


def line(audit: Audit, key: str) -> Line:
    return next(entry for entry in audit.lines if entry.key == key)


def test_limits_stand_with_their_numbers(made) -> None:
    audit = made()
    assert line(audit, "masked").numbers == ["f = 0 on 240 of 1,600 weights: 200 named by this request, 40 only by earlier ones"]
    assert line(audit, "budget").numbers[0].startswith("each of 2 chunks: Σ f·δ² ≤ D = 1,000,000, so the free weights moved by at most 1,000.0 units")
    assert line(audit, "stationary").numbers == ["each of 2 chunks: T1 = ⌊16²·800/8⌋ = 25,600"]
    assert line(audit, "rounding").numbers == ["each of 2 chunks: T2 = 32·10·16 = 5,120"]
    assert "50 % of the norm of the base weights" in line(audit, "base").numbers[0]


def test_the_distance_is_that_of_the_formula_and_adds_in_squares(made) -> None:
    certified = sqrt(25600) / 16 + sqrt(5120) / (2 * sqrt(16))
    assert certified == pytest.approx(18.944, abs=1e-3)
    told = line(made(), "distance").numbers
    assert "√25,600/16 + √5,120/(2√16) = 18.9 units" in told[0]
    assert f"{sqrt(2) * 18.944:.1f} units" in told[-1] and "1.9 % of" in told[-1]


def test_what_was_not_given_is_said(made) -> None:
    alone = made(enrolment=False)
    assert "NOT checked here" in " ".join(line(alone, "integers").numbers)
    assert "its proof was not given" in alone.not_proven[0].words
    assert "on condition that its enrolment proof holds" in words.verdict(alone)
    assert "on condition" not in words.verdict(made())
    assert not any(entry.key == "rows" for entry in alone.lines)


def test_an_enrolment_speaks_of_no_request(made) -> None:
    audit = made(bundle=False)
    assert {entry.key for entry in audit.lines} == {"rows", "hiding_places", "base", "tie", "enrolment_binding", "integers", "hidden", "error"}
    assert not any("mask removes" in entry.words for entry in audit.not_proven)


def test_verdicts_in_words(made) -> None:
    assert words.verdict(made()) == "The enrolment proof and the bundle are accepted by both verifiers, Rust and Python."
    assert words.verdict(made(python=None)) == "The enrolment proof and the bundle are accepted by the Rust verifier alone."
    assert words.verdict(made((0,), (0,))) == "The bundle is refused by both verifiers, Rust and Python."
    assert "DISAGREE on the bundle" in words.verdict(made((), (2,)))
    assert words.verdict(made(bundle=False)) == "The enrolment proof is accepted by both verifiers, Rust and Python."


def test_complaints_name_verifier_proof_and_chunk(made) -> None:
    audit = made((), (2,))
    assert words.complaints(audit.proofs[0]) == []
    assert words.complaints(audit.proofs[1]) == [
        "Rust accepts the bundle",
        "Python refuses the bundle: chunk 2: no",
        "They differ on chunk 2 of the bundle",
    ]


def test_what_is_taken_on_trust(made) -> None:
    told = " ".join(made().taken)
    assert "ethereum-kzg-4096" in told and "read from the ledger" in told and "position 1" in told
    assert "which you gave" in " ".join(made(key_from="auditor").taken)


def test_numbers_as_people_read_them() -> None:
    assert power(-126) == "2⁻¹²⁶" and power(28) == "2²⁸"
    assert plural(1, "chunk") == "1 chunk" and plural(1000, "weight") == "1,000 weights"
    assert length(65536.0) == "65,536.0 units = 1"
    assert share(1, 3) == "33 %" and share(1, 0) == "–"
    many = by_chunk(list(range(9)), lambda n: n, str)
    assert many == ["chunk 0: 0", "chunk 8: 8"]
    assert by_chunk([1, 2], lambda n: n, lambda n: "x") == ["each of 2 chunks: x"]
    assert by_chunk([5], lambda n: n, lambda n: "x") == ["chunk 5: x"]

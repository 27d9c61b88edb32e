"""An audit of two chunks, made from the values of the toy preset: no prover needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from zkapex_jax.report.audit import words
from zkapex_jax.report.audit.facts import Facts
from zkapex_jax.report.audit.lines import lines
from zkapex_jax.report.audit.schema import Audit, overall, ProofVerdict

DIGEST = "ab" * 32
GATES = {
    "enrol": ("enrol.step", "enrol.bits", "enrol.first", "enrol.last"),
    "fold_kkt": ("fold.mask", "fold.step", "fold.bits", "fold.first", "fold.last"),
}


def answer() -> dict[str, Any]:
    chunk = {"weights": 800, "masked": 120, "masked_now": 100, "gamma": "16", "t1": "25600", "t2": "5120", "d": "1000000", "gap": 6703.0}
    return {
        "request_id": "request-1", "forget": "digits <b>3</b>", "position": 1,
        "chunks": [{"chunk": number, "certified_distance": 18.944, "bytes": 2000, **chunk} for number in (0, 2)],
    }  # fmt: skip


def enrolled() -> dict[str, Any]:
    chunk = {"weights": 800, "forgotten": 20, "gamma": "16", "d0": "4000000", "base_energy": "16000000", "bytes": 900}
    return {"renews": True, "chunks": [{"chunk": number, **chunk} for number in range(3)]}


def facts(bundle: bool = True, enrolment: bool = True, **changes: Any) -> Facts:
    relations = [name for name, there in (("enrol", enrolment), ("fold_kkt", bundle)) if there]
    sizes = {"preset": "ceremony-4096", "k": 12, "lanes": 16, "capacity": 896, "client_rows": 8, "forget_rows": 2, "projections": 128,
             "window_bits": 29, "range_bits": 27, "blinding_rows": 32}  # fmt: skip
    term = {"challenge": "b", "event": "some |G_ki| ≥ 2^(r+1) − 1", "formula": "2^−J", "bits": 128}
    fields = {
        "kind": "bundle" if bundle else "enrolment", "client_id": "alice", "model": "m", "architecture": "vit", "pattern": "**/kernel",
        "weights": 2400, "insecure": False, "signer": DIGEST, "key_from": "ledger", "sizes": sizes, "answer": answer() if bundle else None,
        "enrolled": enrolled() if enrolment else None,
        "soundness": {"terms": [{"relation": name, "layer": "rounds", **term} for name in relations],
                      "chunk_bits": dict.fromkeys(relations, 126), "all_bits": 123, "level": 117, "weakest": "the pairing",
                      "assumptions": [{"name": "the pairing", "gains": "openings", "estimate": "least", "bits": 117},
                                      {"name": "digests", "gains": "files", "estimate": "birthday", "bits": 128}]},
        "margins": [{"relation": name, "quantity": "Σ f y²", "bits": 231, "margin": 23} for name in relations],
        "gates": [{"id": gate, "relation": name, "polynomials": 1, "degree": 3} for name in relations for gate in GATES[name]],
        "digests": {"enrolment": DIGEST}, "srs_source": "ethereum-kzg-4096",
    }  # fmt: skip
    return Facts.model_validate(fields | changes)


def judge(name: str, chunks: list[int], refused: list[int] | None = None, malformed: bool = False) -> dict[str, Any]:
    bad = refused or []
    said = [{"chunk": chunk, "accepted": chunk not in bad, "reason": "no" if chunk in bad else None, "seconds": 0.5} for chunk in chunks]
    reason = "cut off" if malformed else f"chunk {bad[0]}: no" if bad else None
    return {"name": name, "program": f"{name} program", "accepted": not bad and not malformed, "malformed": malformed, "reason": reason,
            "seconds": 1.25, "chunks": [] if malformed else said}  # fmt: skip


Made = Callable[..., Audit]


@pytest.fixture(scope="session")
def made() -> Made:
    """`rust`, `python`: chunks of the bundle that each refuses, "malformed", or None for a verifier that was not asked;
    `many`: how many chunks the verdict on the bundle has."""

    def make(rust: Any = (), python: Any = (), many: int = 0, **kind: Any) -> Audit:
        about, proofs = facts(**kind), []
        for proof, there, chunks in (("enrolment", about.enrolled, [0, 1, 2]), ("bundle", about.answer, list(range(many)) or [0, 2])):
            if there:
                last = proof == "bundle" or about.answer is None
                given = [(name, said if last else ()) for name, said in (("Rust", rust), ("Python", python)) if said is not None]
                judges = [judge(name, chunks, list(said) if said != "malformed" else None, said == "malformed") for name, said in given]
                proofs.append(
                    ProofVerdict.model_validate({"proof": proof, "file": f"{proof}.file", "weights": 1600, "chunks": chunks, "judges": judges})
                )
        return Audit(
            created="2026-01-01 00:00 UTC", program="zkapex 0", outcome=overall(proofs), facts=about, proofs=proofs, lines=lines(about),
            not_proven=words.not_proven(about), taken=words.taken(about), again=["zkapex verify 'a b'"],
        )  # fmt: skip

    return make

"""Artefacts judged by both programs, and artefacts altered below their own digests."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from reference_prover import bundle as reference
from reference_prover import safetensors
from reference_prover.curve import Curve
from reference_prover.errors import ProofRefused, SpecError
from reference_prover.verdict import Verdict
from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.prover import EnrolmentFiles, ProofFiles, Prover

Judgement = tuple[Any, ...]  # ("chunks", verdict of each), ("refused",) as a whole, or ("input",): malformed


@dataclass(frozen=True)
class Case:
    """One file of proofs with everything that it answers to. `base` for an enrolment's proof, `request` for a bundle; `state`
    is None for a first enrolment; `points`: the Rust program's caches, made where they are absent."""

    tables: Path
    srs: Path
    enrolment: Path
    state: Path | None
    proof: Path
    points: Path
    request: Path | None = None
    base: Path | None = None
    allow_insecure: bool = False

    def with_proof(self, proof: Path) -> Case:
        return replace(self, proof=proof)

    def rust(self) -> tuple[Judgement, float]:
        """(what the Rust program says, seconds of its verification)."""
        try:
            result = self._rust_result()
        except InputError:
            return ("input",), 0.0
        except RefusedError:
            return ("refused",), 0.0
        return ("chunks", *(bool(line["accepted"]) for line in result["chunks"])), float(result["seconds"])

    def python(self, backend: Curve) -> tuple[Judgement, Verdict | None]:
        """(what the reference prover says, its verdict if it came to one)."""
        try:
            verdict = self._python_verdict(backend)
        except ProofRefused:
            return ("refused",), None
        except SpecError:
            return ("input",), None
        return ("chunks", *(one.accepted for one in verdict.chunks)), verdict

    def rust_answers(self, secret: Path, update: Path, out: Path, seed: bytes) -> None:
        """Let the Rust program prove every touched chunk into the folder `out`, all randomness from `seed`."""
        Prover.find(1).prove(self.tables, self.srs, self._proof_files(), secret=secret, update=update, out=out, insecure_blinding_seed=seed)

    def _proof_files(self) -> ProofFiles:
        caches = self._cache("enrolment", self.enrolment), self._cache("request", self.request)
        return ProofFiles(self.enrolment, caches[0], self.request, caches[1], self.state)

    def _rust_result(self) -> dict[str, Any]:
        prover = Prover.find()
        if self.request is None:
            files = EnrolmentFiles(self.enrolment, self._cache("enrolment", self.enrolment), self.base, self._cache("base", self.base), self.state)
            return prover.verify_enrolment(self.tables, self.srs, files, proof=self.proof, allow_insecure=self.allow_insecure)
        return prover.verify(self.tables, self.srs, self._proof_files(), bundle=self.proof, allow_insecure=self.allow_insecure)

    def _cache(self, kind: str, artefact: Path) -> Path:
        path = self.points / f"{kind}-{sha256(artefact.read_bytes()).hexdigest()[:16]}.points"
        if not path.exists():
            Prover.find().admit(kind, self.tables, self.srs, artefact, path)
        return path

    def _python_verdict(self, backend: Curve) -> Verdict:
        given = {"allow_insecure": self.allow_insecure, "curve": backend}
        if self.request is None:
            return reference.verify_enrolment(self.tables, self.srs, self.base, self.enrolment, self.proof, state=self.state, **given)
        return reference.verify_bundle(self.tables, self.srs, self.enrolment, self.request, self.state, self.proof, **given)


Header = dict[str, Any]
Tensors = Mapping[str, np.ndarray]


def header_of(path: Path) -> Header:
    return json.loads(safetensors.read(path)[1]["zkapex"])


def tensors_of(path: Path) -> dict[str, np.ndarray]:
    return dict(safetensors.read(path)[0])


def rewrite(source: Path, target: Path, tensors: Tensors | None = None, edit: Callable[[Header], Header] = lambda header: header) -> Path:
    """A file like `source` with these tensors (all U8, or its own), whose digests fit them, and an edited header."""
    tensors = tensors_of(source) if tensors is None else tensors
    entries = {name: {"dtype": "U8", "shape": [str(n) for n in array.shape], "sha256": sha256(array.tobytes()).hexdigest()} for name, array in tensors.items()}
    header = json.dumps(edit(header_of(source) | {"tensors": entries}), sort_keys=True, separators=(",", ":"))
    table, end = {"__metadata__": {"zkapex": header}}, 0
    for name, array in sorted(tensors.items()):
        table[name] = {"dtype": "U8", "shape": list(array.shape), "data_offsets": [end, end + array.nbytes]}
        end += array.nbytes
    text = json.dumps(table, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    target.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(array.tobytes() for _, array in sorted(tensors.items())))
    return target

"""One relation in two programs: prove, verify and alter proofs of any tables."""

from __future__ import annotations

import secrets
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from reference_prover import plonk, srs
from reference_prover.curve import Curve, curve
from reference_prover.errors import ProofRefused
from reference_prover.plonk import Committed, ProvingKey, VerifyingKey
from reference_prover.plonk.random import ChaCha20
from reference_prover.tables import Tables, parse
from zkapex_jax.prover import Prover
from zkapex_jax.prover.columns import write_columns, write_public
from zkapex_jax.prover.relation import RelationProof, RelationVerdict, relation_prove, relation_verify

Columns = Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class Strings:
    """One reference string: the file, and what the reference prover reads of it by each backend."""

    path: Path

    def read(self, backend: Curve) -> srs.Srs:
        return srs.read(self.path, backend)


def open_strings(folder: Path, k: int) -> Strings:
    """The ceremony's first 2^k powers, written by the Rust program."""
    path = folder / f"ceremony-{k}.srs"
    subprocess.run([Prover.find().binary, "srs", "ceremony", "--k", str(k), "--out", path], check=True, capture_output=True)
    return Strings(path)


@dataclass(frozen=True)
class Public:
    """What a verifier is given beside a proof; what is None is honest."""

    commitments: Mapping[str, bytes] | None = None
    plain: Columns | None = None
    outer: bytes | None = None


@dataclass(frozen=True)
class Relation:
    """Tables, honest columns and 64 bytes that bind a proof, as both programs take them; files go to `folder`."""

    name: str
    tables_path: Path
    strings: Strings
    columns: Columns
    outer: bytes
    folder: Path
    _keys: dict[str, VerifyingKey] = field(default_factory=dict)

    @cached_property
    def tables(self) -> Tables:
        return parse(self.tables_path.read_bytes())

    @cached_property
    def fast(self) -> ProvingKey:
        """The key by the fastest backend that is installed."""
        return ProvingKey.of(self.tables, self.strings.read(curve()), curve())

    def verifying(self, backend: Curve) -> VerifyingKey:
        if backend.name == self.fast.verifying.curve.name:
            return self.fast.verifying
        if backend.name not in self._keys:
            self._keys[backend.name] = VerifyingKey.of(self.tables, self.strings.read(backend), backend)
        return self._keys[backend.name]

    def names(self, committed: bool) -> list[str]:
        """Instance columns of one kind, in the order of the tables."""
        return [name for name, kind in self.tables.instance.items() if kind == committed]

    @cached_property
    def commitments(self) -> dict[str, bytes]:
        """Of the honest columns, made by the reference prover."""
        string = self.fast.verifying.srs
        return {name: string.curve.encode(string.commit_lagrange(self.columns[name])) for name in self.names(True)}

    @property
    def plain(self) -> dict[str, Sequence[int]]:
        """The honest plain columns, in the order of the tables."""
        return {name: self.columns[name] for name in self.names(False)}

    def rust_prove(self, seed: bytes | None = None) -> tuple[bytes, RelationProof]:
        """(proof, what it took). One thread with a seed: the library draws one more seed a thread."""
        proof, columns = self.folder / f"{self.name}.proof", self.folder / f"{self.name}.columns"
        write_columns(columns, self.columns, force=True)
        proof.unlink(missing_ok=True)
        result = relation_prove(self.tables_path, self.strings.path, columns, self.outer, proof, seed=seed, threads=1 if seed else None)
        return proof.read_bytes(), result

    def rust_verify(self, proof: bytes, public: Public = Public()) -> RelationVerdict:
        """What the Rust program says of these bytes."""
        path, file = self.folder / f"{self.name}.judged", self.folder / f"{self.name}.public"
        path.write_bytes(proof)
        write_public(file, public.commitments or self.commitments, public.plain or self.plain, force=True)
        return relation_verify(self.tables_path, self.strings.path, file, public.outer or self.outer, path)

    def python_prove(self, seed: bytes | None = None) -> tuple[bytes, float]:
        """(proof, seconds) by the fastest backend."""
        start = time.perf_counter()
        points = [self.fast.verifying.srs.commit_lagrange(self.columns[name]) for name in self.names(True)]
        committed = [Committed(self.columns[name], point) for name, point in zip(self.names(True), points)]
        advice = [self.columns[name] for name in self.tables.advice]
        proof = plonk.prove(self.fast, committed, list(self.plain.values()), advice, self.outer, ChaCha20(seed) if seed else None)
        return proof, time.perf_counter() - start

    def python_verify(self, proof: bytes, backend: Curve, public: Public = Public()) -> tuple[bool, float]:
        """(accepted, seconds), the key being ready. Errors other than a refusal go through."""
        key, given, cells = self.verifying(backend), public.commitments or self.commitments, public.plain or self.plain
        points = [backend.decode(given[name], name) for name in self.names(True)]
        start = time.perf_counter()
        try:
            plonk.verify(key, points, [cells[name] for name in self.names(False)], public.outer or self.outer, proof)
        except ProofRefused:
            return False, time.perf_counter() - start
        return True, time.perf_counter() - start


def random_outer() -> bytes:
    """What stands for the digest of an outer transcript."""
    return secrets.token_bytes(64)


def flipped(data: bytes, bit: int) -> bytes:
    """The same bytes but for one bit."""
    return data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]

"""Prove and verify dense blocks with the real binary, through its commands for any relation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reference_prover.transcript import Transcript
from zkapex_jax.circuit import Circuit, digest, emit
from zkapex_jax.circuit.relations import Dense, build_sized
from zkapex_jax.formats.atomic import make_directory, write_bytes
from zkapex_jax.prover.columns import write_columns, write_public
from zkapex_jax.prover.relation import RelationProof, RelationVerdict, relation_prove, relation_verify
from zkapex_jax.prover.srs import SrsFile
from zkapex_jax.workflow.bench.dense_blocks import DenseWitness, check_ranges
from zkapex_jax.workflow.bench.dense_columns import dense_columns, free_column


@dataclass(frozen=True)
class DenseSetup:
    """One size's tables, emitted to a file, and a reference string of as many powers."""

    size: Dense
    circuit: Circuit
    tables: Path
    tables_digest: bytes
    srs: SrsFile

    @classmethod
    def create(cls, folder: Path, size: Dense, srs: SrsFile, *, ranges: bool = True) -> DenseSetup:
        """Write the tables into `folder`. Raises StorageError if it cannot be written or they are there already."""
        circuit = build_sized(size, ranges=ranges)
        data = emit(circuit)
        path = make_directory(folder) / f"{circuit.relation}-{size.block}-{size.k}.tables.json"
        write_bytes(path, data)
        return cls(size, circuit, path, digest(data), srs)

    @property
    def ranged(self) -> bool:
        return self.circuit.layout["ranged"] is True

    def outer(self, purpose: str) -> bytes:
        """The 64 bytes that bind a proof to relation, tables, reference string and what it is for.

        The inner transcript absorbs the commitments and the mask.
        """
        transcript = Transcript()
        parts = {"relation": self.circuit.relation.encode(), "tables": self.tables_digest,
                 "srs": bytes.fromhex(self.srs.digest), "purpose": purpose.encode()}  # fmt: skip
        for label, data in parts.items():
            transcript.absorb(label, data)
        return transcript.challenge("inner")


def prove_dense(
    setup: DenseSetup, witness: DenseWitness, folder: Path, *, purpose: str, seed: bytes | None = None, threads: int | None = None
) -> RelationProof:
    """Write `folder`/proof.bin; the columns, which are secret, are written beside it and removed again.

    Raises:
        InputError: an integer is outside its window, so that there is nothing true to prove.
    """
    check_ranges(witness)
    columns = make_directory(folder) / "columns.safetensors"
    write_columns(columns, dense_columns(witness, ranges=setup.ranged))
    try:
        return relation_prove(setup.tables, setup.srs.path, columns, setup.outer(purpose), folder / "proof.bin", seed=seed, threads=threads)
    finally:
        columns.unlink()


def verify_dense(
    setup: DenseSetup, commitments: dict[str, bytes], free: np.ndarray, folder: Path, *, purpose: str, threads: int | None = None
) -> RelationVerdict:
    """Judge `folder`/proof.bin against commitments and the public mask, free bool [blocks, B]."""
    public = folder / "public.safetensors"
    write_public(public, commitments, {"free": free_column(setup.size, free)}, force=True)
    return relation_verify(
        setup.tables, setup.srs.path, public, setup.outer(purpose), folder / "proof.bin", allow_insecure=setup.srs.insecure, threads=threads
    )

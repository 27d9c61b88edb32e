"""The paper's dense blocks and the folded relation on one machine, in one run: time and bytes a weight.

A dense proof is charged with ``create_proof`` alone; the folded one with all of its rounds, its commitments and reading of
files. A dense proof's bytes are the proof and Com(θu). All dense sizes use the same number of rows as the folded chunk.
Times are the least of as many proofs as there are chunks, for another process on the machine only ever adds to one; but the
folded chunks are verified many at once, and that time is the mean.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zkapex_jax.circuit.cost import POINT_BYTES
from zkapex_jax.circuit.relations import Dense, dense_size
from zkapex_jax.errors import InputError, InternalError
from zkapex_jax.prover import OnProgress, SrsFile, check_srs, tell
from zkapex_jax.prover.relation import RelationProof, RelationVerdict
from zkapex_jax.workflow.bench.chunk import benchmark
from zkapex_jax.workflow.bench.dense_blocks import DenseWitness, dense_witness
from zkapex_jax.workflow.bench.dense_proving import DenseSetup, prove_dense, verify_dense
from zkapex_jax.workflow.bench.synthetic import GRADIENT_SCALE, SPARSITY, TAIL, WEIGHT_SCALE
from zkapex_jax.workflow.toolchain import Toolchain

PURPOSE = "bench"
DEFAULT_BLOCKS = (8, 16, 32, 64)
_ROWS = 64


def parse_blocks(text: str, k: int) -> tuple[Dense, ...]:
    """Sizes of "8,16,32". Raises InputError for anything else than distinct numbers that fit in 2^k rows."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > 8 or not all(part.isascii() and part.isdigit() and len(part) <= 3 for part in parts):
        raise InputError("must be block sizes with commas between them, like 8,16", code="blocks", field="blocks", value=text)
    if len(set(map(int, parts))) != len(parts):
        raise InputError("names a block size twice", code="blocks", field="blocks", value=text)
    return tuple(dense_size(int(part), k) for part in parts)


def benchmark_dense(
    tool: Toolchain, sizes: Sequence[Dense], *, chunks: int = 3, seed: int = 0, on_progress: OnProgress | None = None
) -> dict[str, Any]:
    """Measure every size as in the paper and with ranges, `chunks` proofs each, then as many chunks of the folded relation.

    Raises:
        InputError: sizes of another number of rows than the preset has.
        InternalError: an honest proof was refused.
    """
    if any(size.k != tool.preset.k for size in sizes):
        raise InputError(f"must have 2^{tool.preset.k} rows as the preset has", code="blocks", field="k")
    srs, dense = check_srs(tool.prover, tool.srs, tool.preset.k), []
    steps = [(size, ranges) for size in sizes for ranges in (False, True)]
    with tempfile.TemporaryDirectory(prefix="zkapex-dense-") as folder:
        for done, (size, ranges) in enumerate(steps):
            tell(on_progress, "dense blocks", done, len(steps))
            dense.append(_measure(tool, Path(folder) / str(done), size, srs, seed, chunks, ranges=ranges))
        tell(on_progress, "dense blocks", len(steps), len(steps))
    folded = benchmark(tool, chunks=chunks, seed=seed, on_progress=on_progress)
    return {"k": tool.preset.k, "dense": dense, "folded": _folded(tool, folded), "folded_stages": folded}


def synthetic_blocks(size: Dense, seed: int) -> DenseWitness:
    """Full blocks with weights, rows and mask distributed as those of ``synthetic``."""
    generator = np.random.default_rng(seed)
    weights = size.capacity
    scale = GRADIENT_SCALE * np.exp(TAIL * generator.standard_normal(weights) - TAIL**2)
    rows = generator.standard_normal((_ROWS, weights)) * scale
    return dense_witness(size, rows, generator.standard_normal(weights) * WEIGHT_SCALE, generator.random(weights) < SPARSITY)


def _measure(tool: Toolchain, folder: Path, size: Dense, srs: SrsFile, seed: int, times: int, *, ranges: bool) -> dict[str, Any]:
    setup, witness = DenseSetup.create(folder, size, srs, ranges=ranges), synthetic_blocks(size, seed)
    runs = [_once(tool, setup, witness, folder / str(index)) for index in range(times)]
    proofs, micro = [proof for proof, _ in runs], 1e6 / size.capacity
    sent = proofs[0].bytes + POINT_BYTES
    return {
        "relation": setup.circuit.relation, "block": size.block, "weights": size.capacity,
        "prove_us_per_weight": micro * min(proof.stages["create_proof"] for proof in proofs),
        "verify_us_per_weight": micro * min(verdict.seconds for _, verdict in runs),
        "bytes_per_weight": sent / size.capacity, "bytes": sent,
        "commit_us_per_weight": micro * min(proof.stages["commit"] for proof in proofs),
        "peak_rss_bytes": max(proof.peak_rss for proof in proofs),
    }  # fmt: skip


def _once(tool: Toolchain, setup: DenseSetup, witness: DenseWitness, folder: Path) -> tuple[RelationProof, RelationVerdict]:
    threads = tool.prover.threads
    proof = prove_dense(setup, witness, folder, purpose=PURPOSE, threads=threads)
    verdict = verify_dense(setup, dict(proof.commitments), witness.free, folder, purpose=PURPOSE, threads=threads)
    if not verdict.accepted:
        raise InternalError(f"an honest dense proof was refused: {verdict.reason}", code="bench")
    return proof, verdict


def _folded(tool: Toolchain, measured: dict[str, Any]) -> dict[str, Any]:
    """The folded relation under the same names. Its block is the chunk."""
    weights, chunks = measured["weights"], measured["chunks"]
    return {
        "relation": "fold_kkt", "block": tool.preset.capacity, "weights": weights // chunks,
        "prove_us_per_weight": min(measured["prove"]["us_per_weight_by_chunk"]), "verify_us_per_weight": measured["verify"]["us_per_weight"],
        "bytes_per_weight": measured["bundle_bytes"] / weights, "bytes": measured["bundle_bytes"] // chunks,
        "commit_us_per_weight": measured["enrol"]["us_per_weight"], "peak_rss_bytes": measured["prove"]["peak_rss_bytes"],
    }  # fmt: skip

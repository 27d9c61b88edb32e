"""Prove, verify and check any relation through the Rust binary: emitted tables and a file of columns, nothing else.

The caller keeps the outer transcript; of it only the last 64 bytes arrive here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zkapex_jax.errors import InputError, InternalError
from zkapex_jax.prover.driver import Prover, blinding_arguments
from zkapex_jax.prover.process import run_process

OUTER_BYTES = 64


@dataclass(frozen=True)
class RelationProof:
    """What a proof took. `stages`: wall-clock seconds of each, in order; `bytes`: of the proof; `commitments`: 48 bytes
    for each committed column; `key`: what the inner transcript absorbs for the verifying key; `facts`: the circuit as
    Halo2 sees it; `insecure_blinding`: the proof hides nothing, for its randomness came from a given seed.
    """

    seconds: float
    stages: Mapping[str, float]
    bytes: int
    commitments: Mapping[str, bytes]
    peak_rss: int
    key: int
    facts: Mapping[str, Any]
    insecure_blinding: bool


@dataclass(frozen=True)
class RelationVerdict:
    """`reason`: why a proof is refused, empty where it is accepted; `seconds`: of the verification alone, keys ready."""

    accepted: bool
    reason: str
    seconds: float
    peak_rss: int


def relation_prove(
    tables: Path, srs: Path, columns: Path, outer: bytes, proof: Path, *,
    public: Path | None = None, seed: bytes | None = None, threads: int | None = None,
) -> RelationProof:  # fmt: skip
    """Write to `proof` that `columns` (see `write_columns`) satisfy the tables, bound to `outer` (64 bytes).

    Whether they do is not checked: see `relation_check`. `public`: where the columns that `relation_verify` reads go.
    `seed` (32 bytes): INSECURE, all randomness comes from it, so that the proof can be made again byte for byte.

    Raises InputError for files and columns that do not fit the tables, and where no proof can be made of them, as where a
    looked-up value is not in its table; StorageError; InternalError.
    """
    own = ["--columns", str(columns), "--outer", _outer(outer), "--proof", str(proof)]
    own += ["--public", str(public)] if public else []
    _, result = _run(["prove", "--tables", str(tables), "--srs", str(srs), *own, *blinding_arguments(seed)], threads)
    return RelationProof(
        seconds=float(result["seconds"]),
        stages={name: float(spent) for name, spent in result["stages"].items()},
        bytes=int(result["bytes"]),
        commitments={name: bytes.fromhex(point) for name, point in result["commitments"].items()},
        peak_rss=int(result["peak_rss_bytes"]),
        key=int(result["facts"]["key"]),
        facts=result["facts"],
        insecure_blinding=bool(result["insecure_blinding"]),
    )


def relation_verify(
    tables: Path, srs: Path, columns: Path, outer: bytes, proof: Path, *,
    allow_insecure: bool = False, threads: int | None = None,
) -> RelationVerdict:  # fmt: skip
    """Judge `proof` against the commitments and plain columns in `columns` (see `write_public`).

    Raises InputError for files that do not fit the tables, scalars and points that are not canonical; RefusedError where
    tables or SRS are marked insecure and `allow_insecure` is false. A proof that does not hold is a verdict.
    """
    own = ["--columns", str(columns), "--outer", _outer(outer), "--proof", str(proof)]
    own += ["--allow-insecure"] if allow_insecure else []
    _, result = _run(["verify", "--tables", str(tables), "--srs", str(srs), *own], threads)
    reason = str(result.get("reason", ""))
    return RelationVerdict(result["accepted"] is True, reason, float(result["seconds"]), int(result["peak_rss_bytes"]))


def relation_check(tables: Path, columns: Path, *, threads: int | None = None) -> list[str]:
    """What `columns` violate, by the proof system's own checker: empty where they satisfy the tables.

    A line names the gate with its polynomial, the lookup or the copied column, and the row: `gate fold.step[0] row 7`. The
    first 1,000 are listed. Raises InputError for columns that do not fit the tables.
    """
    code, result = _run(["check", "--tables", str(tables), "--columns", str(columns)], threads)
    failures = [str(line["text"]) for line in result["failures"]]
    if (code == 0) != (not failures):
        raise InternalError("the prover's exit code and its list of failures differ", code="prover_output", value=code)
    return failures


def _run(arguments: list[str], threads: int | None) -> tuple[int, dict[str, Any]]:
    prover = Prover.find(threads)
    own = [] if threads is None else ["--threads", str(threads)]
    outcome = run_process(prover.binary, [*own, "relation", *arguments], on_progress=None, refusal_is_result=True)
    return outcome.exit_code, outcome.result


def _outer(outer: bytes) -> str:
    if len(outer) != OUTER_BYTES:
        raise InputError(f"must have {OUTER_BYTES} bytes", field="outer", value=len(outer))
    return outer.hex()

"""Before anything is proven: the reference checker reads every constraint of a chunk and names each violation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from reference_prover import precheck
from reference_prover import tables as table_format
from reference_prover.errors import SpecError
from reference_prover.statement import Statement
from reference_prover.tables import Tables
from reference_prover.witness import from_arrays
from zkapex_jax.errors import InputError
from zkapex_jax.formats.reading import read_bytes
from zkapex_jax.protocol import Update, chunk_name
from zkapex_jax.protocol.checks import check_update
from zkapex_jax.witness.rules import rules
from zkapex_jax.workflow.session import ChunkInputs, ClientSession
from zkapex_jax.workflow.toolchain import Toolchain

_MAX_TABLES = 64 << 20


@dataclass(frozen=True)
class ChunkCheck:
    """What the reference checker found: violations as sentences, and the sums behind a violated `fold.last`."""

    chunk: int
    constraints: int
    violations: tuple[str, ...]
    sums: tuple[str, ...]


def check_chunk(
    tool: Toolchain, session: ClientSession, inputs: ChunkInputs, theta_u: np.ndarray, sigma: np.ndarray
) -> ChunkCheck:
    """Assign one chunk under random challenges and check every constraint on every usable row."""
    tables = _tables(tool.tables)
    try:
        witness = from_arrays({
            "theta_p": inputs.theta, "theta_u": theta_u, "sigma": sigma, "free": (~inputs.mask).astype(np.uint8),
            "gradients": np.concatenate([inputs.gradients, inputs.forget]),
        })  # fmt: skip
        report = precheck.examine(tables, _statement(tool, session, inputs), witness)
    except SpecError as error:
        raise InputError(
            f"reference checker refuses chunk {inputs.chunk}: {error}", code="reference", field=error.field or None
        ) from error
    return ChunkCheck(inputs.chunk, constraints(tables), tuple(map(str, report.violations)), tuple(report.sums))


def check_update_file(tool: Toolchain, *, folder: Path, request: Path, state: Path, update: Path) -> Mapping[int, ChunkCheck]:
    """The same for every chunk of an update file."""
    session, made = ClientSession.open(tool, folder, request, state), Update.from_file(update)
    check_update(made, session.enrolment, session.request, session.state)
    theta_u = made.tensor("theta_u")
    found = {}
    for inputs in session.chunks():
        place = slice(*session.enrolment.layout.bounds(inputs.chunk))
        found[inputs.chunk] = check_chunk(tool, session, inputs, theta_u[place], made.tensor(chunk_name("sigma", inputs.chunk)))
    return found


def constraints(tables: Tables) -> int:
    """Constraints that a check reads: every polynomial of every gate on every usable row, lookups, and copies."""
    polynomials = sum(len(gate.polys) for gate in tables.gates)
    return (polynomials + len(tables.lookups)) * tables.usable + len(tables.copies)


def _statement(tool: Toolchain, session: ClientSession, inputs: ChunkInputs) -> Statement:
    t1, t2 = rules(inputs.gamma, len(inputs.theta), tool.preset.rows)
    digests = {
        "tables": tool.tables_digest, "srs": tool.srs_digest, "enrolment": session.enrolment.digest,
        "state": session.state.digest, "request": session.request.digest,
    }  # fmt: skip
    return Statement(
        preset=tool.preset.name, client=session.enrolment.client_id, chunk=inputs.chunk, weights=len(inputs.theta),
        gamma=inputs.gamma, t1=t1, t2=t2, d=inputs.budget, **{name: bytes.fromhex(text) for name, text in digests.items()},
    )  # fmt: skip


@lru_cache(maxsize=2)
def _tables(path: Path) -> Tables:
    return table_format.parse(read_bytes(path, max_bytes=_MAX_TABLES))

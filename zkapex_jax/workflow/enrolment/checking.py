"""Before an enrolment is proven: the reference checker reads every constraint of a chunk."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from reference_prover import precheck
from reference_prover import tables as table_format
from reference_prover.enrolment.statement import FIRST, EnrolmentStatement
from reference_prover.enrolment.witness import from_arrays
from reference_prover.errors import SpecError
from reference_prover.tables import Tables
from zkapex_jax.errors import InputError, InternalError
from zkapex_jax.formats.reading import read_bytes
from zkapex_jax.protocol import Base, Enrolment, State
from zkapex_jax.workflow.toolchain import Toolchain

_MAX_TABLES = 64 << 20


def check_enrolment_chunk(
    tool: Toolchain, enrolment: Enrolment, base: Base, state: State | None, chunk: int, *,
    theta: np.ndarray, theta0: np.ndarray, free: np.ndarray, rows: np.ndarray, tied: np.ndarray | None,
) -> None:  # fmt: skip
    """Assign one chunk under random challenges and check every constraint on every usable row.

    `theta`, `theta0` int32 [d]; `free` bool [d]; `rows` int8 [n, d]; `tied` int32 [d]: the weights behind `state`.

    Raises InputError for values that cannot be assigned, InternalError if a constraint is violated.
    """
    arrays = {"theta_p": theta, "theta_0": theta0, "free": free.astype(np.uint8), "gradients": rows}
    try:
        witness = from_arrays(arrays | ({} if tied is None else {"theta_current": tied}))
        report = precheck.examine_enrolment(_tables(tool.enrol_tables), _statement(tool, enrolment, base, state, chunk), witness)
    except SpecError as error:
        raise InputError(
            f"reference checker refuses chunk {chunk}: {error}", code="reference", field=error.field or None
        ) from error
    if report.violations:
        sums = f"; sums that are not zero: {', '.join(report.sums)}" if report.sums else ""
        raise InternalError(
            f"the reference checker finds {len(report.violations)} violations in chunk {chunk}: {report.violations[0]}{sums}",
            code="constraint_violated",
        )


def _statement(tool: Toolchain, enrolment: Enrolment, base: Base, state: State | None, chunk: int) -> EnrolmentStatement:
    digests = {"tables": tool.enrol_tables_digest, "srs": tool.srs_digest, "enrolment": enrolment.digest, "base": base.digest}
    return EnrolmentStatement(
        preset=tool.preset.name, client=enrolment.client_id, state=bytes.fromhex(state.digest) if state else FIRST, chunk=chunk,
        weights=enrolment.layout.chunks[chunk], gamma=enrolment.gamma[chunk], d0=base.distance[chunk],
        **{name: bytes.fromhex(text) for name, text in digests.items()},
    )  # fmt: skip


@lru_cache(maxsize=2)
def _tables(path: Path) -> Tables:
    return table_format.parse(read_bytes(path, max_bytes=_MAX_TABLES))

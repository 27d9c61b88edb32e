"""What an enrolment that was killed has left: taken up again if it is the same one, removed if nothing was proven from it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace

import numpy as np

from zkapex_jax.errors import InputError, RefusedError, StorageError
from zkapex_jax.protocol import ChunkedLayout, ClientSecret, Enrolment, ModelRef, chunk_name
from zkapex_jax.protocol.checks import check_secret
from zkapex_jax.workflow import openings
from zkapex_jax.workflow.enrolment.rows import ClientRows
from zkapex_jax.workflow.folders import ClientFolder
from zkapex_jax.workflow.toolchain import Toolchain


@dataclass(frozen=True)
class Intended:
    """What is to be enrolled: int32 [W] weights in fixed point, and rows."""

    client_id: str
    model: ModelRef
    layout: ChunkedLayout
    theta: np.ndarray
    rows: ClientRows


def take_up(tool: Toolchain, client: ClientFolder, made: ClientFolder, intended: Intended) -> Enrolment | None:
    """The enrolment in `made` (the client's folder or its renewal) if it is whole and just what is intended; None if there is none.

    What else is there is removed if nothing was ever proven from it: it serves nobody.

    Raises StorageError (code `exists`) if something was: its secret may be the only one that opens an admitted enrolment.
    """
    if not made.secret.exists() and not made.enrolment.exists():
        return None
    with contextlib.suppress(InputError, RefusedError):
        found = Enrolment.from_file(made.enrolment)
        tool.check(found)
        if _is(found, ClientSecret.from_file(made.secret, verify=False), intended):
            return found
    if _was_proven(client, made):
        raise StorageError(
            "holds another enrolment already", code="exists", file=made.path,
            hint="choose another folder, or pass --force to lose it: its secret alone opens what was sent to the provider",
        )  # fmt: skip
    made.secret.unlink(missing_ok=True)
    made.enrolment.unlink(missing_ok=True)
    return None


def _is(enrolment: Enrolment, secret: ClientSecret, intended: Intended) -> bool:
    check_secret(secret, enrolment)
    named = (enrolment.client_id, enrolment.model, enrolment.layout) == (intended.client_id, intended.model, intended.layout)
    if not named or not np.array_equal(secret.tensor("theta"), intended.theta):
        return False
    rows = replace(intended.rows, consumed=False)  # read, and still there to be committed to
    chunks = range(len(intended.layout.chunks))
    return all(np.array_equal(secret.tensor(chunk_name("gradients", chunk)), rows.quantised(chunk)) for chunk in chunks)


def _was_proven(client: ClientFolder, made: ClientFolder) -> bool:
    """Whether a proof of what is in `made` may exist anywhere: where that cannot be told, it may."""
    if made.enrolment_proof.exists():
        return True
    try:
        counts = openings.load(client.openings).counts if client.openings.exists() else {}
    except InputError:
        return True
    try:
        found = Enrolment.from_file(made.enrolment)
        keys = [*openings.keys_of(found.tensor("c_theta")), *openings.keys_of(found.tensor("c_gradients"))]
        folders = [made.path / f"enrolment-chunks-{found.digest[:16]}"]
    except InputError:
        keys, folders = list(counts), list(made.path.glob("enrolment-chunks-*"))
    return any(folder.exists() for folder in folders) or any(counts.get(key, 0) for key in keys)

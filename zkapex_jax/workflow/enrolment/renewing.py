"""Re-enrolment by the client: new rows, new blinding, the same weights, tied by proof to what the ledger holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from zkapex_jax.errors import RefusedError
from zkapex_jax.formats.atomic import publish, refuse_existing, storage_errors
from zkapex_jax.protocol import Base, ClientSecret, Enrolment, State
from zkapex_jax.protocol.checks import check_secret, check_state
from zkapex_jax.prover import OnProgress
from zkapex_jax.workflow import openings
from zkapex_jax.workflow.enrolment.committing import check_distance, commit_into, register
from zkapex_jax.workflow.enrolment.enrolling import EnrolResult, joined
from zkapex_jax.workflow.enrolment.proving import prove_enrolment, require_current
from zkapex_jax.workflow.enrolment.rows import ClientRows
from zkapex_jax.workflow.enrolment.unfinished import Intended
from zkapex_jax.workflow.folders import ClientFolder
from zkapex_jax.workflow.openings import Budget
from zkapex_jax.workflow.toolchain import Toolchain


def current_theta(folder: Path) -> np.ndarray:
    """The client's present weights, int32 [W] in fixed point: where the gradient rows of a re-enrolment are taken."""
    return ClientSecret.from_file(ClientFolder.open(folder).secret, verify=False).tensor("theta")


def openings_left(folder: Path) -> dict[int, Budget]:
    """Openings left of each chunk's present commitments. Raises InputError if the count is lost or damaged."""
    client = ClientFolder.open(folder)
    return openings.left(client.openings, Enrolment.from_file(client.enrolment, verify=False).preset_sizes)


def renew(
    tool: Toolchain,
    *,
    folder: Path,
    state: Path,
    rows: np.ndarray,
    base: Path | None = None,
    check: bool = True,
    unchecked: bool = False,
    force: bool = False,
    on_progress: OnProgress | None = None,
) -> EnrolResult:
    """Enrol anew with gradient rows `rows` (float32 [n, W], taken at `current_theta`) from the ledger's current `state`.

    Weights are those of the client's secret; `base` another base of the provider than before. The files go to
    `folder`/renewal; `adopt` takes them over once the provider has admitted them. A run that was killed is taken up again by
    the same call.

    Raises InputError as `enrol` does, and if the secret is older than `state`; RefusedError if files do not belong
    together, or the present commitments were opened as often as their blinding allows.
    """
    client, replaced, model = check_renewal(tool, folder=folder, state=state, base=base, unchecked=unchecked, force=force)
    old, theta = Enrolment.from_file(client.enrolment, verify=False), current_theta(folder)
    renewal = ClientFolder.create(client.renewal.path)
    checked = ClientRows.checked(rows, model.layout, tool.preset.client_rows, free=~replaced.cumulative())
    intended = Intended(old.client_id, model.model_ref, model.layout, theta, checked)
    with client.exclusive():
        committed = commit_into(tool, client, renewal, intended, force, on_progress)
        register(client, Enrolment.from_file(renewal.enrolment, verify=False))
    proved = prove_enrolment(
        tool, folder=folder, base=model.path, state=state, check=check, unchecked=unchecked, force=force, on_progress=on_progress
    )
    return joined(committed, proved)


def check_renewal(
    tool: Toolchain, *, folder: Path, state: Path, base: Path | None = None, unchecked: bool = False, force: bool = False
) -> tuple[ClientFolder, State, Base]:
    """What `renew` asks of the files, before gradients are computed. Arguments and errors are those of `renew`."""
    client, replaced = ClientFolder.open(folder), State.from_file(state)
    check_state(replaced, Enrolment.from_file(client.enrolment))
    require_current(client, replaced)
    if client.renewal.path.is_dir():
        refuse_existing(client.renewal.enrolment_proof, force=force)
    model = Base.from_file(base or client.base)
    tool.check(model)
    if not unchecked:
        check_distance(current_theta(folder), model, ~replaced.cumulative())
    return client, replaced, model


def adopt(*, folder: Path, state: Path) -> Path:
    """After admission: the enrolment in `folder`/renewal becomes the client's own; returns its secret. Twice changes nothing.

    `state` is the one that the provider returned. Raises RefusedError if it does not hold the new enrolment, InputError if a file
    of the client's is damaged.
    """
    client, after = ClientFolder.open(folder), State.from_file(state)
    with client.exclusive():
        return _adopt(client, after)


def _adopt(client: ClientFolder, after: State) -> Path:
    made = client.renewal if client.renewal.enrolment.is_file() else client
    enrolment = Enrolment.from_file(made.enrolment)
    check_state(after, enrolment)
    if not np.array_equal(after.tensor("c_theta"), enrolment.tensor("c_theta")):
        raise RefusedError(
            "does not hold the new enrolment's commitments", code="mismatch_c_theta", file=after.path, field="c_theta"
        )
    if made is client:
        check_secret(ClientSecret.from_file(client.secret), enrolment)
        openings.load(client.openings)
        return client.secret
    keys = {part: openings.keys_of(enrolment.tensor(name)) for part, name in (("weights", "c_theta"), ("rows", "c_gradients"))}
    openings.follow(client.openings, **keys)
    for name in ("enrolment_proof", "secret", "enrolment"):  # the enrolment last: its presence in renewal says that more is to do
        source = getattr(made, name)
        if source.exists():
            with storage_errors(source):
                publish(source, getattr(client, name), force=True)
    return client.secret

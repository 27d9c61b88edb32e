"""Dishonest enrolments: each is proven as well as it can be, and sent to the same provider as the honest one."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import numpy as np

from zkapex_jax import workflow
from zkapex_jax.demo.attempts import Attempt, send_enrolment, twin, workbench
from zkapex_jax.demo.options import Folders
from zkapex_jax.demo.path import CLIENT, Enrolled, Parties
from zkapex_jax.demo.scene import Scene
from zkapex_jax.formats.atomic import storage_errors
from zkapex_jax.protocol import Base, ClientSecret, Enrolment, EnrolmentProof, State, chunk_name
from zkapex_jax.quantize import to_fixed
from zkapex_jax.workflow.enrolment.rows import ClientRows
from zkapex_jax.workflow.enrolment.committing import commit_into, register
from zkapex_jax.workflow.folders import ClientFolder
from zkapex_jax.workflow.openings import ROWS, WEIGHTS, follow
from zkapex_jax.workflow.enrolment.unfinished import Intended

THIRD_CLIENT = "edge-0003"
Files = tuple[Path, Path]


def forged_enrolments(parties: Parties, scene: Scene, rows: np.ndarray, made: workflow.EnrolResult, folders: Folders) -> list[Attempt]:
    """Lies of a first enrolment, sent before the honest client's `made` is; `rows` f32 [n, W]."""
    sent = partial(send_enrolment, parties)
    base = to_fixed(scene.base_weights.astype(np.float64))
    own = partial(_committed, parties, folders)
    return [
        Attempt(
            "enrolment_far", "Enrols a model far from the provider's",
            "Three times the base model's weights, sixteen times the allowed Σ(θ̂p − θ̂0)²; committed and proven in full.",
            lambda: _proven(parties, own("enrolment_far", 3 * base, rows)), sent,
        ),
        Attempt(
            "enrolment_rows", "Proves other gradient rows than it committed",
            "One entry of one row differs between the commitment and what is proven.",
            lambda: _proven(parties, _alter_rows(own("enrolment_rows", base, rows))), sent,
        ),
        Attempt(
            "enrolment_borrowed", "Sends another client's enrolment proof",
            f"Client {THIRD_CLIENT} commits to weights of its own, and sends {CLIENT}'s proof under its name.",
            lambda: _borrowed(own("enrolment_borrowed", base, rows), made), sent,
        ),
        Attempt(
            "enrolment_stolen", "Takes over another client's enrolment before it arrives",
            f"Client {THIRD_CLIENT} sends {CLIENT}'s commitments and {CLIENT}'s proof as its own, first.",
            lambda: _copied(made, workbench(folders, "enrolment_stolen")), sent,
        ),
    ]  # fmt: skip


def copied_enrolment(parties: Parties, enrolled: Enrolled, folders: Folders) -> Attempt:
    """The same after the honest client was admitted."""
    return Attempt(
        "copied_enrolment", "Copies another client's enrolment",
        "A third client enrols with the first one's commitments and proof under its own name.",
        lambda: _copied(enrolled.made, workbench(folders, "copied_enrolment")), partial(send_enrolment, parties),
    )  # fmt: skip


def enrolment_after_mask(parties: Parties, enrolled: Enrolled, folders: Folders) -> Attempt:
    """New gradient rows, honestly proven, chosen when the mask is already known."""

    def make() -> Files:
        made = workflow.renew(
            parties.tool, folder=twin(folders, "enrolment_after_mask"), state=enrolled.state, rows=enrolled.rows[::-1].copy(), check=False
        )
        return made.enrolment, made.proof

    return Attempt(
        "enrolment_after_mask", "Enrols anew once it knows the mask",
        "A correct re-enrolment with other gradient rows, sent while a request waits for its answer.",
        make, partial(send_enrolment, parties),
    )  # fmt: skip


def forged_renewals(parties: Parties, scene: Scene, rows: np.ndarray, state: Path, folders: Folders) -> list[Attempt]:
    """Lies of a re-enrolment, each sent before the honest one; `rows` f32 [n, W] are the new gradients."""
    sent, current, forgotten = partial(send_enrolment, parties), workflow.current_theta(folders.client), State.from_file(state).cumulative()
    restored, moved = current.copy(), current.copy()
    restored[forgotten] = to_fixed(scene.personal_weights.astype(np.float64))[forgotten]
    moved[int(np.flatnonzero(~forgotten)[0])] += 1
    return [
        Attempt(
            "renewal_unforget", "Brings forgotten weights back by enrolling anew",
            f"All {int(forgotten.sum()):,} forgotten weights as they were before the first request; committed and proven in full.",
            lambda: _renewed(parties, folders, "renewal_unforget", restored, rows, state), sent,
        ),
        Attempt(
            "renewal_moved", "Enrols anew with other weights",
            "One weight differs by one unit in the last place from those behind the ledger's commitment.",
            lambda: _renewed(parties, folders, "renewal_moved", moved, rows, state), sent,
        ),
    ]  # fmt: skip


def return_to_first(parties: Parties, folders: Folders) -> Attempt:
    """The first enrolment, accepted long ago, once more: the provider still has the files that the client sent then."""
    files = (folders.provider_inbox / "enrolment.safetensors", folders.provider_inbox / "enrolment-proof.safetensors")
    return Attempt(
        "enrolment_return", "Goes back to its first enrolment",
        "The first enrolment and its proof, both accepted once, sent again after the re-enrolment.",
        lambda: files, partial(send_enrolment, parties),
    )  # fmt: skip


def _committed(parties: Parties, folders: Folders, name: str, theta: np.ndarray, rows: np.ndarray) -> ClientFolder:
    """A third client's commitments to any weights int32 [W]: without the checks that an honest program makes first."""
    client, base = ClientFolder.create(workbench(folders, name)), Base.from_file(parties.base.path)
    with storage_errors(client.base):
        shutil.copyfile(base.path, client.base)
    _commit(parties, client, client, THIRD_CLIENT, base, theta, ClientRows.checked(rows, base.layout, len(rows)))
    return client


def _commit(
    parties: Parties, client: ClientFolder, target: ClientFolder, name: str, base: Base, theta: np.ndarray, rows: ClientRows
) -> None:
    intended = Intended(name, base.model_ref, base.layout, theta.astype(np.int32), rows)
    commit_into(parties.tool, client, target, intended, False, None)
    keys = register(client, Enrolment.from_file(target.enrolment))
    if target is client:
        follow(client.openings, weights=keys[WEIGHTS], rows=keys[ROWS])


def _proven(parties: Parties, client: ClientFolder) -> Files:
    workflow.prove_enrolment(parties.tool, folder=client.path, check=False, unchecked=True)
    return client.enrolment, client.enrolment_proof


def _renewed(parties: Parties, folders: Folders, name: str, theta: np.ndarray, rows: np.ndarray, state: Path) -> Files:
    client = ClientFolder(twin(folders, name))
    base, free = Base.from_file(parties.base.path), ~State.from_file(state).cumulative()
    target = ClientFolder.create(client.renewal.path)
    _commit(parties, client, target, CLIENT, base, theta, ClientRows.checked(rows, base.layout, len(rows), free=free))
    workflow.prove_enrolment(parties.tool, folder=client.path, state=state, check=False, unchecked=True)
    return target.enrolment, target.enrolment_proof


def _alter_rows(client: ClientFolder) -> ClientFolder:
    """Change one entry in the secret, after the commitments were made."""
    secret = ClientSecret.from_file(client.secret)
    fields = {name: getattr(secret, name) for name in type(secret).model_fields}
    tensors = {name: secret.tensor(name) for name in secret.container.specs}
    rows = tensors[chunk_name("gradients", 0)].copy()
    rows[0, 0] = 100 if rows[0, 0] < 0 else -100
    ClientSecret.parse(fields).to_file(client.secret, tensors | {chunk_name("gradients", 0): rows}, force=True)
    return client


def _borrowed(client: ClientFolder, made: workflow.EnrolResult) -> Files:
    digest = Enrolment.from_file(client.enrolment).digest
    return client.enrolment, _relabelled_proof(made.proof, client.enrolment_proof, digest)


def _copied(made: workflow.EnrolResult, folder: Path) -> Files:
    original = Enrolment.from_file(made.enrolment)
    tensors = {name: original.tensor(name) for name in original.container.specs}
    copy = original.model_copy(update={"client_id": THIRD_CLIENT}).to_file(folder / "enrolment.safetensors", tensors, force=True)
    return copy.path, _relabelled_proof(made.proof, folder / "enrolment-proof.safetensors", copy.digest)


def _relabelled_proof(proof: Path, out: Path, digest: str) -> Path:
    """The same proofs under a header that names the third client and its enrolment."""
    honest = EnrolmentProof.from_file(proof)
    tensors = {name: honest.tensor(name) for name in honest.container.specs}
    fields = {"client_id": THIRD_CLIENT, "enrolment_digest": digest}
    return honest.model_copy(update=fields).to_file(out, tensors, force=True).path

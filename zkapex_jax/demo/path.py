"""Setting up and enrolling: every step is the function behind the command of the same name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zkapex_jax import workflow
from zkapex_jax.demo.clock import Clock, Stage
from zkapex_jax.demo.options import DemoOptions, Folders, send
from zkapex_jax.demo.scene import MODEL_NAME, Scene, gradient_rows
from zkapex_jax.protocol import ModelRef, SigningKey, generate_key
from zkapex_jax.quantize import to_fixed

CLIENT, OTHER_CLIENT = "edge-0001", "edge-0002"
KEY_NAME = "provider.key"


@dataclass(frozen=True)
class Parties:
    """The tools, the provider with its key, and the base model that all of it is about."""

    tool: workflow.Toolchain
    provider: workflow.Provider
    key: SigningKey
    base: workflow.BaseResult

    @property
    def model(self) -> ModelRef:
        """How enrolments and requests name the base."""
        return self.base.model

    @property
    def insecure(self) -> bool:
        """Whether this run can only be verified by someone who said that insecure is fine."""
        return self.tool.srs_insecure or self.tool.preset.insecure


@dataclass(frozen=True)
class Enrolled:
    """A client in the ledger. `rows` f32 [n, W]: its clipped gradients, private; `state`: its copy of the ledger's word."""

    rows: np.ndarray
    made: workflow.EnrolResult
    admitted: workflow.AdmitResult
    state: Path


def open_tools(options: DemoOptions, folders: Folders, clock: Clock) -> workflow.Toolchain:
    """Constraint tables of both relations and the reference string, made or checked."""
    with clock.stage("tools", "constraint tables and ceremony", "provider"):
        return workflow.open_toolchain(
            options.preset, folder=folders.shared, threads=options.threads, insecure_srs=options.insecure_srs
        )


@contextmanager
def open_provider(folders: Folders, tool: workflow.Toolchain, scene: Scene, clock: Clock) -> Iterator[Parties]:
    """An empty ledger that trusts one fresh signing key, and the base model that this key signs for the fleet."""
    with workflow.Provider.open(folders.provider, create=True) as provider:
        key = generate_key(folders.provider / KEY_NAME)
        provider.ledger.trust(key.public)
        with clock.stage("publish_base", "provider commits and signs its model", "provider") as running:
            base = workflow.create_base(
                tool, out=folders.provider / "base.safetensors", key=key, name=MODEL_NAME, architecture=scene.model.architecture,
                layout=scene.layout, theta0=scene.base_weights.astype(np.float64), on_progress=running.progress,
            )  # fmt: skip
            workflow.publish_base(tool, provider, base.path, on_progress=running.progress)
            running.child(base.peak_rss_bytes)
        yield Parties(tool, provider, key, base)


def enrol_client(parties: Parties, scene: Scene, folders: Folders, clock: Clock) -> tuple[np.ndarray, workflow.EnrolResult]:
    """The client commits before any mask exists, and proves that its commitments hold what they may. Returns its rows too."""
    with clock.stage("gradients", "client's per-example gradients", "client"):
        rows = gradient_rows(scene, to_fixed(scene.personal_weights.astype(np.float64)), parties.tool.preset.client_rows)
    base = send(parties.base.path, folders.client_inbox, "base.safetensors")
    with clock.stage("enrol", "client commits", "client") as running:
        made = workflow.enrol(
            parties.tool, folder=folders.client, client_id=CLIENT, base=base, layout=scene.layout,
            theta=scene.personal_weights.astype(np.float64), rows=rows, provider_key=parties.key.public, on_progress=running.progress,
        )  # fmt: skip
        split_enrolment(running, made, "enrolment")
    return rows, made


def split_enrolment(running: Stage, made: workflow.EnrolResult, title: str) -> None:
    """Commitments, the reference checker and the proof as stages of their own. Of two children only the highest peak is known."""
    name, proving_peak = title.replace("-", "_"), made.proved.peak_rss_bytes
    if made.peak_rss_bytes is not None and made.peak_rss_bytes > proving_peak:
        running.child(made.peak_rss_bytes)
    running.untold = True
    running.part(f"{name}_check", f"{title}: reference checker", "check", made.check_seconds or 0.0)
    proving = made.proved.seconds - (made.check_seconds or 0.0)
    running.part(f"{name}_prove", f"{title}: client proves", "client", proving, proving_peak)


def admit_client(
    parties: Parties, rows: np.ndarray, made: workflow.EnrolResult, folders: Folders, clock: Clock, title: str = "enrolment"
) -> Enrolled:
    """The provider verifies the proof, records both, and returns the client's state. Raises RefusedError if it does not."""
    name = title.replace("-", "_")
    enrolment = send(made.enrolment, folders.provider_inbox, f"{title}.safetensors")
    proof = send(made.proof, folders.provider_inbox, f"{title}-proof.safetensors")
    with clock.stage(f"{name}_admit", f"{title}: provider verifies", "provider") as running:
        admitted = workflow.admit(
            parties.tool, parties.provider, enrolment, proof, allow_insecure=parties.insecure, on_progress=running.progress
        )
        running.child(admitted.peak_rss_bytes)
    return Enrolled(rows, made, admitted, send(admitted.state, folders.client_inbox, f"state-{admitted.requests}.safetensors"))


def enrol_other(parties: Parties, scene: Scene, rows: np.ndarray, folders: Folders, clock: Clock) -> Enrolled:
    """A second honest client, enrolled with weights of its own; it is there to be impersonated."""
    with clock.stage("other", "a second client enrols", "client") as running:
        made = workflow.enrol(
            parties.tool, folder=folders.other_client, client_id=OTHER_CLIENT, base=parties.base.path, layout=scene.layout,
            theta=scene.base_weights.astype(np.float64), rows=rows, check=False, on_progress=running.progress,
        )  # fmt: skip
        admitted = workflow.admit(parties.tool, parties.provider, made.enrolment, made.proof, allow_insecure=parties.insecure)
    return Enrolled(rows, made, admitted, admitted.state)


def renew_client(parties: Parties, scene: Scene, state: Path, folders: Folders, clock: Clock) -> tuple[np.ndarray, workflow.EnrolResult]:
    """New gradients at the unlearned weights, new blinding, the same weights: committed and proven against the ledger's state."""
    with clock.stage("gradients", "client's per-example gradients", "client"):
        rows = gradient_rows(scene, workflow.current_theta(folders.client), parties.tool.preset.client_rows)
    with clock.stage("renew", "re-enrolment: client commits", "client") as running:
        made = workflow.renew(parties.tool, folder=folders.client, state=state, rows=rows, on_progress=running.progress)
        split_enrolment(running, made, "re-enrolment")
    return rows, made


def public_key(folders: Folders) -> Path:
    """The public half of the provider's key."""
    return folders.provider / f"{KEY_NAME}.pub"

"""The honest path, stage by stage: every step is the function behind the command of the same name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zkapex_jax import workflow
from zkapex_jax.demo.clock import Clock
from zkapex_jax.demo.deletion import Deletion, plan_deletion
from zkapex_jax.demo.options import DemoOptions, Folders, send
from zkapex_jax.demo.scene import MODEL_NAME, Scene, gradient_rows
from zkapex_jax.prover import OnProgress
from zkapex_jax.protocol import ModelRef, SigningKey, generate_key
from zkapex_jax.quantize import to_fixed

CLIENT, OTHER_CLIENT = "edge-0001", "edge-0002"
KEY_NAME = "provider.key"


@dataclass(frozen=True)
class Parties:
    """The tools, the provider with its key, and which model all of it is about."""

    tool: workflow.Toolchain
    provider: workflow.Provider
    key: SigningKey
    model: ModelRef


@dataclass(frozen=True)
class Enrolled:
    """Two clients in the ledger. `rows` f32 [n, W]: the first client's clipped gradients, private."""

    rows: np.ndarray
    client: workflow.EnrolResult
    state: Path
    other_state: Path


def open_tools(options: DemoOptions, folders: Folders, clock: Clock) -> workflow.Toolchain:
    """Constraint tables and reference string, made or checked."""
    with clock.stage("tools", "constraint tables and ceremony", "provider"):
        return workflow.open_toolchain(
            options.preset, folder=folders.shared, threads=options.threads, insecure_srs=options.insecure_srs
        )


@contextmanager
def open_provider(folders: Folders, tool: workflow.Toolchain, scene: Scene) -> Iterator[Parties]:
    """An empty ledger that trusts one fresh signing key."""
    with workflow.Provider.open(folders.provider, create=True) as provider:
        key = generate_key(folders.provider / KEY_NAME)
        provider.ledger.trust(key.public)
        digest = workflow.base_digest(to_fixed(scene.base_weights))
        model = ModelRef(name=MODEL_NAME, architecture=scene.model.architecture, base_digest=digest)
        yield Parties(tool, provider, key, model)


def enrol_clients(parties: Parties, scene: Scene, folders: Folders, clock: Clock) -> Enrolled:
    """Both clients commit before any mask exists. The second one is there to be impersonated."""
    with clock.stage("gradients", "client's per-example gradients", "client"):
        rows = gradient_rows(scene, parties.tool.preset.client_rows)
    with clock.stage("enrol", "client commits and enrols", "client") as running:
        client = _enrol(parties, scene, folders.client, CLIENT, scene.personal_weights, rows, running.progress)
        running.child(client.peak_rss_bytes)
    with clock.stage("admit", "provider admits the enrolment", "provider") as running:
        received = send(client.enrolment, folders.provider_inbox, "enrolment.safetensors")
        admitted = workflow.admit(parties.tool, parties.provider, received, on_progress=running.progress)
        state = send(admitted.state, folders.client_inbox, "state.safetensors")
    with clock.stage("cheats", "cheating clients", "check") as running:
        other = _enrol(parties, scene, folders.other_client, OTHER_CLIENT, scene.base_weights, rows, running.progress)
        other_state = workflow.admit(parties.tool, parties.provider, other.enrolment, on_progress=running.progress).state
    return Enrolled(rows, client, state, other_state)


def publish_request(parties: Parties, scene: Scene, enrolled: Enrolled, folders: Folders, clock: Clock) -> tuple[Deletion, workflow.RequestResult]:
    """Mask, forget rows, rules, nonce, signature; into the ledger."""
    with clock.stage("mask", "provider scores and masks", "provider") as running:
        deletion = plan_deletion(scene, parties.tool.preset, parties.provider, running)
    with clock.stage("request", "provider commits and signs", "provider") as running:
        request = make_request(parties, scene, deletion, folders.provider / "request-1.safetensors", running.progress)
        running.child(request.peak_rss_bytes)
    return deletion, request


def make_request(parties: Parties, scene: Scene, deletion: Deletion, out: Path, on_progress: OnProgress) -> workflow.RequestResult:
    """One signed request for this deletion, under a fresh nonce, published in the ledger."""
    request = workflow.create_request(
        parties.tool, out=out, key=parties.key, model=parties.model, layout=scene.layout, mask=deletion.mask,
        forget_rows=deletion.integer_rows, budget=deletion.budget, forget=scene.forget_text,
        request_id=out.stem, on_progress=on_progress,
    )  # fmt: skip
    workflow.publish(parties.tool, parties.provider, request.path, on_progress=on_progress)
    return request


def public_key(folders: Folders) -> Path:
    """The public half of the provider's key."""
    return folders.provider / f"{KEY_NAME}.pub"


def unlearn(parties: Parties, enrolled: Enrolled, request: Path, folders: Folders, clock: Clock) -> workflow.UnlearnResult:
    """Group-OBS, rounding, witness, and the reference checker on every constraint of every chunk."""
    with clock.stage("unlearn", "client compensates and quantises", "client") as running:
        result = workflow.unlearn(
            parties.tool, folder=folders.client, request=request, state=enrolled.state, provider_key=parties.key.public,
            check=True, on_progress=running.progress,
        )  # fmt: skip
        running.part("check", "reference checker", "check", sum(chunk.check_seconds or 0.0 for chunk in result.chunks))
    return result


def prove(parties: Parties, enrolled: Enrolled, request: Path, update: Path, folders: Folders, clock: Clock) -> workflow.ProveResult:
    """The Rust prover, chunk by chunk."""
    with clock.stage("prove", "client proves", "client") as running:
        proof = workflow.prove(
            parties.tool, folder=folders.client, request=request, state=enrolled.state, update=update, on_progress=running.progress
        )
        running.child(proof.peak_rss_bytes)
    return proof


def verify(parties: Parties, bundle: Path, folders: Folders, clock: Clock) -> workflow.VerifyResult:
    """The Rust verifier, against the provider's ledger."""
    bundle = send(bundle, folders.provider_inbox, "bundle.safetensors")
    with clock.stage("verify", "provider verifies", "provider") as running:
        verdict = workflow.verify(parties.tool, parties.provider, bundle, allow_insecure=insecure(parties.tool), on_progress=running.progress)
        running.child(verdict.peak_rss_bytes)
    return verdict


def insecure(tool: workflow.Toolchain) -> bool:
    """Whether this run can only be verified by someone who said that insecure is fine."""
    return tool.srs_insecure or tool.preset.insecure


def _enrol(parties: Parties, scene: Scene, folder: Path, name: str, theta: np.ndarray, rows: np.ndarray, on_progress: OnProgress) -> workflow.EnrolResult:
    return workflow.enrol(
        parties.tool, folder=folder, client_id=name, model=parties.model, layout=scene.layout,
        theta=theta.astype(np.float64), rows=rows, on_progress=on_progress,
    )  # fmt: skip

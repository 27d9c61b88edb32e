"""One request from the provider's mask to the client's next state, as each side would walk it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zkapex_jax import workflow
from zkapex_jax.demo.clock import Clock
from zkapex_jax.demo.deletion import Deletion, plan_deletion
from zkapex_jax.demo.options import Folders, send
from zkapex_jax.demo.path import Parties
from zkapex_jax.demo.scene import Scene
from zkapex_jax.errors import RefusedError
from zkapex_jax.protocol import State


@dataclass(frozen=True)
class Answer:
    """A request and the client's proven answer, not sent yet. `received` and `state` are the client's copies."""

    index: int
    deletion: Deletion
    request: workflow.RequestResult
    received: Path
    state: Path
    unlearned: workflow.UnlearnResult
    proof: workflow.ProveResult

    @property
    def title(self) -> str:
        return f"request {self.index + 1}"


@dataclass(frozen=True)
class Served:
    """An answer that the provider accepted, and the client's copy of its next state."""

    answer: Answer
    verdict: workflow.VerifyResult
    state: Path


def publish_request(
    parties: Parties, scene: Scene, index: int, state: Path, folders: Folders, clock: Clock
) -> tuple[Deletion, workflow.RequestResult]:
    """Mask, forget rows, rules, nonce, signature; into the ledger. The mask avoids what was forgotten before."""
    name, forgotten = f"request-{index + 1}", State.from_file(state).cumulative()
    with clock.stage(f"mask_{index + 1}", f"request {index + 1}: provider scores and masks", "provider") as running:
        deletion = plan_deletion(scene, parties.tool.preset, parties.provider, index, forgotten, running)
    with clock.stage(f"request_{index + 1}", f"request {index + 1}: provider commits and signs", "provider") as running:
        request = workflow.create_request(
            parties.tool, out=folders.provider / f"{name}.safetensors", key=parties.key, model=parties.model, layout=scene.layout,
            mask=deletion.mask, forget_rows=deletion.integer_rows, budget=deletion.budget, forget=scene.forget_text(index),
            request_id=name, on_progress=running.progress,
        )  # fmt: skip
        workflow.publish(parties.tool, parties.provider, request.path, on_progress=running.progress)
        running.child(request.peak_rss_bytes)
    return deletion, request


def answer_request(
    parties: Parties, index: int, published: tuple[Deletion, workflow.RequestResult], state: Path, folders: Folders, clock: Clock
) -> Answer:
    """Group-OBS, rounding, the reference checker on every constraint of every chunk, and the Rust prover."""
    deletion, request = published
    received = send(request.path, folders.client_inbox, request.path.name)
    with clock.stage(f"unlearn_{index + 1}", f"request {index + 1}: client compensates", "client") as running:
        unlearned = workflow.unlearn(
            parties.tool, folder=folders.client, request=received, state=state, provider_key=parties.key.public,
            check=True, on_progress=running.progress,
        )  # fmt: skip
        checking = sum(chunk.check_seconds or 0.0 for chunk in unlearned.chunks)
        running.part(f"check_{index + 1}", f"request {index + 1}: reference checker", "check", checking)
    with clock.stage(f"prove_{index + 1}", f"request {index + 1}: client proves", "client") as running:
        proof = workflow.prove(
            parties.tool, folder=folders.client, request=received, state=state, update=unlearned.update, on_progress=running.progress
        )
        running.child(proof.peak_rss_bytes)
    return Answer(index, deletion, request, received, state, unlearned, proof)


def settle(parties: Parties, answer: Answer, folders: Folders, clock: Clock) -> Served:
    """The Rust verifier, against the provider's ledger; then the client's secret moves on.

    Raises:
        RefusedError: the honest bundle was refused: there is no state from which anything later could be shown.
    """
    bundle = send(answer.proof.bundle, folders.provider_inbox, f"bundle-{answer.index + 1}.safetensors")
    with clock.stage(f"verify_{answer.index + 1}", f"request {answer.index + 1}: provider verifies", "provider") as running:
        verdict = workflow.verify(parties.tool, parties.provider, bundle, allow_insecure=parties.insecure, on_progress=running.progress)
        running.child(verdict.peak_rss_bytes)
    if not verdict.accepted or verdict.state is None:
        raise RefusedError(f"the honest answer was refused: {verdict.reason}", code="proof_refused", file=bundle)
    state = send(verdict.state, folders.client_inbox, f"state-{answer.index + 1}.safetensors")
    workflow.advance(
        folder=folders.client, request=answer.received, update=answer.unlearned.update, bundle=answer.proof.bundle, state=state
    )
    return Served(answer, verdict, state)

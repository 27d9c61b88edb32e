"""Sends what dishonest clients made to the provider, and writes down what it answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from zkapex_jax import workflow
from zkapex_jax.demo.cheats import Forgery, Honest, forgeries
from zkapex_jax.demo.clock import Clock
from zkapex_jax.demo.deletion import Deletion
from zkapex_jax.demo.options import Folders
from zkapex_jax.demo.path import OTHER_CLIENT, Enrolled, Parties, insecure, make_request
from zkapex_jax.demo.scene import Scene
from zkapex_jax.errors import RefusedError, ZkapexError
from zkapex_jax.formats.atomic import make_directory
from zkapex_jax.protocol import Bundle, ClientSecret, Enrolment, Request, State, Update
from zkapex_jax.report.parts import Cheat
from zkapex_jax.workflow.check import check_chunk
from zkapex_jax.workflow.session import ClientSession


@dataclass(frozen=True)
class Attempt:
    """A lie ready to be sent: `send` returns why it was refused, or None if it was accepted."""

    name: str
    title: str
    detail: str
    send: Callable[[], str | None]
    named: tuple[str, ...] = ()

    def outcome(self) -> Cheat:
        """Refused by the verifier, accepted by it, or not even provable (which shows nothing, so it does not count)."""
        try:
            reason = self.send()
        except RefusedError as error:
            reason = error.message
        except ZkapexError as error:
            return self._cheat(False, f"could not be tried: {error}")
        return self._cheat(reason is not None, reason or "accepted")

    def _cheat(self, refused: bool, reason: str) -> Cheat:
        return Cheat(refused=refused, reason=reason, title=self.title, detail=self.detail, named=list(self.named))


def try_forgeries(parties: Parties, enrolled: Enrolled, request: Path, update: Path, folders: Folders, clock: Clock) -> dict[str, Cheat]:
    """Lies about the update, each proven as well as it can be (`--unchecked`) and sent before the honest bundle is."""
    honest = Honest(
        ClientSecret.from_file(folders.client / "secret.safetensors"), Request.from_file(request),
        Update.from_file(update), parties.tool.preset,
    )  # fmt: skip
    outcomes = {}
    with clock.stage("cheats", "cheating clients", "check") as running:
        makers = forgeries(honest)
        for done, make in enumerate(makers):
            running.step(done, len(makers))
            forgery = make()
            attempt = Attempt(
                forgery.name, forgery.title, forgery.detail,
                lambda forgery=forgery: _prove_and_send(parties, enrolled, request, forgery, folders),
                named_by_checker(parties, enrolled, request, forgery, folders),
            )  # fmt: skip
            outcomes[attempt.name] = attempt.outcome()
    return outcomes


def named_by_checker(parties: Parties, enrolled: Enrolled, request: Path, forgery: Forgery, folders: Folders) -> tuple[str, ...]:
    """What the reference checker says of the first touched chunk: cells that break each gate, and sums that are not zero."""
    session = ClientSession.open(parties.tool, folders.client, request, enrolled.state)
    inputs = next(session.chunks())
    place = slice(*session.enrolment.layout.bounds(inputs.chunk))
    found = check_chunk(parties.tool, session, inputs, forgery.theta_u[place], forgery.sigma[inputs.chunk])
    gates = Counter(violation.partition("[")[0] for violation in found.violations)
    return (*(f"{count} × {gate}" for gate, count in gates.items()), *(name.partition(": ")[2] for name in found.sums))


def _prove_and_send(parties: Parties, enrolled: Enrolled, request: Path, forgery: Forgery, folders: Folders) -> str | None:
    folder = make_directory(folders.client / "cheats" / forgery.name)
    update = workflow.write_update(
        folder=folders.client, request=request, state=enrolled.state, theta_u=forgery.theta_u, sigma=forgery.sigma,
        out=folder / "update.safetensors",
    )  # fmt: skip
    proof = workflow.prove(
        parties.tool, folder=folders.client, request=request, state=enrolled.state, update=update,
        out=folder / "bundle.safetensors", unchecked=True,
    )  # fmt: skip
    return _send(parties, proof.bundle)


def try_replays(
    parties: Parties, scene: Scene, deletion: Deletion, enrolled: Enrolled, bundle: Path, state: Path, folders: Folders, clock: Clock
) -> dict[str, Cheat]:
    """The accepted bundle again, under other names; `state` is the client's state after it was accepted."""
    with clock.stage("cheats", "cheating clients", "check") as running:
        folder = make_directory(folders.client / "cheats" / "replay")
        second = make_request(parties, scene, deletion, folders.provider / "request-2.safetensors", running.progress)
        honest = Bundle.from_file(bundle)
        attempts = [
            Attempt(
                "replay_request", "Replays a bundle for a new request",
                "The accepted bundle, its header rewritten for a second request with another nonce.",
                lambda: _send(parties, _relabel(
                    honest, folder / "request.safetensors", request_digest=second.digest,
                    state_digest=State.from_file(state).digest,
                )),
            ),
            Attempt(
                "replay_client", "Sends another client's bundle",
                f"Client {OTHER_CLIENT}, enrolled with weights of its own, sends the bundle under its name.",
                lambda: _send(parties, _relabel(
                    honest, folder / "client.safetensors", client_id=OTHER_CLIENT,
                    enrolment_digest=Enrolment.from_file(folders.other_client / "enrolment.safetensors").digest,
                    state_digest=State.from_file(enrolled.other_state).digest,
                )),
            ),
            Attempt(
                "copied_enrolment", "Copies another client's enrolment",
                "A third client enrols with the first one's commitments under its own name.",
                lambda: _admit_copy(parties, enrolled.client.enrolment, folder / "enrolment.safetensors"),
            ),
        ]  # fmt: skip
        return {attempt.name: attempt.outcome() for attempt in attempts}


def _relabel(bundle: Bundle, out: Path, **fields: str) -> Path:
    """The same proofs under a header that names something else."""
    tensors = {name: bundle.tensor(name) for name in bundle.container.specs}
    return bundle.model_copy(update=fields).to_file(out, tensors, force=True).path


def _admit_copy(parties: Parties, enrolment: Path, out: Path) -> str | None:
    original = Enrolment.from_file(enrolment)
    tensors = {name: original.tensor(name) for name in original.container.specs}
    copy = original.model_copy(update={"client_id": "edge-0003"}).to_file(out, tensors, force=True)
    workflow.admit(parties.tool, parties.provider, copy.path)
    return None


def _send(parties: Parties, bundle: Path) -> str | None:
    verdict = workflow.verify(parties.tool, parties.provider, bundle, allow_insecure=insecure(parties.tool))
    return None if verdict.accepted else verdict.reason or "refused without a reason"

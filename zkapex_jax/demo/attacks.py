"""Dishonest answers to requests: each is proven as well as it can be, and sent to the same provider as the honest one."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path

from zkapex_jax import workflow
from zkapex_jax.demo.attempts import Attempt, send_bundle, twin, workbench
from zkapex_jax.demo.cheats import Forgery, Honest
from zkapex_jax.demo.options import Folders
from zkapex_jax.demo.path import OTHER_CLIENT, Enrolled, Parties
from zkapex_jax.demo.serving import Answer
from zkapex_jax.protocol import Bundle, ClientSecret, Request, State, Update
from zkapex_jax.workflow.check import check_chunk
from zkapex_jax.workflow.session import ClientSession


def honest_parts(parties: Parties, answer: Answer, folders: Folders) -> Honest:
    """What a cheating client starts from: the true secret, the request, and the honest answer."""
    return Honest(
        ClientSecret.from_file(folders.client / "secret.safetensors"), Request.from_file(answer.received),
        Update.from_file(answer.unlearned.update), State.from_file(answer.state), parties.tool.preset,
    )  # fmt: skip


def forged_answers(parties: Parties, answer: Answer, forgeries: list[Forgery], folders: Folders) -> list[Attempt]:
    """Lies about the update, each to be sent before the honest bundle is."""
    return [
        Attempt(
            forgery.name, forgery.title, forgery.detail,
            partial(_prove, parties, answer, forgery, folders), partial(send_bundle, parties),
            partial(_named_by_checker, parties, answer, forgery, folders),
        )
        for forgery in forgeries
    ]  # fmt: skip


def _prove(parties: Parties, answer: Answer, forgery: Forgery, folders: Folders) -> Path:
    folder = twin(folders, forgery.name)
    update = workflow.write_update(
        folder=folder, request=answer.received, state=answer.state, theta_u=forgery.theta_u, sigma=forgery.sigma,
        out=folder / "update.safetensors",
    )  # fmt: skip
    return workflow.prove(
        parties.tool, folder=folder, request=answer.received, state=answer.state, update=update,
        out=folder / "bundle.safetensors", unchecked=True,
    ).bundle  # fmt: skip


def _named_by_checker(parties: Parties, answer: Answer, forgery: Forgery, folders: Folders) -> tuple[str, ...]:
    """What the reference checker says of the first touched chunk: cells that break each gate, and sums that are not zero."""
    session = ClientSession.open(parties.tool, folders.client, answer.received, answer.state)
    inputs = next(session.chunks())
    place = slice(*session.enrolment.layout.bounds(inputs.chunk))
    found = check_chunk(parties.tool, session, inputs, forgery.theta_u[place], forgery.sigma[inputs.chunk])
    gates = Counter(violation.partition("[")[0] for violation in found.violations)
    return (*(f"{count} × {gate}" for gate, count in gates.items()), *(name.partition(": ")[2] for name in found.sums))


def replay_for_other(parties: Parties, answer: Answer, other: Enrolled, folders: Folders) -> Attempt:
    """The client's bundle under another client's name."""
    state = State.from_file(other.state)
    return Attempt(
        "replay_client", "Sends another client's bundle",
        f"Client {OTHER_CLIENT}, enrolled with weights of its own, sends the bundle under its name.",
        lambda: relabelled(
            answer.proof.bundle, workbench(folders, "replay_client"), client_id=OTHER_CLIENT,
            enrolment_digest=other.made.digest, state_digest=state.digest,
        ),
        partial(send_bundle, parties),
    )  # fmt: skip


def replay_for_later(parties: Parties, accepted: Answer, later: Answer, folders: Folders) -> Attempt:
    """The accepted bundle again, for the request after it."""
    return Attempt(
        "replay_request", "Replays a bundle for a new request",
        f"The bundle accepted for {accepted.title}, its header rewritten for {later.title} and the client's present state.",
        lambda: relabelled(
            accepted.proof.bundle, workbench(folders, "replay_request"), request_digest=later.request.digest,
            state_digest=State.from_file(later.state).digest,
        ),
        partial(send_bundle, parties),
    )  # fmt: skip


def answer_from_old_weights(parties: Parties, old: Path, accepted: Answer, later: Answer, folders: Folders) -> Attempt:
    """A later request answered from the weights of before the earlier one. `old` is a copy of the client's folder of then."""

    def make() -> Path:
        given = {"folder": old, "request": later.received, "state": accepted.state}
        update = workflow.unlearn(parties.tool, **given, provider_key=parties.key.public, check=False).update
        bundle = workflow.prove(parties.tool, update=update, unchecked=True, **given).bundle
        return relabelled(bundle, workbench(folders, "stale_start"), state_digest=State.from_file(later.state).digest)

    return Attempt(
        "stale_start", "Starts from weights of before an earlier request",
        f"{later.title.capitalize()} answered and proven in full from the enrolled weights, as if {accepted.title} had never been; "
        "the header names the client's present state.",
        make, partial(send_bundle, parties),
    )  # fmt: skip


def relabelled(bundle: Path, folder: Path, **fields: str) -> Path:
    """The same proofs under a header that names something else."""
    honest = Bundle.from_file(bundle)
    tensors = {name: honest.tensor(name) for name in honest.container.specs}
    return honest.model_copy(update=fields).to_file(folder / "bundle.safetensors", tensors, force=True).path

"""After acceptance: the client's secret becomes that of the unlearned model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.formats.atomic import publish, storage_errors
from zkapex_jax.formats.nesting import parse_json
from zkapex_jax.formats.passing import passing_folder
from zkapex_jax.formats.reading import read_bytes
from zkapex_jax.formats.tensors import LazyTensor
from zkapex_jax.protocol import Bundle, ClientSecret, Enrolment, Request, State, Update
from zkapex_jax.protocol.chain import next_head
from zkapex_jax.protocol.checks import check_state
from zkapex_jax.workflow import openings
from zkapex_jax.workflow.folders import ClientFolder

_SEED = re.compile(r"[0-9a-f]{64}\Z")


def advance(*, folder: Path, request: Path, update: Path, bundle: Path, state: Path) -> Path:
    """Replace the client's secret by the one that opens `state`, the state after the accepted bundle.

    θ̂p becomes θ̂u, and touched chunks take the seeds that their proofs drew. Advancing twice changes nothing.

    Raises RefusedError if `state` does not follow from this bundle, InputError if a seed is missing.
    """
    client = ClientFolder.open(folder)
    with client.exclusive():
        return _advance(client, request, update, bundle, state)


def _advance(client: ClientFolder, request: Path, update: Path, bundle: Path, state: Path) -> Path:
    enrolment, answered = Enrolment.from_file(client.enrolment), Request.from_file(request)
    proven, made, after = Bundle.from_file(bundle), Update.from_file(update), State.from_file(state)
    check_state(after, enrolment)
    _check_follows(answered, proven, made, after)
    secret = ClientSecret.from_file(client.secret, verify=False)
    seeds = _new_seeds(secret, client.request_folder(answered.request_id) / f"chunks-{made.digest[:16]}", proven.chunks)
    theta_u = made.tensor("theta_u")
    if np.array_equal(seeds, secret.tensor("theta_seeds")) and np.array_equal(theta_u, secret.tensor("theta")):
        secret.container.verify_all()
        openings.follow(client.openings, weights=openings.keys_of(after.tensor("c_theta")))
        return client.secret
    kept = {name: LazyTensor(spec, partial(_one, secret, name)) for name, spec in secret.container.specs.items()}
    with passing_folder(client.path) as passing:
        fields = {name: getattr(secret, name) for name in type(secret).model_fields}
        fresh = ClientSecret.parse(fields).to_file(passing / "secret", kept | {"theta": theta_u, "theta_seeds": seeds})
        with storage_errors(client.secret):
            publish(fresh.path, client.secret, force=True)
    openings.follow(client.openings, weights=openings.keys_of(after.tensor("c_theta")))
    return client.secret


def _check_follows(request: Request, bundle: Bundle, update: Update, after: State) -> None:
    """The state holds the bundle's commitments for touched chunks, and everything names one request."""
    for artefact in (bundle, update):
        if artefact.request_digest != request.digest:
            raise RefusedError(
                "answers another request", code="mismatch_request_digest", file=artefact.path, field="request_digest"
            )
    if bundle.state_digest != update.state_digest:
        raise RefusedError(
            "starts from another state than the update", code="mismatch_state_digest", file=bundle.path, field="state_digest"
        )
    commitments = after.tensor("c_theta")
    for chunk in bundle.chunks:
        if chunk >= len(commitments) or not np.array_equal(commitments[chunk], bundle.theta_points(chunk)):
            raise RefusedError(
                "does not hold this bundle's commitments", code="mismatch_c_theta", file=after.path, field=f"c_theta[{chunk}]"
            )
    if not after.cumulative()[request.mask()].all():
        raise RefusedError("does not hold this request's mask", code="mismatch_cumulative", file=after.path, field="cumulative")


def check_head(before: State, request: Request, bundle: Bundle, after: State) -> None:
    """The state's digest chain: `after` is the successor of `before`."""
    if after.head != next_head(before.head, request.digest, bundle.digest) or after.position != before.position + 1:
        raise RefusedError(
            "is not the successor of the earlier state", code="mismatch_head", file=after.path, field="head", value=after.head
        )


def _new_seeds(secret: ClientSecret, folder: Path, chunks: tuple[int, ...]) -> np.ndarray:
    seeds = secret.tensor("theta_seeds")
    for chunk in chunks:
        seeds[chunk] = np.frombuffer(_read_seed(folder / f"chunk-{chunk:05}.seed"), np.uint8)
    return seeds


def _read_seed(path: Path) -> bytes:
    """The seed that the prover drew for Com(θ̂u) of one chunk."""
    try:
        record = parse_json(read_bytes(path, max_bytes=4096))
        text = record["seed"]
    except InputError as error:
        raise error.in_file(path) from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError("is not a seed file", code="bad_seed", file=path) from error
    if not isinstance(text, str) or not _SEED.match(text):
        raise InputError("seed must be 64 hex digits", code="bad_seed", file=path, field="seed")
    return bytes.fromhex(text)


def _one(secret: ClientSecret, name: str) -> Iterator[np.ndarray]:
    yield secret.tensor(name)

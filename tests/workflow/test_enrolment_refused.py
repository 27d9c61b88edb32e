"""Enrolments that the provider refuses: one clear sentence, nothing recorded. Proofs are real; each cheat follows the protocol."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chain_world import LAYOUT, WEIGHTS, World, every, gradients, personal

from zkapex_jax import workflow
from zkapex_jax.errors import InputError, RefusedError, ZkapexError
from zkapex_jax.protocol import ClientSecret, Enrolment, EnrolmentProof, State, Update, generate_key
from zkapex_jax.protocol.artefact import Artefact
from zkapex_jax.workflow import EnrolResult

Pair = tuple[Path, Path]


@pytest.fixture(scope="module")
def alice(world: World) -> EnrolResult:
    """Proven, and not admitted."""
    return world.enrol("alice")


@pytest.fixture(scope="module")
def bob(world: World) -> EnrolResult:
    return world.enrol("bob", seed=2)


def rewrite(artefact: Artefact, path: Path, tensors: dict[str, np.ndarray] | None = None, **fields: Any) -> Any:
    """The artefact with other fields or tensors and right digests: a dishonest sender."""
    held = {name: getattr(artefact, name) for name in type(artefact).model_fields} | fields
    arrays = {name: artefact.tensor(name) for name in artefact.container.specs} | (tensors or {})
    return type(artefact).parse(held).to_file(path, arrays)


def claim(given: EnrolResult, folder: Path, tensors: dict[str, np.ndarray] | None = None, **fields: Any) -> Pair:
    """An enrolment with other contents, and the proof made to name it."""
    enrolment = rewrite(Enrolment.from_file(given.enrolment), folder / "enrolment", tensors, **fields)
    proof = EnrolmentProof.from_file(given.proof)
    return enrolment.path, rewrite(proof, folder / "proof", enrolment_digest=enrolment.digest, client_id=enrolment.client_id).path


def swapped(given: EnrolResult, name: str, *, chunks: bool) -> dict[str, np.ndarray]:
    """Two chunks of a tensor of commitments change places, or two lanes of one chunk."""
    points = Enrolment.from_file(given.enrolment).tensor(name)
    if chunks:
        return {name: points[::-1].copy()}
    points[0, ..., [0, 1], :] = points[0, ..., [1, 0], :]
    return {name: points}


def swapped_proofs(given: EnrolResult, folder: Path) -> Pair:
    proof = EnrolmentProof.from_file(given.proof)
    tensors = {"proof.00000": proof.tensor("proof.00001"), "proof.00001": proof.tensor("proof.00000")}
    return given.enrolment, rewrite(proof, folder / "proof", tensors).path


def other_proof(given: EnrolResult, other: EnrolResult, folder: Path) -> Pair:
    """B's proof, made to name A and A's enrolment."""
    mine = Enrolment.from_file(given.enrolment)
    taken = EnrolmentProof.from_file(other.proof)
    return mine.path, rewrite(taken, folder / "proof", client_id=mine.client_id, enrolment_digest=mine.digest).path


CHEATS: dict[str, Callable[[EnrolResult, EnrolResult, Path], Pair]] = {
    "A's enrolment and proof under B's id": lambda a, b, at: claim(a, at, client_id="carol"),
    "B's proof for A's enrolment": other_proof,
    "another damping than was proven": lambda a, b, at: claim(a, at, gamma=tuple(2 * gamma for gamma in a.gamma)),
    "weights swapped between lanes": lambda a, b, at: claim(a, at, swapped(a, "c_theta", chunks=False)),
    "weights swapped between chunks": lambda a, b, at: claim(a, at, swapped(a, "c_theta", chunks=True)),
    "rows swapped between lanes": lambda a, b, at: claim(a, at, swapped(a, "c_gradients", chunks=False)),
    "rows swapped between chunks": lambda a, b, at: claim(a, at, swapped(a, "c_gradients", chunks=True)),
    "proofs of two chunks swapped": lambda a, b, at: swapped_proofs(a, at),
}


@pytest.mark.parametrize("case", CHEATS)
def test_the_proof_is_of_this_enrolment_alone(
    world: World, alice: EnrolResult, bob: EnrolResult, tmp_path: Path, case: str
) -> None:
    events = world.provider.ledger.check()
    with pytest.raises(RefusedError, match="enrolment proof is refused: chunk 0") as caught:
        world.admit(*CHEATS[case](alice, bob, tmp_path))
    assert caught.value.code == "proof_refused" and "\n" not in str(caught.value)
    assert world.provider.ledger.check() == events and world.provider.ledger.enrolments() == ()


def test_proofs_of_somebody_else_are_named(world: World, alice: EnrolResult, bob: EnrolResult) -> None:
    with pytest.raises(RefusedError, match="client_id: belongs to another client"):
        world.admit(alice.enrolment, bob.proof)
    with pytest.raises(RefusedError, match="marked insecure"):
        workflow.admit(world.tool, world.provider, alice.enrolment, alice.proof)
    with pytest.raises(InputError, match="no such file"):
        world.admit(alice.enrolment, alice.proof.with_name("none"))


def test_another_base_model(world: World, tmp_path: Path) -> None:
    """Signed by another provider: its clients are refused here, before any proof is looked at."""
    key, events = generate_key(tmp_path / "other.key"), world.provider.ledger.check()
    made = workflow.create_base(
        world.tool, out=tmp_path / "base", key=key, name="toy", architecture="none", layout=LAYOUT, theta0=world.theta0 + 0.25
    )
    with pytest.raises(RefusedError, match="base is signed by a key that is not the provider's"):
        workflow.publish_base(world.tool, world.provider, made.path)
    with pytest.raises(RefusedError, match="signed by another key than the provider's"):
        world.enrol("eve", base=made.path)
    eve = world.enrol("eve", base=made.path, provider_key=None, theta=personal(world.theta0 + 0.25, 3))
    with pytest.raises(RefusedError, match="base model that this provider has not published"):
        world.admit(eve.enrolment, eve.proof)
    moved = rewrite(Enrolment.from_file(eve.enrolment), tmp_path / "enrolment", model=world.base.model)
    proof = rewrite(
        EnrolmentProof.from_file(eve.proof), tmp_path / "proof", enrolment_digest=moved.digest, base_digest=world.base.digest
    )
    with pytest.raises(RefusedError, match="enrolment proof is refused"):
        world.admit(moved.path, proof.path)
    assert world.provider.ledger.check() == events


def test_one_below_the_distance(world: World, tmp_path: Path) -> None:
    """D0 is exact: the true distance is accepted, one below it is not, neither by the client's program nor by the verifier."""
    theta = personal(world.theta0, 4)
    fixed = [np.rint(values * 65536).astype(np.int64) for values in (theta, world.theta0)]
    true = [int(((fixed[0] - fixed[1])[slice(*world.layout.bounds(chunk))] ** 2).sum()) for chunk in range(2)]
    for less in (0, 1):
        made = workflow.create_base(
            world.tool, out=tmp_path / f"base-{less}", key=world.key, name="toy", architecture="none", layout=LAYOUT, theta0=world.theta0,
            distance=[true[0], true[1] - less],
        )  # fmt: skip
        workflow.publish_base(world.tool, world.provider, made.path)
        if less == 0:
            exact = world.enrol("dora", base=made.path, theta=theta, folder="dora-0")
            assert world.admit(exact.enrolment, exact.proof).weights == WEIGHTS
            continue
        with pytest.raises(InputError, match="chunk 1: personal weights lie further from the base model") as caught:
            world.enrol("dina", base=made.path, theta=theta)
        assert caught.value.value == true[1]
        far = world.enrol("dina", base=made.path, theta=theta, folder="dina-1", unchecked=True)
        with pytest.raises(RefusedError, match="enrolment proof is refused: chunk 1"):
            world.admit(far.enrolment, far.proof)


def rows_of(change: Callable[[np.ndarray], Any]) -> np.ndarray:
    rows = gradients(8, 1)
    changed = change(rows)
    return rows if changed is None else changed


BAD_ROWS: dict[str, tuple[Callable[[np.ndarray], Any], str]] = {
    "one row too few": (lambda rows: rows[:-1], r"gradient rows must be float32 \[8, 1400\]"),
    "one weight too few": (lambda rows: rows[:, :-1], r"gradient rows must be float32 \[8, 1400\]"),
    "of another type": (lambda rows: rows.astype(np.float64), r"gradient rows must be float32 \[8, 1400\]"),
    "integers": (lambda rows: rows.astype(np.int32), r"gradient rows must be float32 \[8, 1400\]"),
    "all zero": (np.zeros_like, "all gradient rows are zero in chunk 0"),
    "all zero in one chunk": (lambda rows: rows[:, 700:].fill(0), "all gradient rows are zero in chunk 1"),
    "NaN in one chunk": (
        lambda rows: rows.__setitem__((3, 1399), np.nan),
        "gradient row 3 holds a NaN or an infinity in chunk 1",
    ),
    "infinite": (lambda rows: rows.__setitem__((0, 5), np.inf), "gradient row 0 holds a NaN or an infinity in chunk 0"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_bad_rows(world: World, tmp_path: Path, case: str) -> None:
    change, words = BAD_ROWS[case]
    with pytest.raises(InputError, match=words) as caught:
        world.enrol("rosa", folder=str(tmp_path / "rosa"), rows=rows_of(change))
    assert "\n" not in str(caught.value)
    assert not [path for path in (tmp_path / "rosa").rglob("*") if path.is_file()], "nothing is written"


BAD_WEIGHTS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], str]] = {
    "too few": (lambda theta: theta[:-1], "must hold 1400 weights"),
    "NaN": (lambda theta: np.where(np.arange(WEIGHTS) == 9, np.nan, theta), "weight 9: holds a NaN"),
    "out of range": (lambda theta: theta + 4096.0, "must be below 4096 in magnitude"),
    "far from the base": (lambda theta: theta + 1.0, "further from the base model than the provider allows"),
}


@pytest.mark.parametrize("case", BAD_WEIGHTS)
def test_bad_weights(world: World, tmp_path: Path, case: str) -> None:
    change, words = BAD_WEIGHTS[case]
    with pytest.raises(InputError, match=words):
        world.enrol("rosa", folder=str(tmp_path / "rosa"), theta=change(personal(world.theta0, 1)))
    assert not [path for path in (tmp_path / "rosa").rglob("*") if path.is_file()]


def test_other_tensors_than_the_base(world: World, tmp_path: Path) -> None:
    from zkapex_jax.models.layout import TargetLayout

    other = TargetLayout("**/kernel", (("a/kernel", (20, 40)), ("b/kernel", (600,))))
    with pytest.raises(InputError, match="selects other tensors"):
        world.enrol("rosa", folder=str(tmp_path / "rosa"), layout=other)


def test_an_interrupted_proof_resumes_and_counts_only_what_it_makes(world: World, tmp_path: Path) -> None:
    made = world.enrol("ida")
    done = sorted(world.client("ida").glob("enrolment-chunks-*/*.proof"))
    kept = done[0].read_bytes()
    done[1].unlink(), made.proof.unlink()
    again = workflow.prove_enrolment(world.tool, folder=world.client("ida"), check=False)
    assert [chunk.resumed for chunk in again.chunks] == [True, False] and done[0].read_bytes() == kept
    assert [budget.rows for budget in workflow.openings_left(world.client("ida")).values()] == [13, 11]
    assert world.admit(made.enrolment, again.proof).digest == made.digest


@pytest.fixture(scope="module")
def after_first(world: World) -> Path:
    """vera has answered one request; returns her state."""
    enrolled = world.enrol("vera", seed=6)
    state = world.admit(enrolled.enrolment, enrolled.proof).state
    return world.settle("vera", world.request(every(25, 1), 21), state)


def test_a_commitment_that_was_seen(world: World, after_first: Path, tmp_path: Path) -> None:
    """Copied from an admitted enrolment, or from the bundle that moved its owner on."""
    vera, events = world.provider.ledger.enrolment("vera"), world.provider.ledger.check()
    given = EnrolResult.__new__(EnrolResult)
    object.__setattr__(given, "enrolment", world.provider.artefact(vera.digest))
    object.__setattr__(given, "proof", world.provider.artefact(vera.proof_digest))
    for tensors in (None, {"c_theta": State.from_file(after_first).tensor("c_theta")}):
        folder = tmp_path / str(tensors is None)
        folder.mkdir()
        with pytest.raises(RefusedError, match="a commitment that this ledger has seen before"):
            world.admit(*claim(given, folder, tensors, client_id="mallory"))
    assert world.provider.ledger.check() == events and world.provider.ledger.find_enrolment("mallory") is None


def test_a_second_request_does_not_un_forget(world: World, after_first: Path, tmp_path: Path) -> None:
    """A disjoint mask; the answer gives a weight of the first request a value again."""
    folder = tmp_path / "copy"
    shutil.copytree(world.client("vera"), folder)
    request = world.request(every(25, 9), 22)
    given = {"folder": folder, "request": request, "state": after_first}
    honest = workflow.unlearn(world.tool, provider_key=world.key.public, check=False, **given)
    theta_u = honest.theta_u.copy()
    index = int(np.flatnonzero(every(25, 1))[3])
    assert theta_u[index] == 0
    theta_u[index] = 77
    held = Update.from_file(honest.update)
    sigma = {chunk: held.tensor(f"sigma.{chunk:05}") for chunk in held.chunks}
    update = workflow.write_update(**given, theta_u=theta_u, sigma=sigma, out=tmp_path / "update")
    with pytest.raises(ZkapexError):
        workflow.prove(world.tool, update=update, out=tmp_path / "refused", **given)
    bundle = workflow.prove(world.tool, update=update, out=tmp_path / "bundle", unchecked=True, **given).bundle
    verdict = workflow.verify(world.tool, world.provider, bundle, allow_insecure=True)
    assert not verdict.accepted and "chunk 0" in str(verdict.reason)
    world.provider.ledger.close_request(verdict.request_id)


def test_a_new_enrolment_cannot_change_the_weights(world: World, after_first: Path, tmp_path: Path) -> None:
    """Whatever it changes: the tie row does not vanish, or the commitment is not the ledger's."""
    folder = tmp_path / "copy"
    shutil.copytree(world.client("vera"), folder)
    secret = ClientSecret.from_file(folder / "secret.safetensors")
    theta = secret.tensor("theta")
    theta[int(np.flatnonzero(every(25, 1))[0])] = 5  # a forgotten weight comes back
    changed = rewrite(secret, tmp_path / "secret", {"theta": theta})
    shutil.copyfile(changed.path, folder / "secret.safetensors")
    with pytest.raises(ZkapexError):
        workflow.renew(world.tool, folder=folder, state=after_first, rows=gradients(8, 8))
    made = workflow.renew(world.tool, folder=folder, state=after_first, rows=gradients(8, 8), unchecked=True, force=True)
    with pytest.raises(RefusedError, match="enrolment proof is refused: chunk 0"):
        world.admit(made.enrolment, made.proof)


def test_an_enrolled_client_must_tie(world: World, after_first: Path) -> None:
    """A fresh enrolment of an enrolled client, however well proven, would replace its weights."""
    fresh = world.enrol("vera", seed=9, folder="vera-fresh")
    with pytest.raises(RefusedError, match="must be proven to hold the same weights; make it with `zkapex re-enrol`"):
        world.admit(fresh.enrolment, fresh.proof)

"""Enrol, answer two requests with disjoint masks, enrol anew, answer a third: what was forgotten stays forgotten."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from chain_world import World, current, every, gradients

from zkapex_jax import workflow
from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.protocol import ClientSecret, Enrolment, EnrolmentProof, State
from zkapex_jax.workflow import openings

FIRST, SECOND, THIRD = every(20, 0), every(20, 7), every(20, 3, high=500)


@pytest.fixture(scope="module")
def chain(world: World) -> tuple[World, list[Path]]:
    """The whole chain, and the states that it went through."""
    enrolled = world.enrol("alice")
    states = [world.admit(enrolled.enrolment, enrolled.proof).state]
    for number, mask in ((1, FIRST), (2, SECOND)):
        states.append(world.settle("alice", world.request(mask, number), states[-1]))
    renewed = world.renew("alice", states[-1], seed=5)
    states.append(world.admit(renewed.enrolment, renewed.proof).state)
    workflow.adopt(folder=world.client("alice"), state=states[-1])
    states.append(world.settle("alice", world.request(THIRD, 3), states[-1]))
    return world, states


def test_positions_count_up_and_what_was_forgotten_stays(chain: tuple[World, list[Path]]) -> None:
    world, states = chain
    opened = [State.from_file(path) for path in states]
    assert [state.position for state in opened] == [0, 1, 2, 3, 4]
    masks = [np.zeros_like(FIRST), FIRST, FIRST | SECOND, FIRST | SECOND, FIRST | SECOND | THIRD]
    for state, mask in zip(opened, masks, strict=True):
        np.testing.assert_array_equal(state.cumulative(), mask)
    assert not current(world, "alice")[masks[-1]].any() and current(world, "alice")[~masks[-1]].any()
    assert world.provider.ledger.state("alice").digest == opened[-1].digest
    assert len({state.head for state in opened}) == 5


def test_the_ledger_holds_both_enrolments_with_their_proofs(chain: tuple[World, list[Path]]) -> None:
    world, states = chain
    first, second = world.provider.ledger.enrolments()
    assert first.replaced and not second.replaced
    proofs = [world.provider.load(EnrolmentProof, record.proof_digest) for record in (first, second)]
    assert [proof.state_digest for proof in proofs] == ["", State.from_file(states[2]).digest]
    assert workflow.Provider.open(world.provider.path).ledger.check() == world.provider.ledger.check()


def test_new_rows_do_not_bring_a_forgotten_weight_back(chain: tuple[World, list[Path]]) -> None:
    """The new rows were drawn everywhere; what is committed is zero on forgotten weights."""
    world, _ = chain
    secret = workflow.ClientFolder.open(world.client("alice")).secret
    held = ClientSecret.from_file(secret)
    whole = np.concatenate([held.tensor(f"gradients.{chunk:05}") for chunk in range(2)], axis=1)
    assert not whole[:, FIRST | SECOND].any() and whole[:, THIRD].any()


def test_an_auditor_checks_both_enrolments_from_files(chain: tuple[World, list[Path]]) -> None:
    world, states = chain
    for record, state in zip(world.provider.ledger.enrolments(), (None, states[2]), strict=True):
        files = {"enrolment": world.provider.artefact(record.digest), "proof": world.provider.artefact(record.proof_digest)}
        given = files | {"base": world.base.path, "provider_key": world.key.public, "allow_insecure": True}
        assert workflow.check_enrolment(world.tool, state=state, **given).accepted
        with pytest.raises(RefusedError, match="current state|replaces an enrolment|insecure"):
            workflow.check_enrolment(world.tool, state=states[1] if state else states[0], **given)


def test_openings_are_counted_over_the_life_of_each_commitment(chain: tuple[World, list[Path]]) -> None:
    """Toy: 15 openings, two a proof. The new rows: enrolment and one answer; Com(θ̂u) of touched chunks: one answer."""
    world, _ = chain
    left = workflow.openings_left(world.client("alice"))
    assert {budget.limit for budget in left.values()} == {15}
    assert left[0].rows == 15 - 4 and left[0].weights == 15 - 2 - 2  # touched by the third request
    assert left[1].rows == 15 - 2 and left[1].weights == 15 - 2 - 2  # its commitment is the one of the re-enrolment
    counts = openings.load(workflow.ClientFolder.open(world.client("alice")).openings).counts
    first = world.provider.load(Enrolment, world.provider.ledger.enrolments()[0].digest)
    assert counts[openings.key_of(first.tensor("c_gradients")[0])] == 6, "enrolment and two answers"
    assert counts[openings.key_of(first.tensor("c_theta")[0])] == 4, "enrolment and the first answer"
    second = State.from_file(chain[1][2])
    assert counts[openings.key_of(second.tensor("c_theta")[0])] == 4, "the second answer and the tie"


def test_admitting_and_adopting_again_changes_nothing(chain: tuple[World, list[Path]]) -> None:
    world, states = chain
    record, events = world.provider.ledger.enrolment("alice"), world.provider.ledger.check()
    again = world.admit(world.provider.artefact(record.digest), world.provider.artefact(record.proof_digest))
    assert again.digest == record.digest and world.provider.ledger.check() == events
    first = world.provider.ledger.enrolments()[0]
    with pytest.raises(RefusedError, match="replaced|current state"):
        world.admit(world.provider.artefact(first.digest), world.provider.artefact(first.proof_digest))
    assert world.provider.ledger.check() == events


def test_adopting_again_does_not_pass_over_a_count_that_is_cut(chain: tuple[World, list[Path]], tmp_path: Path) -> None:
    world, states = chain
    folder = tmp_path / "copy"
    shutil.copytree(world.client("alice"), folder)
    assert workflow.adopt(folder=folder, state=states[3]) == folder / "secret.safetensors"
    count = workflow.ClientFolder.open(folder).openings
    count.write_bytes(count.read_bytes()[: count.stat().st_size // 2])
    with pytest.raises(InputError, match="openings|JSON") as refused:
        workflow.adopt(folder=folder, state=states[3])
    assert refused.value.file == str(count)


def test_an_old_state_cannot_be_answered_or_renewed(chain: tuple[World, list[Path]], tmp_path: Path) -> None:
    world, states = chain
    folder = tmp_path / "copy"
    shutil.copytree(world.client("alice"), folder)
    for state, words in ((states[3], "other commitments than the client's present ones"), (states[2], "another enrolment")):
        with pytest.raises((InputError, RefusedError), match=words):
            workflow.renew(world.tool, folder=folder, state=state, rows=gradients(8, 9))

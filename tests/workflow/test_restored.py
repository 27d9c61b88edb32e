"""What a disk has damaged in the provider's folder is restored by the same command again; two at once are one acceptance."""

from __future__ import annotations

from pathlib import Path

import pytest
from chain_world import World, every, open_world

from zkapex_jax import workflow
from zkapex_jax.errors import InputError
from zkapex_jax.protocol import Enrolment
from zkapex_jax.protocol.chain import first_state
from zkapex_jax.workflow.verifying import Case, conclude, open_case, verify


class Answered:
    """A client that is admitted, and its bundle that waits for a verdict."""

    def __init__(self, world: World) -> None:
        self.world, self.made = world, world.enrol()
        self.state = self.admit().state
        _, self.proof = world.answer("alice", world.request(every(25, 0), 1), self.state)

    def admit(self) -> workflow.AdmitResult:
        return self.world.admit(self.made.enrolment, self.made.proof)

    def verify(self) -> workflow.VerifyResult:
        return verify(self.world.tool, self.world.provider, self.proof.bundle, allow_insecure=True)


@pytest.fixture
def answered(tmp_path: Path, cache: Path) -> Answered:
    return Answered(open_world(tmp_path, cache))


def damage(path: Path) -> bytes:
    before = path.read_bytes()
    path.write_bytes(before[: len(before) // 2])
    return before


def test_admitting_again_restores_enrolment_proof_and_state(answered: Answered) -> None:
    provider = answered.world.provider
    paths = [provider.artefact(answered.made.digest), provider.artefact(answered.made.proof_digest), answered.state]
    before = [damage(path) for path in paths]
    paths[1].unlink()
    assert answered.admit().state == answered.state
    assert [path.read_bytes() for path in paths] == before


def test_verifying_again_restores_bundle_and_state(answered: Answered) -> None:
    first = answered.verify()
    paths = [answered.world.provider.artefact(first.bundle_digest), first.state]
    before = [damage(path) for path in paths]
    again = answered.verify()
    assert again.already_recorded and again.state == first.state and [path.read_bytes() for path in paths] == before


def test_a_damaged_copy_of_a_bundle_does_not_stand_in_its_way(answered: Answered) -> None:
    """It was copied in and never judged: the command was killed, or the disk lost a part."""
    kept = answered.world.provider.artefact(answered.proof.digest)
    kept.write_bytes(b"")
    assert answered.verify().accepted and kept.read_bytes() == answered.proof.bundle.read_bytes()


def test_a_damaged_cache_of_points_is_made_again(answered: Answered) -> None:
    for path in (answered.world.provider.path / "points").iterdir():
        data = path.read_bytes()
        path.write_bytes(data[:-1000] + bytes(1000))
    assert answered.verify().accepted


def test_a_state_that_cannot_be_made_again_is_named(answered: Answered) -> None:
    """What was made is another state: the damaged file stays what is complained about."""
    first = answered.verify()
    damage(first.state)
    with pytest.raises(InputError) as caught:
        answered.world.provider.state(first.state.stem, lambda path: first_state(Enrolment.from_file(answered.made.enrolment), path))
    assert caught.value.file == str(first.state)


def test_two_processes_that_judged_one_bundle_at_once(answered: Answered) -> None:
    world = answered.world
    cases = [open_case(world.tool, world.provider, answered.proof.bundle, allow_insecure=True) for _ in range(2)]
    assert all(isinstance(case, Case) for case in cases)
    verdict = answered.verify()
    before = world.provider.ledger.check()
    late = conclude(world.provider, cases[0], verdict)
    assert late.accepted and late.already_recorded and late.state == verdict.state and world.provider.ledger.check() == before

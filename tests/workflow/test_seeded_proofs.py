"""Proofs from a given seed hide nothing, and what is sent could not say so: nothing to send is made of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from chain_world import World, every

from zkapex_jax import workflow
from zkapex_jax.errors import InputError
from zkapex_jax.protocol import Enrolment
from zkapex_jax.workflow.enrolment.proving import EnrolmentSession, _files


@pytest.fixture(scope="module")
def answered(world: World) -> tuple[workflow.EnrolResult, workflow.UnlearnResult, Path, Path]:
    """Alice enrolled and answered a request."""
    enrolled = world.enrol("alice")
    state, request = world.admit(enrolled.enrolment, enrolled.proof).state, world.request(every(20, 0), 1)
    made, _ = world.answer("alice", request, state)
    return enrolled, made, request, state


@pytest.mark.parametrize("manifest", [True, False], ids=["manifest", "no manifest"])
def test_no_enrolment_proof_is_made_of_seeded_proofs(world: World, answered: tuple, manifest: bool) -> None:
    enrolled, folder = answered[0], world.client("alice")
    proofs = folder / f"enrolment-chunks-{Enrolment.from_file(enrolled.enrolment).digest[:16]}"
    shutil.rmtree(proofs)
    session = EnrolmentSession.open(world.tool, folder, None, None)
    world.tool.prover.prove_enrolment(
        world.tool.enrol_tables, world.tool.srs, _files(world.tool, session, None), secret=session.secret.path, out=proofs,
        insecure_blinding_seed=bytes(32),
    )  # fmt: skip
    if not manifest:
        (proofs / "manifest.json").unlink()
    before = enrolled.proof.read_bytes()
    with pytest.raises(InputError, match="hides nothing") as refusal:
        workflow.prove_enrolment(world.tool, folder=folder, check=False, force=True)
    assert (refusal.value.code, Path(refusal.value.file).name) == ("insecure_blinding", "chunk-00000.done")
    assert enrolled.proof.read_bytes() == before


def test_no_bundle_is_made_of_seeded_proofs(world: World, answered: tuple) -> None:
    """The record's word is enough, whatever the manifest says."""
    _, made, request, state = answered
    record = next(world.client("alice").rglob("chunks-*/chunk-00001.seed"))
    record.chmod(0o600)
    record.write_text(json.dumps(json.loads(record.read_text()) | {"insecure_blinding": True}))
    with pytest.raises(InputError, match="hides nothing") as refusal:
        workflow.prove(world.tool, folder=world.client("alice"), request=request, state=state, update=made.update, force=True)
    assert refusal.value.code == "insecure_blinding"

"""An enrolment that was killed is taken up again; what somebody may have seen proofs of is never overwritten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from chain_world import LAYOUT, World, gradients, personal

from zkapex_jax import workflow
from zkapex_jax.errors import StorageError
from zkapex_jax.protocol import ClientSecret, Enrolment
from zkapex_jax.workflow import openings


def given(world: World, seed: int) -> dict[str, Any]:
    rows = gradients(world.tool.preset.client_rows, seed)
    return {"theta": personal(world.theta0, seed), "rows": rows, "layout": LAYOUT, "base": world.base.path}


@pytest.fixture
def begun(world: World, tmp_path: Path) -> Path:
    """A client's folder that holds commitments and no proof: the command was killed before it began to prove."""
    workflow.commit_enrolment(world.tool, folder=tmp_path / "eve", client_id="eve", **given(world, 3))
    return tmp_path / "eve"


def enrol(world: World, folder: Path, seed: int = 3, name: str = "eve") -> workflow.EnrolResult:
    return workflow.enrol(world.tool, folder=folder, client_id=name, check=False, **given(world, seed))


def test_the_same_commitments_are_proven(world: World, begun: Path) -> None:
    secret = (begun / "secret.safetensors").read_bytes()
    digest = Enrolment.from_file(begun / "enrolment.safetensors").digest
    assert enrol(world, begun).digest == digest and (begun / "secret.safetensors").read_bytes() == secret
    assert set(openings.load(begun / "openings.json").counts.values()) == {openings.OPENINGS_A_PROOF}


def test_openings_that_were_not_counted_yet_are_counted_now(world: World, begun: Path) -> None:
    (begun / "openings.json").unlink()
    (begun / "base.safetensors").unlink()
    enrol(world, begun)
    assert openings.load(begun / "openings.json").current["weights"]


@pytest.mark.parametrize(("seed", "name"), [(4, "eve"), (3, "eva")])
def test_others_take_their_place_where_nothing_was_proven(world: World, begun: Path, seed: int, name: str) -> None:
    digest = Enrolment.from_file(begun / "enrolment.safetensors").digest
    made = enrol(world, begun, seed, name)
    assert made.digest != digest and Enrolment.from_file(made.enrolment).client_id == name
    assert ClientSecret.from_file(made.secret).enrolment_digest == made.digest


@pytest.mark.parametrize("name", ["secret.safetensors", "enrolment.safetensors"])
def test_half_of_one_is_replaced(world: World, begun: Path, name: str) -> None:
    for damage in (lambda path: path.write_bytes(path.read_bytes()[:100]), Path.unlink):
        damage(begun / name)
        made = workflow.commit_enrolment(world.tool, folder=begun, client_id="eve", **given(world, 3))
        assert ClientSecret.from_file(made.secret).enrolment_digest == Enrolment.from_file(made.enrolment).digest


def remove_proof(folder: Path) -> None:
    (folder / "enrolment-proof.safetensors").unlink()


def remove_proof_and_chunks(folder: Path) -> None:
    remove_proof(folder)
    for path in [*folder.glob("enrolment-chunks-*/*"), *folder.glob("enrolment-chunks-*")]:
        path.rmdir() if path.is_dir() else path.unlink()


def damage_openings(folder: Path) -> None:
    remove_proof_and_chunks(folder)
    (folder / "openings.json").write_text("{}")


def damage_enrolment(folder: Path) -> None:
    remove_proof_and_chunks(folder)
    (folder / "enrolment.safetensors").write_bytes(b"")


@pytest.mark.parametrize("change", [remove_proof, remove_proof_and_chunks, damage_openings, damage_enrolment])
def test_a_secret_that_may_be_needed_is_not_touched(world: World, begun: Path, change) -> None:
    enrol(world, begun)
    change(begun)
    before = (begun / "secret.safetensors").read_bytes()
    with pytest.raises(StorageError, match="holds another enrolment already") as caught:
        enrol(world, begun, seed=4)
    assert caught.value.code == "exists" and (begun / "secret.safetensors").read_bytes() == before


def test_a_finished_one_is_not_made_again(world: World, begun: Path) -> None:
    enrol(world, begun)
    with pytest.raises(StorageError, match="already exists"):
        enrol(world, begun)


def test_a_renewal_is_taken_up_again(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = enrol(world, tmp_path / "ann", name="ann")
    state = world.admit(made.enrolment, made.proof).state
    call = {"folder": tmp_path / "ann", "state": state, "rows": gradients(world.tool.preset.client_rows, 7), "check": False}
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("zkapex_jax.workflow.enrolment.renewing.prove_enrolment", interrupt)
        workflow.renew(world.tool, **call)
    digest = Enrolment.from_file(tmp_path / "ann" / "renewal" / "enrolment.safetensors").digest
    renewed = workflow.renew(world.tool, **call)
    assert renewed.digest == digest and world.admit(renewed.enrolment, renewed.proof).renewed


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt

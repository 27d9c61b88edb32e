"""Bundles of many clients, judged by workers and here: the same verdicts, each on record."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from chain_world import World, every
from cluster_world import Brake, Watched

from zkapex_jax import workflow
from zkapex_jax.protocol import Bundle, chunk_name
from zkapex_jax.workflow.cluster.cluster import Cluster
from zkapex_jax.workflow.cluster.verifying import BundleOutcome, verify_bundles

pytestmark = pytest.mark.slow
NAMES = ("alice", "bob", "carol")


@pytest.fixture
def bundles(world: World, tmp_path: Path) -> list[Path]:
    """Three honest bundles; then bob's again, one of dave's that lies, and a file that is none."""
    states = {}
    for seed, name in enumerate((*NAMES, "dave")):
        enrolled = world.enrol(name, seed=seed + 1)
        states[name] = world.admit(enrolled.enrolment, enrolled.proof).state
    request = world.request(every(25, 0), 1)
    made = {name: world.answer(name, request, state)[1].bundle for name, state in states.items()}
    again = tmp_path / "bob-again.safetensors"
    chunks = next((world.client("bob") / "requests").glob("*/chunks-*"))
    shutil.rmtree(chunks)
    update = next((world.client("bob") / "requests").glob("*/update.safetensors"))
    workflow.prove(world.tool, folder=world.client("bob"), request=request, state=states["bob"], update=update, out=again)
    lie = _swap(Bundle.from_file(made["dave"]), tmp_path / "lie.safetensors")
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(made["alice"].read_bytes()[:-7])
    return [*(made[name] for name in NAMES), again, lie, broken]


def _swap(bundle: Bundle, path: Path) -> Path:
    """The proofs of two chunks change places."""
    first, second = (bundle.container.tensor(chunk_name("proof", chunk)) for chunk in bundle.chunks)
    names = [chunk_name("proof", chunk) for chunk in bundle.chunks]
    fields = {name: getattr(bundle, name) for name in type(bundle).model_fields}
    return Bundle.parse(fields).to_file(path, {names[0]: second, names[1]: first}).path


def judged(world: World, bundles: list[Path], cluster: Cluster | None = None) -> list[BundleOutcome]:
    return verify_bundles(lambda enrolment: world.tool, world.provider, bundles, cluster=cluster, allow_insecure=True)


def short(outcomes: list[BundleOutcome]) -> list[tuple[bool, str | None, str | None]]:
    return [(o.accepted, o.error.code if o.error else None, o.result.reason if o.result else None) for o in outcomes]


def test_the_verdicts_are_those_of_a_local_run(world: World, bundles: list[Path], joined: Watched, tmp_path: Path) -> None:
    shutil.copytree(world.provider.path, tmp_path / "local")
    local = replace(world, provider=workflow.Provider.open(tmp_path / "local"))
    far, near = judged(world, bundles, joined.cluster), judged(local, bundles)
    assert short(far) == short(near)
    assert [outcome.accepted for outcome in far] == [True, True, True, False, False, False]
    assert far[3].error is not None and far[4].result is not None and far[5].error is not None
    for ours, theirs in zip(far[:3], near[:3], strict=True):
        assert ours.result and theirs.result and ours.result.state and theirs.result.state
        assert ours.result.state.read_bytes() == theirs.result.state.read_bytes()
    on_record = [sorted((v.bundle_digest, v.accepted) for v in w.provider.ledger.verdicts()) for w in (world, local)]
    assert on_record[0] == on_record[1] and len(on_record[0]) == 4
    assert len(joined.of("done")) == 4


def test_a_killed_worker_costs_its_bundle_alone(world: World, bundles: list[Path], joined: Watched, brake: Brake) -> None:
    brake.kill_next()
    outcomes = judged(world, bundles[:3], joined.cluster)
    brake.settle()
    assert [outcome.accepted for outcome in outcomes] == [True, True, True]
    assert [event.pid for event in joined.of("lost")] == brake.killed[-1:]
    started = [event.job for event in joined.of("started")]
    assert sorted(map(started.count, set(started))) == [1, 1, 2]


def test_what_is_on_record_is_not_judged_again(world: World, bundles: list[Path], joined: Watched) -> None:
    first = judged(world, bundles[:2])
    again = judged(world, bundles[:3], joined.cluster)
    assert [outcome.result.already_recorded for outcome in again if outcome.result] == [True, True, False]
    assert len(joined.of("started")) == 1
    assert all(outcome.accepted for outcome in (*first, *again))

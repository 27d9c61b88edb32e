"""Chunks of one model proven by several worker processes, some of them killed: the same result as a local run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from chain_world import World, every
from cluster_world import Brake, Watched

from zkapex_jax import workflow
from zkapex_jax.errors import InternalError, RefusedError
from zkapex_jax.protocol import Bundle
from zkapex_jax.prover import Progress
from zkapex_jax.workflow import openings
from zkapex_jax.workflow.cluster import cluster as cluster_module
from zkapex_jax.workflow.cluster import round as cluster_round
from zkapex_jax.workflow.cluster.store import SentFile

pytestmark = pytest.mark.slow


class Client:
    """An enrolled client with an update that waits to be proven."""

    def __init__(self, world: World) -> None:
        enrolled = world.enrol()
        self.world, self.folder = world, world.client("alice")
        self.state = world.admit(enrolled.enrolment, enrolled.proof).state
        self.request = world.request(every(25, 0), 1)
        given = {"folder": self.folder, "request": self.request, "state": self.state}
        self.update = workflow.unlearn(world.tool, provider_key=world.key.public, check=False, **given).update

    def prove(self, folder: Path | None = None, **options: object) -> workflow.ProveResult:
        update = self.update if folder is None else folder / self.update.relative_to(self.folder)
        given = {"folder": folder or self.folder, "request": self.request, "state": self.state, "update": update}
        return workflow.prove(self.world.tool, **given, **options)

    def spent(self) -> list[int]:
        """Openings of the present commitments to the weights, by chunk, since the enrolment's own two."""
        held = openings.load(self.folder / "openings.json")
        return [held.counts[key] - openings.OPENINGS_A_PROOF for key in held.current[openings.WEIGHTS]]

    def chunk_files(self, folder: Path | None = None) -> Path:
        return next((folder or self.folder).glob("requests/*/chunks-*"))

    def accepted(self, bundle: Path) -> bool:
        return workflow.verify(self.world.tool, self.world.provider, bundle, allow_insecure=True).accepted


@pytest.fixture
def client(world: World) -> Client:
    return Client(world)


def test_the_result_is_that_of_a_local_run(client: Client, joined: Watched, tmp_path: Path) -> None:
    shutil.copytree(client.folder, tmp_path / "local")
    steps: list[Progress] = []
    far = client.prove(cluster=joined.cluster, on_progress=steps.append)
    near = client.prove(tmp_path / "local")
    given, wanted = (Bundle.from_file(result.bundle) for result in (far, near))
    names = set(type(given).model_fields)
    assert {name: getattr(given, name) for name in names} == {name: getattr(wanted, name) for name in names}
    assert given.container.specs == wanted.container.specs
    folders = [client.chunk_files(), client.chunk_files(tmp_path / "local")]
    assert [sorted(path.name for path in folder.iterdir()) for folder in folders][0] == sorted(
        p.name for p in folders[1].iterdir()
    )
    manifests = [json.loads((folder / "manifest.json").read_text()) for folder in folders]
    assert manifests[0] == manifests[1]
    assert [chunk.chunk for chunk in far.chunks] == [chunk.chunk for chunk in near.chunks]
    assert not any(chunk.resumed for chunk in far.chunks) and far.us_per_weight > 0
    proving = [step for step in steps if step.stage == "prove"]
    assert (proving[0].done, proving[-1].done, proving[-1].weights_done) == (0, 2, near.weights)
    assert sorted(event.job for event in joined.of("done")) == ["chunk 0", "chunk 1"]
    assert client.spent() == [2, 2]
    assert client.accepted(far.bundle)
    seeds = [path.stat().st_mode & 0o777 for path in client.chunk_files().glob("*.seed")]
    assert seeds == [0o600, 0o600]
    advanced = {"request": client.request, "update": client.update, "bundle": far.bundle}
    state = workflow.verify(client.world.tool, client.world.provider, far.bundle, allow_insecure=True).state
    workflow.advance(folder=client.folder, state=state, **advanced)


def test_a_killed_worker_costs_its_chunk_alone(client: Client, joined: Watched, brake: Brake) -> None:
    brake.kill_next()
    result = client.prove(cluster=joined.cluster)
    brake.settle()
    lost = joined.of("lost")
    assert [event.pid for event in lost] == brake.killed[-1:]
    assert len({event.pid for event in joined.of("hired")}) >= 2
    started = [event.job for event in joined.of("started")]
    other = next(job for job in ("chunk 0", "chunk 1") if job != lost[0].job)
    assert (started.count(lost[0].job), started.count(other)) == (2, 1)
    spent = client.spent()
    assert spent[int(lost[0].job.split()[1])] == 4 and spent[int(other.split()[1])] == 2, (
        "a proof that is begun again counts again"
    )
    assert client.accepted(result.bundle)


def test_a_chunk_that_is_lost_again_and_again_ends_the_run_and_a_local_one_resumes(
    client: Client, joined: Watched, brake: Brake
) -> None:
    brake.kill_next(2 * cluster_round.ATTEMPTS - 1)
    with pytest.raises(InternalError) as caught:
        client.prove(cluster=joined.cluster)
    assert caught.value.code == "worker_lost"
    for left in brake.control.glob("stall-*"):
        left.rmdir()
    result = client.prove()
    assert client.accepted(result.bundle)


def test_only_what_is_missing_is_handed_out(client: Client, joined: Watched) -> None:
    client.prove()
    proof = next(client.chunk_files().glob("chunk-00001.proof"))
    kept = (client.chunk_files() / "chunk-00000.proof").read_bytes()
    proof.write_bytes(proof.read_bytes()[:-1])
    result = client.prove(cluster=joined.cluster, force=True)
    assert [event.job for event in joined.of("started")] == ["chunk 1"]
    assert [chunk.resumed for chunk in result.chunks] == [True, False]
    assert (client.chunk_files() / "chunk-00000.proof").read_bytes() == kept
    assert client.accepted(result.bundle)


def test_a_machine_without_the_files_is_sent_them(client: Client, joined: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_round, "_wire", lambda file: {**vars(file), "path": "/nowhere/" + file.digest})
    result = client.prove(cluster=joined.cluster)
    assert client.accepted(result.bundle)


def test_files_that_change_meanwhile_are_not_sent(client: Client, joined: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_round, "_wire", lambda file: {**vars(file), "path": "/nowhere/" + file.digest})
    monkeypatch.setattr(SentFile, "of", classmethod(lambda cls, path: cls(str(path), path.stat().st_size, "0" * 64)))
    with pytest.raises(Exception, match="changed while it was in use"):
        client.prove(cluster=joined.cluster)
    assert not joined.of("started")


@pytest.mark.parametrize("name", ["program", "prover", "tables toy"])
def test_a_worker_with_another_digest_is_refused_before_it_is_sent_anything(
    client: Client, joined: Watched, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    honest = cluster_module.identity
    monkeypatch.setattr(cluster_module, "identity", lambda *given: {**honest(*given), name: "0" * 64})
    with pytest.raises(RefusedError) as caught:
        client.prove(cluster=joined.cluster)
    assert (caught.value.code, caught.value.field) == ("other_worker", name)
    assert {event.kind for event in joined.events} == {"refused"}

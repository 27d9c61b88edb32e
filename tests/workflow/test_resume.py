"""The prover is killed at any moment, or its files are damaged: the next run proves only what is missing, for the same statement."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from chain_world import World, every, open_world

from zkapex_jax import workflow
from zkapex_jax.errors import InputError, InternalError, StorageError
from zkapex_jax.protocol import Bundle, chunk_name
from zkapex_jax.workflow import openings

PATIENCE = 60.0


class Client:
    """A client with an update that waits to be proven, and what the provider needs to judge its bundle."""

    def __init__(self, world: World) -> None:
        enrolled = world.enrol()
        self.world, self.folder = world, world.client("alice")
        self.state = world.admit(enrolled.enrolment, enrolled.proof).state
        self.request = world.request(every(25, 0), 1)
        given = {"folder": self.folder, "request": self.request, "state": self.state}
        self.update = workflow.unlearn(world.tool, provider_key=world.key.public, check=False, **given).update


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Client:
    return Client(open_world(tmp_path_factory.mktemp("resume"), cache))


class Place:
    """A copy of the client's folder to break things in."""

    def __init__(self, client: Client, folder: Path) -> None:
        shutil.copytree(client.folder, folder)
        self.client, self.folder = client, folder
        self.update = folder / client.update.relative_to(client.folder)

    @property
    def chunks(self) -> Path:
        return next(self.folder.glob("requests/*/chunks-*"))

    def arguments(self) -> dict[str, Path]:
        return {"folder": self.folder, "request": self.client.request, "state": self.client.state, "update": self.update}

    def prove(self, **options: object) -> workflow.ProveResult:
        return workflow.prove(self.client.world.tool, **self.arguments(), **options)

    def whole(self) -> dict[int, bytes]:
        """Proofs that a record names."""
        found = {}
        for path in self.folder.glob("requests/*/chunks-*/chunk-*.proof"):
            if workflow.proving.is_proven(path.parent, int(path.stem.split("-")[1])):
                found[int(path.stem.split("-")[1])] = path.read_bytes()
        return found

    def require_good(self, result: workflow.ProveResult, kept: dict[int, bytes]) -> None:
        """The bundle holds the proofs that were there, the others were made now, and a verifier accepts all of it."""
        assert {chunk.chunk for chunk in result.chunks if chunk.resumed} == set(kept)
        bundle = Bundle.from_file(result.bundle)
        assert {chunk: bundle.container.tensor(chunk_name("proof", chunk)).tobytes() for chunk in kept} == kept
        assert set(self.whole()) == {0, 1}
        world, client = self.client.world, self.client
        verdict = workflow.check_bundle(
            world.tool, enrolment=client.folder / "enrolment.safetensors", request=client.request, state=client.state,
            bundle=result.bundle, provider_key=world.key.public, allow_insecure=True,
        )  # fmt: skip
        assert verdict.accepted, verdict.reason

    def spent(self) -> list[int]:
        held = openings.load(self.folder / "openings.json")
        return [held.counts[key] - openings.OPENINGS_A_PROOF for key in held.current[openings.WEIGHTS]]


@pytest.fixture
def place(ready: Client, tmp_path: Path) -> Place:
    return Place(ready, tmp_path / "client")


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "zkapex-prover" in _name(child)]


def _name(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline()[:1])
    return ""


@contextlib.contextmanager
def killing_after(seconds: float) -> Iterator[None]:
    """SIGKILL to the Rust prover of this process, so long after it was started."""
    stop = threading.Event()

    def kill() -> None:
        while not stop.is_set() and not children():
            time.sleep(0.0005)
        if not stop.wait(seconds):
            for child in children():
                child.kill()

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.slow
@pytest.mark.parametrize("step", range(10))
def test_the_prover_killed_at_any_moment(place: Place, ready: Client, tmp_path: Path, step: int) -> None:
    """Moments from its start to beyond its end, by the time that a whole run takes here."""
    measured = Place(ready, tmp_path / "measured")
    measured.prove()  # makes the caches of points
    shutil.rmtree(measured.chunks)
    started = time.monotonic()
    measured.prove(force=True)
    shutil.copytree(measured.folder / "points", place.folder / "points", dirs_exist_ok=True)
    with killing_after((time.monotonic() - started) * step / 8):
        with contextlib.suppress(InternalError):
            place.prove()
    for finished in place.folder.glob("requests/*/bundle.safetensors"):
        finished.unlink()
    kept = place.whole()
    place.require_good(place.prove(), kept)
    assert not list(place.chunks.glob(".tmp*"))
    assert all(2 <= count <= 4 for count in place.spent())


PROGRAM = """
import sys
from pathlib import Path
from zkapex_jax import workflow
cache, *paths = map(Path, sys.argv[1:])
names = ("folder", "request", "state", "update")
workflow.prove(workflow.open_toolchain("toy", folder=cache, threads=1), **dict(zip(names, paths)))
"""


_SIGNS = [pytest.param(sign, marks=pytest.mark.slow) for sign in ("manifest.json", "chunk-*.seed", "chunk-00001.seed")]


@pytest.mark.parametrize("sign", ["chunk-00000.proof", *_SIGNS])
def test_the_whole_command_killed(place: Place, cache: Path, sign: str) -> None:
    """SIGKILL to the command as soon as a file appears. Its prover ends too, and the lock on the folder with it."""
    paths = [str(cache), *(str(path) for path in place.arguments().values())]
    root = str(Path(workflow.__file__).parents[2])
    command = subprocess.Popen([sys.executable, "-c", PROGRAM, *paths], env={**os.environ, "PYTHONPATH": root})
    end = time.monotonic() + PATIENCE
    while not list(place.folder.glob(f"requests/*/chunks-*/{sign}")) and command.poll() is None and time.monotonic() < end:
        time.sleep(0.001)
    provers = [child for child in psutil.Process(command.pid).children()] if command.poll() is None else []
    command.send_signal(signal.SIGKILL)
    command.wait()
    _, alive = psutil.wait_procs(provers, PATIENCE)
    assert not alive, "the prover outlived the command"
    for finished in place.folder.glob("requests/*/bundle.safetensors"):
        finished.unlink()
    assert list(place.folder.glob(f"requests/*/chunks-*/{sign}")), "the command ended before it was killed"
    kept = place.whole()
    place.require_good(place.prove(), kept)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def change_seed(path: Path) -> None:
    fields = json.loads(path.read_text())
    fields["seed"] = fields["seed"][::-1]
    path.write_text(json.dumps(fields))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def remove(path: Path) -> None:
    path.unlink()


def take_the_others(path: Path) -> None:
    shutil.copy(path.with_name(path.name.replace("00001", "00000")), path)


_DAMAGES = [
    (f"chunk-00001.{kind}", damage) for kind in ("proof", "seed") for damage in (cut, empty, flip, remove, take_the_others)
]


@pytest.mark.parametrize(("name", "damage"), [*_DAMAGES, ("chunk-00001.seed", change_seed)])
def test_damaged_files_of_a_chunk_are_found_and_made_again(place: Place, name: str, damage: Callable[[Path], None]) -> None:
    first = place.prove()
    before = place.whole()
    damage(place.chunks / name)
    assert set(place.whole()) == {0}
    (place.chunks / ".tmpAbCdEf").write_text("half a record")
    result = place.prove(force=True)
    place.require_good(result, {0: before[0]})
    assert place.spent() == [2, 4]
    assert not list(place.chunks.glob(".tmp*"))
    assert result.digest != first.digest
    assert Bundle.from_file(result.bundle).chunks == (0, 1)


def test_nothing_missing_spends_nothing_and_gives_the_same_bundle(place: Place) -> None:
    first = place.prove()
    again = place.prove(force=True)
    assert (again.digest, place.spent(), again.us_per_weight) == (first.digest, [2, 2], 0.0)


def test_two_provers_in_one_folder_are_kept_apart(place: Place) -> None:
    place.prove()
    remove(place.chunks / "chunk-00001.proof")
    handle = os.open(place.chunks, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        with pytest.raises(StorageError, match="another prover is at work"):
            place.prove(force=True)
    finally:
        os.close(handle)
    assert set(place.whole()) == {0}
    kept = place.whole()
    place.require_good(place.prove(force=True), kept)


def test_proofs_of_another_statement_are_not_taken_over(place: Place) -> None:
    place.prove()
    manifest = place.chunks / "manifest.json"
    fields = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**fields, "request": "0" * 64}))
    with pytest.raises(InputError, match="another statement"):
        place.prove(force=True)

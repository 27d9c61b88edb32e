"""Secrets are the owner's alone, whatever the umask, and from the first byte: no file is tightened after it was written.

Modes at creation are read from the system calls (strace), where that is installed and allowed.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from secrets_world import Answers

from chain_world import World, every, open_world
from zkapex_jax.formats import atomic
from zkapex_jax.formats.scratch import scratch_array
from zkapex_jax.models import new_model, save_checkpoint
from zkapex_jax.prover.columns import write_columns
from zkapex_jax.protocol import generate_key

UMASKS = (0o000, 0o022, 0o077, 0o027)
#: What lies in a client's folder and may be read by others, who cannot enter the folder all the same.
PUBLIC = re.compile(r"(enrolment|enrolment-proof|base|bundle)\.safetensors|manifest\.json|chunk-\d+\.(proof|done)|[0-9a-f]{64}\.safetensors|counted.*")


@contextmanager
def umask(value: int) -> Iterator[None]:
    before = os.umask(value)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def loose(folder: Path) -> list[str]:
    """Files that others may read although they are secret, or write; folders of secrets that others may enter."""
    found = []
    for path in (folder, *folder.rglob("*")):
        limit = 0o755 if path.is_dir() else 0o644
        secret = not PUBLIC.fullmatch(path.name) if path.is_file() else path.name != "points"
        if mode(path) & ~(limit & 0o700 if secret else limit):
            found.append(f"{path.relative_to(folder.parent)} {mode(path):o}")
    return found


def chain(folder: Path, mask: int) -> World:
    """Enrolment, answer, acceptance and re-enrolment under a umask."""
    with umask(mask):
        world = open_world(folder, folder / "cache")
        enrolled = world.enrol("alice")
        state, request = world.admit(enrolled.enrolment, enrolled.proof).state, world.request(every(20, 0), 1)
        world.renew("alice", world.settle("alice", request, state), seed=3)
    return world


@pytest.mark.parametrize("mask", [one if one == 0 else pytest.param(one, marks=pytest.mark.slow) for one in UMASKS], ids=oct)
def test_a_clients_folder_is_its_own(tmp_path: Path, mask: int) -> None:
    world = chain(tmp_path, mask)
    client = world.client("alice")
    assert loose(client) == []
    secret = {path.relative_to(client).as_posix() for path in client.rglob("*") if path.is_file() and mode(path) == 0o600}
    named = " ".join(sorted(secret))
    for one in ("secret.safetensors", "renewal/secret.safetensors", "openings.json", "update.safetensors", "chunk-00000.seed"):
        assert one in named
    assert mode(client) == 0o700 and mode(client / "requests") & 0o022 == 0
    assert mode(tmp_path / "provider.key") == 0o600 and mode(tmp_path / "provider/ledger.sqlite") == 0o600
    assert [mode(tmp_path / "provider" / name) for name in ("artefacts", "points")] == [0o700, 0o700], "what lies there names clients"
    for kept in (tmp_path / "provider/artefacts").iterdir():
        assert mode(kept) & 0o022 == 0, "whoever may write it could change what the ledger names"


def test_the_check_of_modes_finds_loose_files(tmp_path: Path) -> None:
    folder = tmp_path / "client"
    atomic.make_directory(folder / "requests/one", mode=0o700)
    folder.chmod(0o700)
    for name, wanted in (("secret.safetensors", 0o600), ("bundle.safetensors", 0o644), ("requests/one/update.safetensors", 0o600)):
        atomic.write_bytes(folder / name, b"x", mode=wanted)
    assert loose(folder) == []
    for name, wrong in (("secret.safetensors", 0o640), ("bundle.safetensors", 0o666), ("requests/one/update.safetensors", 0o604), ("requests", 0o755)):
        before = mode(folder / name)
        (folder / name).chmod(wrong)
        assert loose(folder) == [f"client/{name} {wrong:o}"]
        (folder / name).chmod(before)


@pytest.fixture(scope="module")
def small_model() -> tuple:
    sizes = {"image_size": 8, "patch_size": 4, "num_channels": 1, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
    return new_model({"model_type": "vit", **sizes}, 0)


@pytest.mark.parametrize("mask", UMASKS, ids=oct)
def test_what_is_written_apart_from_the_chain(small_model: tuple, tmp_path: Path, mask: int) -> None:
    """A model, a signing key, columns of a relation, nameless scratch."""
    with umask(mask):
        save_checkpoint(tmp_path / "model", *small_model, private=True)
        generate_key(tmp_path / "key")
        write_columns(tmp_path / "columns", {"a": [1, 2, 3]})
        array = scratch_array((4,), np.uint8, tmp_path)
    for path in (*(tmp_path / "model").iterdir(), tmp_path / "key", tmp_path / "columns"):
        assert mode(path) == 0o600, path
    assert mode(tmp_path / "key.pub") & 0o022 == 0
    assert len(array) == 4 and {path.name for path in tmp_path.iterdir()} == {"model", "key", "key.pub", "columns"}


@pytest.mark.parametrize("mask", UMASKS, ids=oct)
def test_the_rust_program_alone(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, mask: int) -> None:
    """`zkapex-prover prove` makes its folder, and every one above it that is missing, for the owner."""
    answers = _answers(tmp_path_factory)
    answers.folder = tmp_path / "above"
    with umask(mask):
        answers.prove(answers.honest)
    (out,) = (tmp_path / "above").iterdir()
    assert (mode(tmp_path / "above"), mode(out)) == (0o700, 0o700)
    kinds = {path.suffix: mode(path) for path in out.iterdir()}
    assert kinds == {".seed": 0o600, ".proof": 0o644, ".json": 0o644}


_KEPT: list[Answers] = []


def _answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    if not _KEPT:
        folder = tmp_path_factory.mktemp("world")
        _KEPT.append(Answers.of(open_world(folder, folder / "cache")))
    return replace(_KEPT[0])


def test_bytes_are_never_written_before_the_mode_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In Python: a temporary file has its mode while it is empty, and a secret one never has another."""
    seen = []

    def watched(handle: int, wanted: int) -> None:
        status = os.fstat(handle)
        seen.append((stat.S_IMODE(status.st_mode), wanted, status.st_size))
        change(handle, wanted)

    change = os.fchmod
    monkeypatch.setattr(os, "fchmod", watched)
    monkeypatch.setattr(os, "chmod", lambda *_: pytest.fail("a path was changed after it was written"))
    with umask(0):
        atomic.write_bytes(tmp_path / "secret", b"x" * 9, mode=atomic.SECRET_MODE)
        atomic.write_bytes(tmp_path / "public", b"x" * 9)
    assert {(made & 0o077, size) for made, _, size in seen} <= {(0, 0)}
    assert [wanted for _, wanted, _ in seen if wanted != 0o644] in ([0o600], [])


TRACED = "openat,open,creat,mkdir,mkdirat,chmod,fchmod,fchmodat"
CHAIN = """
import sys
sys.path[:0] = sys.argv[2:]
from pathlib import Path
from test_modes import chain
chain(Path(sys.argv[1]), 0)
"""
_MADE = re.compile(r'open(?:at)?\((?:AT_FDCWD(?:<[^>]*>)?, )?"([^"]+)", [^)]*O_CREAT[^)]*, (0\d+)\) = (\d+)')
_CHANGED = re.compile(r'f?chmod(?:at)?\((?:\d+<([^>]+)>|(?:AT_FDCWD(?:<[^>]*>)?, )?"([^"]+)"), (0\d+)')
_FOLDER = re.compile(r'mkdir(?:at)?\((?:AT_FDCWD(?:<[^>]*>)?, )?"([^"]+)", (0\d+)\) = 0')


@pytest.mark.slow
def test_modes_at_creation(tmp_path: Path) -> None:
    """Umask 0, so that every mode is the one that was asked for: the system calls of the whole chain, the Rust program's too."""
    log = _traced(tmp_path)
    client = str(tmp_path / "world/alice")
    made = [(path, int(bits, 8)) for path, bits, _ in _MADE.findall(log)]  # not O_TMPFILE: what has no name cannot be opened by others
    inside = [(path, bits) for path, bits in made if path.startswith(client)]
    assert len(inside) > 20 and [(path, f"{bits:o}") for path, bits in inside if bits & 0o077] == []
    opened = [(one or two, int(bits, 8)) for one, two, bits in _CHANGED.findall(log) if (one or two).startswith(client)]
    for path, bits in opened:
        name = re.sub(r"^\.(.+)\.[^.]+\.part$", r"\1", Path(path).name)
        public = PUBLIC.fullmatch(name) or name.startswith(".tmp") or "points" in Path(path).parts
        assert bits == 0o600 or (bits == 0o644 and public), f"{path} was changed to {bits:o}"
    folders = {path: int(bits, 8) for path, bits in _FOLDER.findall(log) if path.startswith(client)}
    assert folders[client] == 0o700 and [path for path, bits in folders.items() if bits & 0o022] == []


def _traced(folder: Path) -> str:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    log, rooms = folder / "log", [str(Path(__file__).parent), *sys.path]
    command = [strace, "-f", "-qq", "-y", "-s", "400", "--seccomp-bpf", "-e", f"trace={TRACED}", "-o", str(log), sys.executable, "-c", CHAIN, str(folder / "world"), *rooms]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    if "ptrace" in done.stderr and done.returncode:
        pytest.skip("this machine does not let processes be traced")
    assert done.returncode == 0, done.stderr[-2000:]
    return log.read_text()

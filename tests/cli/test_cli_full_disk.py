"""A disk that is really full: a tmpfs of one megabyte, where the machine allows one to be mounted."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_walk import Run, enrol_arguments, request_arguments

from zkapex_jax import workflow


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = (
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False)
        if shutil.which("mount")
        else None
    )
    if mounted is None or mounted.returncode != 0:
        pytest.skip("no permission to mount a small file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=False)


def fill(folder: Path, leave: int) -> None:
    """Fill the disk but for `leave` bytes."""
    free = shutil.disk_usage(folder).free
    (folder / "ballast").write_bytes(bytes(max(0, free - leave)))


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {"ballast"}


def test_enrol_asks_for_room_before_it_begins(run: Run, inputs: Path, walked: Path, cache: Path, small_disk: Path) -> None:
    fill(small_disk, 24 << 10)
    ran = run(*enrol_arguments(inputs, walked / "base", small_disk / "eve", "eve"), "--cache", cache, code=4)
    assert "disk is too small" in ran.err and str(small_disk) in ran.err
    assert files(small_disk) == set()


@pytest.mark.parametrize("leave", [0, 8 << 10, 16 << 10, 24 << 10])
def test_enrol(
    run: Run, inputs: Path, walked: Path, cache: Path, small_disk: Path, leave: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commitments are whole or not there; a proof that did not fit leaves them, and the command works again with room."""
    # Somebody else fills the disk after the question for room was answered.
    monkeypatch.setattr(workflow, "check_room", lambda *_, **__: None)
    fill(small_disk, leave)
    arguments = (*enrol_arguments(inputs, walked / "base", small_disk / "eve", "eve"), "--cache", cache)
    ran = run(*arguments, code=4)
    assert "no space left" in ran.err.lower() and str(small_disk) in ran.err
    left = {name.removeprefix("eve/") for name in files(small_disk)}
    whole = {"base.safetensors", "secret.safetensors", "enrolment.safetensors", "openings.json"}
    assert left == set() or whole <= left and not [name for name in left if name.endswith((".part", ".tmp"))]
    (small_disk / "ballast").unlink()
    run(*arguments, "--force")


@pytest.mark.parametrize("leave", [4 << 10, 12 << 10, 20 << 10])
def test_prove_keeps_what_is_proven_and_resumes(
    run: Run, walked: Path, cache: Path, small_disk: Path, leave: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lack of room is said before anything is written; where somebody else fills the disk later, proofs that fitted are kept."""
    for name in ("alice", "request", "alice.state"):
        (shutil.copytree if (walked / name).is_dir() else shutil.copy)(walked / name, small_disk / name)
    shutil.rmtree(next(small_disk.glob("alice/requests/*/chunks-*")))
    shutil.rmtree(small_disk / "alice/points")
    before = files(small_disk)
    arguments = (
        "prove",
        small_disk / "alice",
        "--request",
        small_disk / "request",
        "--state",
        small_disk / "alice.state",
        "--out",
        small_disk / "bundle",
    )
    fill(small_disk, leave)
    ran = run(*arguments, "--cache", cache, code=4)
    assert "disk is too small: proving 2 chunks" in ran.err and "proofs that are there are kept" in ran.err
    assert {name for name in files(small_disk) if "/chunks-" in name or name.endswith(".safetensors")} <= before
    monkeypatch.setattr(workflow, "check_answer_room", lambda *_, **__: None)
    ran = run(*arguments, "--cache", cache, code=4)
    assert "no space left" in ran.err.lower()
    assert not (small_disk / "bundle").exists()
    assert not [name for name in files(small_disk) - before if name.endswith((".part", ".tmp"))]
    (small_disk / "ballast").unlink()
    run(*arguments, "--cache", cache)


def test_request_asks_for_room_before_it_plans(run: Run, inputs: Path, walked: Path, cache: Path, small_disk: Path) -> None:
    shutil.copytree(walked / "provider", small_disk / "provider")
    before = files(small_disk)
    fill(small_disk, 24 << 10)
    arguments = request_arguments(inputs, small_disk / "provider", small_disk / "again")
    ran = run(*arguments, "--cache", cache, code=4)
    assert "disk is too small: a request needs" in ran.err and files(small_disk) == before


def test_ledger(run: Run, walked: Path, cache: Path, small_disk: Path) -> None:
    shutil.copytree(walked / "provider", small_disk / "provider")
    shutil.copy(walked / "alice.bundle", small_disk / "bundle")
    fill(small_disk, 9 << 10)  # room for the kept bundle, none for the ledger's journal
    arguments = ("verify", small_disk / "bundle", "--provider", small_disk / "provider", "--allow-insecure", "--cache", cache)
    ran = run(*arguments, code=4)
    assert "no space left" in ran.err.lower()
    state = ("state", "--provider", small_disk / "provider", "--client", "alice", "--json")
    (small_disk / "ballast").unlink()
    assert run(*state).document["position"] == 0
    run(*arguments)
    assert run(*state).document["position"] == 1

"""Parts of the cluster that need no Ray: files on a worker's machine, identities, answers, and how errors are told."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from zkapex_jax.cli.output import seconds_left
from zkapex_jax.errors import InputError, InternalError, RefusedError, StorageError
from zkapex_jax.prover import Progress
from zkapex_jax.workflow.cluster.cluster import Cluster
from zkapex_jax.workflow.cluster.identity import first_difference, program_digest
from zkapex_jax.workflow.cluster.jobs import error_of
from zkapex_jax.workflow.cluster.proving import _locked, store
from zkapex_jax.workflow.cluster.store import SentFile, Store, sweep
from zkapex_jax.workflow.cluster.worker import Worker


@pytest.fixture
def file(tmp_path: Path) -> SentFile:
    path = tmp_path / "secret"
    path.write_bytes(b"weights" * 1000)
    return SentFile.of(path)


def elsewhere(file: SentFile) -> SentFile:
    return SentFile("/nowhere/secret", file.size, file.digest)


def blocks(file: SentFile) -> list[bytes]:
    data = Path(file.path).read_bytes()
    return [data[:100], data[100:]]


def test_files_that_lie_there_are_used_where_they_lie(file: SentFile, tmp_path: Path) -> None:
    held = Store("run", tmp_path)
    assert held.missing([file]) == []
    assert held.path(file.digest) == Path(file.path)
    assert held.missing([elsewhere(file)]) == [], "known by digest"
    held.close()


def test_a_received_file_is_private_shared_and_removed_by_the_last_worker(file: SentFile, tmp_path: Path) -> None:
    first, second = Store("run", tmp_path), Store("run", tmp_path)
    away = elsewhere(file)
    assert first.missing([away]) == [file.digest]
    first.receive(away, blocks(file))
    path = first.path(file.digest)
    assert path.read_bytes() == Path(file.path).read_bytes()
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert second.missing([away]) == []
    first.close()
    assert second.path(file.digest).exists()
    second.close()
    assert not path.parent.exists()


def test_altered_bytes_are_not_kept(file: SentFile, tmp_path: Path) -> None:
    held = Store("run", tmp_path)
    away = elsewhere(file)
    with pytest.raises(InputError, match="arrived altered"):
        held.receive(away, [b"other"])
    assert held.missing([away]) == [file.digest]
    with pytest.raises(InternalError, match="without its files"):
        held.path(file.digest)
    held.close()


def test_a_file_that_changed_where_it_lies_is_another_one(file: SentFile, tmp_path: Path) -> None:
    Path(file.path).write_bytes(b"Weights" * 1000)
    held = Store("run", tmp_path)
    assert held.missing([file]) == [file.digest]
    held.close()


def test_what_killed_workers_left_is_swept_and_what_is_held_is_not(file: SentFile, tmp_path: Path) -> None:
    held, left = Store("held", tmp_path), Store("left", tmp_path)
    for each in (held, left):
        each.receive(elsewhere(file), blocks(file))
    os.close(left._lock)  # as when its process is killed
    sweep(tmp_path)
    assert held.path(file.digest).exists() and not left.path(file.digest).exists()
    held.close()


def test_the_first_difference_is_named() -> None:
    ours = {"program": "a", "prover": "b", "tables toy": "c"}
    assert first_difference(ours, dict(ours)) is None
    assert first_difference(ours, {**ours, "prover": "x"}) == ("prover", "has another build of the Rust prover", "x")
    name, words, _ = first_difference(ours, {**ours, "tables toy": "x"}) or ("", "", "")
    assert name == "tables toy" and "preset toy" in words
    assert first_difference(ours, {}) is not None


def test_the_program_digest_is_of_names_and_bytes(tmp_path: Path) -> None:
    def digest(name: str, files: dict[str, str]) -> str:
        (tmp_path / name / "formats").mkdir(parents=True)
        for path, text in files.items():
            (tmp_path / name / path).write_text(text)
        return program_digest(tmp_path / name)

    first = digest("a", {"errors.py": "1", "formats/x.py": "2"})
    assert digest("b", {"errors.py": "1", "formats/x.py": "2", "notes.txt": "3"}) == first
    assert (
        len({first, digest("c", {"errors.py": "1", "formats/x.py": "3"}), digest("d", {"errors.py": "1", "formats/y.py": "2"})})
        == 3
    )


def test_a_worker_takes_no_work_before_it_is_compared() -> None:
    answer = Worker("run", 1).prove({"chunk": 0, "files": {}, "unchecked": False})
    assert answer["error"]["code"] == "cluster_order"


def test_a_worker_refuses_a_command_of_another_program() -> None:
    answer = Worker("run", 1).greet({"program": "0" * 64}, ["toy"])
    assert (answer["error"]["code"], answer["error"]["field"], answer["error"]["exit_code"]) == ("other_worker", "program", 3)


@pytest.mark.parametrize(
    "error", [InputError("a", code="x", file="f", field="g", value="h", hint="i"), StorageError("b"), RefusedError("c")]
)
def test_errors_of_workers_arrive_as_themselves(error: InputError | StorageError | RefusedError) -> None:
    back = error_of({"error": error.to_dict()})
    assert type(back) is type(error) and str(back) == str(error) and back.code == error.code
    assert error_of({"value": None}) is None


def answer(**changes: Any) -> dict[str, Any]:
    proof, seed = b"proof", "ab" * 32
    digest = hashlib.sha256(proof).hexdigest()
    record = {"proof_sha256": digest, "seed": seed, "seed_sha256": hashlib.sha256(f"{digest}{seed}".encode()).hexdigest()}
    given = {"proof": proof, "record": json.dumps(record).encode(), "manifest": b'{"update":"1"}', "line": {"chunk": 3}}
    return {**given, **changes}


def test_a_proof_is_stored_with_its_record_and_manifest(tmp_path: Path) -> None:
    assert store(tmp_path, 3, answer()) == {"chunk": 3}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chunk-00003.proof", "chunk-00003.seed", "manifest.json"]
    assert (tmp_path / "chunk-00003.seed").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "changes",
    [
        {"proof": b"other"},
        {"line": {"chunk": 4}},
        {"line": {}},
        {"record": b"{}"},
        {"record": b"[]"},
        {"record": b"\xff"},
        {"manifest": b"x"},
    ],
    ids=str,
)
def test_answers_that_do_not_hold_together_are_not_stored(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(InternalError):
        store(tmp_path, 3, answer(**changes))
    assert not list(tmp_path.iterdir())


def test_a_proof_of_another_statement_is_not_stored(tmp_path: Path) -> None:
    store(tmp_path, 3, answer())
    with pytest.raises(InputError, match="another statement"):
        store(tmp_path, 3, answer(manifest=b'{"update":"2"}'))


def test_the_folder_is_locked_while_workers_fill_it(tmp_path: Path) -> None:
    with _locked(tmp_path), pytest.raises(StorageError, match="another prover is at work"), _locked(tmp_path):
        pass


@pytest.mark.parametrize("address", ["ray://host:10001", "http://host"])
def test_addresses_of_another_kind_are_refused(address: str) -> None:
    pytest.importorskip("ray")
    with pytest.raises(InputError, match="HOST:PORT"), Cluster.connect(address):
        pass


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"zkapex\[cluster\]") as caught, Cluster.connect("auto"):
        pass
    assert caught.value.code == "ray_missing"


def test_time_left_is_told_by_what_is_proven_now() -> None:
    assert seconds_left(Progress("prove", 3, 4, 300, 400), 6.0) == 2.0
    assert seconds_left(Progress("prove", 3, 4, 300, 400, resumed=2, weights_resumed=200), 6.0) == 6.0
    assert seconds_left(Progress("prove", 2, 4, 200, 400, resumed=2, weights_resumed=200), 6.0) is None
    assert seconds_left(Progress("check", 1, 4), 6.0) == 18.0

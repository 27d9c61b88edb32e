"""`zkapex version`: digests that are those of the parts, change when a part does, and say what is missing."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from zkapex_jax import __version__
from zkapex_jax.cli.main import app
from zkapex_jax.formats.reading import file_digest
from zkapex_jax.presets import PRESETS
from zkapex_jax.prover import Prover, driver
from zkapex_jax.workflow import versions
from zkapex_jax.workflow.cluster.identity import tables_digest
from zkapex_jax.workflow.versions import Part, folder_digest, installed_parts, library_versions

ROOT = Path(__file__).parents[2]
#: Published in docs/auditor.md.
CEREMONY = "561b6b77274683b4c8e6885799c3d10fb9d797563f90901227a971511b694028"


def test_in_short() -> None:
    ran = CliRunner().invoke(app, ["version"])
    assert ran.exit_code == 0 and ran.stdout == f"zkapex {__version__}\n"
    assert json.loads(CliRunner().invoke(app, ["version", "--json"]).stdout) == {"version": __version__}


@pytest.fixture(scope="module")
def parts() -> dict[str, Part]:
    ran = CliRunner().invoke(app, ["version", "--verbose", "--json"])
    assert ran.exit_code == 0, ran.stderr
    document = json.loads(ran.stdout)
    assert document["libraries"] == library_versions()
    return {part["name"]: Part(**part) for part in document["parts"]}


def test_every_digest_is_that_of_its_part(parts: dict[str, Part]) -> None:
    assert parts["prover"].digest == file_digest(Prover.find().binary) and parts["prover"].version == "0.1.0"
    assert parts["lock Cargo.lock"].digest == file_digest(ROOT / "prover" / "Cargo.lock")
    assert parts["lock constraints.txt"].digest == file_digest(ROOT / "constraints.txt")
    assert (parts["ceremony 2^12"].version, parts["ceremony 2^12"].digest) == ("ethereum-kzg-4096", CEREMONY)
    assert CEREMONY in (ROOT / "docs" / "auditor.md").read_text()


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_has_its_tables(parts: dict[str, Part], preset: str) -> None:
    online, enrolment = parts[f"tables {preset} fold_kkt"], parts[f"tables {preset} enrol"]
    assert online.digest == tables_digest(preset) != enrolment.digest
    assert ("insecure" in online.version) == PRESETS[preset].insecure
    golden = json.loads((ROOT / "golden" / f"enrol-{preset}.json").read_text())
    assert enrolment.digest == golden["tables"]["sha256"]


def test_a_folder_has_the_digest_of_its_sources(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.py").write_text("x = 1\n")
    one = hashlib.sha256(b"x = 1\n").hexdigest()
    assert folder_digest(tmp_path) == hashlib.sha256(f"a/b.py\0{one}\n".encode()).hexdigest()


def test_what_a_build_leaves_changes_nothing_and_a_source_does(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    before = folder_digest(tmp_path)
    for name in ("packaged/zkapex-prover", "__pycache__/a.cpython-311.pyc", "data/points.bin"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"1")
    assert folder_digest(tmp_path) == before
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    renamed = folder_digest(tmp_path)
    (tmp_path / "b.py").write_text("x = 2\n")
    assert len({before, renamed, folder_digest(tmp_path)}) == 3


def _without_prover(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ZKAPEX_PROVER", raising=False)
    monkeypatch.setattr(driver, "_BUILT", tmp_path / "none")
    monkeypatch.setattr(driver, "PACKAGED", tmp_path / "packaged")
    monkeypatch.setenv("PATH", "/nowhere")


def test_what_is_missing_is_a_row(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _without_prover(monkeypatch, tmp_path)
    monkeypatch.setattr(versions, "_REPOSITORY", tmp_path)
    rows = {part.name: part for part in installed_parts()}
    assert rows["prover"].digest is None and "not built" in rows["prover"].version
    assert rows["lock Cargo.lock"].digest is None and "ceremony 2^12" not in rows and "package reference_prover" not in rows


@pytest.mark.parametrize(("body", "words"), [("echo zkapex-prover 9.9", "9.9"), ("exit 3", "does not say"), ("true", "does not say")])
def test_a_prover_that_says_little(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str, words: str) -> None:
    binary = tmp_path / "zkapex-prover"
    binary.write_text(f'#!/bin/sh\n[ "$1" = --version ] || exit 5\n{body}\n')
    binary.chmod(0o755)
    monkeypatch.setenv("ZKAPEX_PROVER", str(binary))
    rows = {part.name: part for part in installed_parts()}
    assert rows["prover"].version == words and rows["prover"].digest == file_digest(binary)
    assert rows["ceremony 2^12"].digest is None


def test_the_wheel_s_binary_is_found_before_the_search_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _without_prover(monkeypatch, tmp_path)
    binary = tmp_path / "packaged" / driver.NAME
    binary.parent.mkdir()
    binary.write_text("#!/bin/sh\n")
    binary.chmod(0o755)
    assert Prover.find().binary == binary
    built = tmp_path / "built"
    built.write_text("#!/bin/sh\n")
    built.chmod(0o755)
    monkeypatch.setattr(driver, "_BUILT", built)
    assert Prover.find().binary == built

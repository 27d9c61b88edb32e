"""The wheel's build step names files that exist and the place where the driver looks."""

from __future__ import annotations

import ast
import json
import os
import re
import runpy
import tarfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
import setuptools
from setuptools.errors import ExecError

from zkapex_jax.prover import driver
from zkapex_jax.workflow.versions import LOCK_FILES

ROOT = Path(__file__).parents[2]


def constants() -> dict[str, Any]:
    """Literal constants at the top of setup.py, read without running it."""
    tree = ast.parse((ROOT / "setup.py").read_text())
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                found[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                continue
    return found


@pytest.fixture
def build_step(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The names of setup.py, without a build."""
    monkeypatch.setattr(setuptools, "setup", lambda **_: None)
    return runpy.run_path(str(ROOT / "setup.py"))


def test_the_program_is_found_where_cargo_says(build_step: dict[str, Any]) -> None:
    other = {"reason": "compiler-artifact", "target": {"name": "blst"}, "executable": None}
    made = {"reason": "compiler-artifact", "target": {"name": driver.NAME}, "executable": "/elsewhere/x86/release/p"}
    lines = [json.dumps(message) for message in (other, made, {"reason": "build-finished", "success": True})]
    assert build_step["executable"]("\n".join(lines).encode()) == Path("/elsewhere/x86/release/p")
    with pytest.raises(ExecError, match="cargo built no"):
        build_step["executable"](lines[0].encode())


def test_a_build_starts_from_nothing(build_step: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(build_step["Build"].run.__globals__, "ROOT", tmp_path)
    command = build_step["Build"](setuptools.Distribution())
    command.sub_commands = []
    for place, stays in ((tmp_path / "build" / "lib", False), (tmp_path / "elsewhere", True)):
        (place / "zkapex_jax").mkdir(parents=True)
        (place / "zkapex_jax" / "gone.py").touch()
        command.build_lib = str(place)
        command.run()
        assert (place / "zkapex_jax" / "gone.py").exists() is stays


def test_what_the_wheel_carries_exists_here() -> None:
    carried = constants()["CARRIED"]
    assert all((ROOT / source).exists() for source, _ in carried)
    packaged = driver.PACKAGED.relative_to(ROOT)
    assert {str(packaged / name) for name in LOCK_FILES} <= {place for _, place in carried}


def test_the_driver_looks_for_the_binary_by_its_name() -> None:
    assert constants()["NAME"] == driver.NAME
    cargo = tomllib.loads((ROOT / "prover" / "Cargo.toml").read_text())
    assert cargo["bin"][0]["name"] == driver.NAME


def test_the_reference_prover_reads_the_points_that_the_wheel_carries() -> None:
    from reference_prover import srs

    places = dict(constants()["CARRIED"])
    assert places[srs.CEREMONY_DATA.relative_to(ROOT).as_posix()] == srs._BESIDE.relative_to(ROOT).as_posix()


def test_the_source_distribution_has_what_the_build_needs() -> None:
    manifest = (ROOT / "MANIFEST.in").read_text().split()
    for name in ("constraints.txt", "prover/Cargo.toml", "prover/Cargo.lock", "prover/src", "prover/data"):
        assert name in manifest and (ROOT / name).exists()


def test_versions_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    cargo = tomllib.loads((ROOT / "prover" / "Cargo.toml").read_text())["package"]
    from zkapex_jax import __version__

    assert project["version"] == cargo["version"] == __version__


def test_the_wheel_has_two_packages_which_need_no_third() -> None:
    chosen = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]["include"]
    found = setuptools.find_packages(str(ROOT), include=chosen)
    assert {name.partition(".")[0] for name in found} == {"zkapex_jax", "reference_prover"}
    folders = {path.parent.relative_to(ROOT).as_posix() for top in ("zkapex_jax", "reference_prover") for path in (ROOT / top).rglob("*.py")}
    assert folders <= {name.replace(".", "/") for name in found}
    assert not [path for top in ("zkapex_jax", "reference_prover") for path in (ROOT / top).rglob("*.py") if re.search(r"^\s*(from|import) experiments\b", path.read_text(), re.MULTILINE)]


def test_licences_of_what_is_linked_go_along() -> None:
    """`make licences` after Cargo.lock has changed."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["license-files"]
    assert set(named) == {"LICENSE", "prover/THIRD-PARTY.txt"}
    listed = set(re.findall(r"^(\S+) (\d\S*): (?=\S.*; )", (ROOT / "prover" / "THIRD-PARTY.txt").read_text(), re.MULTILINE))
    locked = {(one["name"], one["version"]) for one in tomllib.loads((ROOT / "prover" / "Cargo.lock").read_text())["package"]}
    direct = set(tomllib.loads((ROOT / "prover" / "Cargo.toml").read_text())["dependencies"])
    assert len(listed) > 100 and listed <= locked and direct <= {name for name, _ in listed}


def test_a_source_distribution_tells_nothing_of_who_packed_it(build_step: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    made = []
    for number, mode in enumerate((0o600, 0o664)):
        folder = tmp_path / str(number)
        (folder / "z" / "inner").mkdir(parents=True)
        (folder / "z" / "inner" / "a.py").write_text("x = 1\n")
        (folder / "z" / "b.sh").write_text("#!/bin/sh\n")
        (folder / "z" / "inner" / "a.py").chmod(mode)
        (folder / "z" / "b.sh").chmod(mode | 0o100)
        os.utime(folder / "z" / "b.sh", (1, 1 + number))
        monkeypatch.chdir(folder)
        made.append(Path(build_step["SteadySource"](setuptools.Distribution()).make_archive("out", "gztar", base_dir="z")).read_bytes())
    assert made[0] == made[1]
    with tarfile.open(tmp_path / "0" / "out.tar.gz") as archive:
        assert [(one.name, one.mode, one.mtime) for one in archive] == [("z/b.sh", 0o755, 1700000000), ("z/inner/a.py", 0o644, 1700000000)]


def test_modes_in_a_wheel_are_not_those_of_the_builder(build_step: dict[str, Any], tmp_path: Path) -> None:
    command = build_step["PlatformWheel"](setuptools.Distribution({"name": "z", "version": "1"}))
    command.ensure_finalized()
    for name, mode in (("a.py", 0o600), ("b", 0o700)):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
    (tmp_path / "z.dist-info").mkdir()
    command.write_wheelfile(str(tmp_path / "z.dist-info"))
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*") if path.is_file()} == {"a.py": 0o644, "b": 0o755, "WHEEL": 0o644}

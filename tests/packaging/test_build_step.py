"""The wheel's build step names files that exist and the place where the driver looks."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path
from typing import Any

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

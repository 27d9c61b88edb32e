"""The vectors regenerate to the same bytes, every file is covered, and the package imports only what it may."""

import ast
import shutil
import sys
from pathlib import Path

import pytest

import reference_prover
from reference_prover.vectors.__main__ import HANDLERS, main

VECTORS = Path(__file__).parents[2] / "vectors"
PACKAGE = Path(reference_prover.__file__).parent


def test_regenerating_leaves_no_difference(tmp_path):
    shutil.copytree(VECTORS / "tables", tmp_path / "tables", ignore=lambda _, names: [name for name in names if not name.endswith(".tables.json")])
    assert main(["--out", str(tmp_path)]) == 0
    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.json")}
    stored = {path.relative_to(VECTORS): path.read_bytes() for name in HANDLERS for path in (VECTORS / name).rglob("*.json")}
    assert written == stored


@pytest.mark.parametrize("handler", HANDLERS)
def test_every_handler_has_its_format(handler):
    text = (VECTORS / handler / "format.md").read_text()
    for path in (VECTORS / handler).glob("*.json"):
        assert path.name in text or path.name.endswith(".tables.json"), path.name


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_are_the_standard_library_and_numpy(file):
    """And, for the curve alone, its two backends."""
    allowed = sys.stdlib_module_names | {"numpy"} | ({"py_ecc", "py_arkworks_bls12381"} if file.parent.name == "curve" else set())
    for node in ast.walk(ast.parse(file.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        for name in names:
            assert name.split(".")[0] in allowed, name

"""House rules that a reader of one diff cannot see: sizes, forbidden tools, tests that nothing collects."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = ["zkapex_jax", "reference_prover", "experiments", "tests"]
PACKAGES = ["zkapex_jax", "reference_prover", "experiments"]
LONGEST = 350
FORBIDDEN = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "joblib"}


def files(folders: list[str], suffix: str) -> list[Path]:
    found = (path for folder in folders for path in (ROOT / folder).rglob(f"*{suffix}"))
    return sorted(path for path in found if not {"__pycache__", "target", ".venv"} & set(path.parts))


def names(path: Path) -> str:
    return str(path.relative_to(ROOT))


SOURCES = files(PYTHON, ".py")
CODE = files(PACKAGES, ".py")
RUST = files(["prover"], ".rs")


@pytest.mark.parametrize("path", SOURCES + RUST, ids=names)
def test_no_file_is_too_long_to_read(path: Path) -> None:
    assert path.read_text().count("\n") <= LONGEST


@pytest.mark.parametrize("path", CODE, ids=names)
def test_no_pickles_no_asserts(path: Path) -> None:
    wrong = []
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Assert):
            wrong.append(f"line {node.lineno}: assert vanishes under python -O; raise an error instead")
        if isinstance(node, ast.Import):
            wrong += [f"line {node.lineno}: {a.name}" for a in node.names if a.name.split(".")[0] in FORBIDDEN]
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in FORBIDDEN:
            wrong.append(f"line {node.lineno}: {node.module}")
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            if not (isinstance(node.value, ast.Constant) and node.value.value is False):
                wrong.append(f"line {node.value.lineno}: allow_pickle")
    assert not wrong, "; ".join(wrong)


@pytest.mark.parametrize("path", CODE, ids=names)
def test_bare_exceptions_are_not_raised(path: Path) -> None:
    """Errors of the package carry file, field and value: a bare Exception or RuntimeError carries none."""
    wrong = [
        f"line {node.lineno}"
        for node in ast.walk(ast.parse(path.read_text(), str(path)))
        if isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and isinstance(node.exc.func, ast.Name)
        and node.exc.func.id in {"Exception", "BaseException", "RuntimeError"}
    ]
    assert not wrong, "; ".join(wrong)


def holds_tests(path: Path) -> bool:
    tree = ast.parse(path.read_text(), str(path))
    return any(isinstance(node, ast.FunctionDef) and node.name.startswith("test_") for node in tree.body)


def test_every_test_file_is_collected() -> None:
    """pytest takes test_*.py under tests/ only; a file with tests under another name would pass by never running."""
    tests = [path for path in files([*PYTHON], ".py") if holds_tests(path)]
    lost = [names(path) for path in tests if not path.name.startswith("test_") or path.parts[len(ROOT.parts)] != "tests"]
    assert not lost
    empty = [names(path) for path in files(["tests"], ".py") if path.name.startswith("test_") and "def test_" not in path.read_text()]
    assert not empty


def test_no_two_test_files_hide_each_other() -> None:
    """Outside packages pytest imports test files by their bare name: two of one name cannot both be collected."""
    loose = [path for path in files(["tests"], ".py") if path.name.startswith("test_") and not (path.parent / "__init__.py").exists()]
    twice = {name: count for name, count in Counter(path.name for path in loose).items() if count > 1}
    assert not twice


def test_no_test_is_defined_twice() -> None:
    """A second function of the same name silently replaces the first."""
    for path in files(["tests"], ".py"):
        tree = ast.parse(path.read_text(), str(path))
        count = Counter(node.name for node in tree.body if isinstance(node, ast.FunctionDef))
        assert not {name for name, times in count.items() if times > 1}, names(path)

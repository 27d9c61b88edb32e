"""The rooms of the house: who may import whom, read from the source without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "zkapex_jax"

#: Anyone may import these.
LEAVES = {"errors", "presets", "bounds", "formats", "catalogue"}

#: room -> the rooms that it may import beside the leaves and itself. Data moves down this table.
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "bounds": set(),
    "presets": set(),
    "formats": set(),
    "catalogue": set(),
    "report": set(),
    "models": set(),
    "curvature": {"models"},
    "obs": {"models", "curvature"},
    "quantize": {"models", "curvature", "obs"},
    "witness": {"models", "curvature", "obs", "quantize"},
    "forget": {"models", "curvature", "obs", "quantize"},
    "api": {"models", "curvature", "obs", "quantize", "forget"},
    "tasks": {"models", "curvature", "forget"},
    "circuit": {"models", "curvature", "obs", "quantize", "witness"},
    "protocol": {"models", "quantize", "witness"},
    "ledger": {"models", "quantize", "witness", "protocol"},
    "prover": {"circuit"},
}

#: These sit on top: they may import everything below, and each other only downwards.
TOP = ["workflow", "client", "service", "demo", "cli", "__main__"]


def python_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, dotted module) of every import, wherever in the file it stands; relative ones made absolute."""
    package = list(path.relative_to(ROOT).with_suffix("").parts)[:-1]
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield node.lineno, module
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def allowed(name: str) -> set[str]:
    if name in TOP:
        return set(ALLOWED) | set(TOP[: TOP.index(name)])
    return ALLOWED[name] | (set() if name in LEAVES else LEAVES)


FILES = [path for path in python_files(PACKAGE) if path.parent != PACKAGE or path.stem != "__init__"]


def test_every_room_is_in_the_table() -> None:
    known = set(ALLOWED) | set(TOP)
    assert {room(path) for path in FILES} <= known


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    name = room(path)
    inner = LEAVES if name in LEAVES else set()
    wrong = []
    for line, module in imports(path):
        parts = module.split(".")
        if parts[0] == "zkapex_jax" and len(parts) > 1 and (PACKAGE / parts[1]).exists() | (PACKAGE / f"{parts[1]}.py").exists():
            if parts[1] not in allowed(name) | inner | {name}:
                wrong.append(f"line {line}: {name} imports {module}")
    assert not wrong, "; ".join(wrong)


def test_leaves_have_no_cycle() -> None:
    """The leaves may use each other only in this order."""
    order = ["errors", "bounds", "presets", "formats", "catalogue"]
    for path in FILES:
        if room(path) in order:
            for line, module in imports(path):
                parts = module.split(".")
                if parts[0] == "zkapex_jax" and len(parts) > 1 and parts[1] in order:
                    assert order.index(parts[1]) <= order.index(room(path)), f"{path}:{line} imports {module}"


REFERENCE = ROOT / "reference_prover"


@pytest.mark.parametrize("path", python_files(REFERENCE), ids=lambda path: str(path.relative_to(REFERENCE)))
def test_reference_prover_shares_no_code(path: Path) -> None:
    """An auditor's second implementation is worth nothing if it calls the first."""
    wrong = [f"line {line}: {module}" for line, module in imports(path) if module.split(".")[0] == "zkapex_jax"]
    assert not wrong, "; ".join(wrong)


def test_only_workflow_and_tops_call_the_reference() -> None:
    callers = {room(path) for path in FILES for _, module in imports(path) if module.split(".")[0] == "reference_prover"}
    assert callers <= {"workflow", "demo", "cli"}

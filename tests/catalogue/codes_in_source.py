"""Every error code that the source can give, read from its syntax trees without running it.

A code is the keyword `code=` of a call: a constant, either side of a condition, a text with a part that varies (then a family such
as ``mismatch_*``), what a helper of the same file returns, or a parameter of the function around it (then what its callers pass).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Site:
    """A code (or a family, ending with `*`) and where it stands; `code` None where it cannot be read."""

    code: str | None
    place: str


def codes_of(path: Path) -> list[Site]:
    """All sites of one file."""
    return codes_of_text(path.read_text(), str(path.relative_to(ROOT)))


def codes_of_text(text: str, name: str) -> list[Site]:
    tree = ast.parse(text, name)
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, Function)}
    found: list[Site] = []
    for around, call in _calls(tree):
        value = next((keyword.value for keyword in call.keywords if keyword.arg == "code"), None)
        if value is not None:
            place = f"{name}:{call.lineno}"
            found += [Site(code, place) for code in _read(value, around, functions, tree)]
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        if any(isinstance(target, ast.Name) and target.id == "default_code" for target in targets):
            found.append(Site(node.value.value if isinstance(node.value, ast.Constant) else None, f"{name}:{node.lineno}"))
    return found


def _calls(tree: ast.AST, around: Function | None = None) -> Iterator[tuple[Function | None, ast.Call]]:
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.Call):
            yield around, child
        yield from _calls(child, child if isinstance(child, Function) else around)


def _read(value: ast.expr, around: Function | None, functions: dict[str, Function], tree: ast.AST) -> list[str | None]:
    if isinstance(value, ast.Constant):
        return [value.value] if isinstance(value.value, str) else []
    if isinstance(value, ast.IfExp):
        return [*_read(value.body, around, functions, tree), *_read(value.orelse, around, functions, tree)]
    if isinstance(value, ast.BoolOp):
        return [code for part in value.values for code in _read(part, around, functions, tree)]
    if isinstance(value, ast.JoinedStr) and isinstance(value.values[0], ast.Constant):
        return _joined(value, around, tree, functions)
    if isinstance(value, ast.Name) and around is not None and value.id in _parameters(around):
        return _passed(around, value.id, functions, tree)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in functions:
        helper = functions[value.func.id]
        returned = [node.value for node in ast.walk(helper) if isinstance(node, ast.Return) and node.value is not None]
        return [code for one in returned for code in _read(one, helper, functions, tree)]
    return [None]


def _joined(value: ast.JoinedStr, around: Function | None, tree: ast.AST, functions: dict[str, Function]) -> list[str | None]:
    """A prefix with a parameter: the codes that callers make of it, else the family."""
    prefix = str(value.values[0].value)  # type: ignore[attr-defined]
    rest = value.values[1:]
    if len(rest) == 1 and isinstance(rest[0], ast.FormattedValue) and isinstance(rest[0].value, ast.Name):
        name = rest[0].value.id
        if around is not None and name in _parameters(around):
            passed = _passed(around, name, functions, tree)
            return [f"{prefix}*" if code is None else f"{prefix}{code}" for code in passed]
    return [f"{prefix}*"]


def _parameters(function: Function) -> list[str]:
    return [argument.arg for argument in [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]]


def _passed(function: Function, parameter: str, functions: dict[str, Function], tree: ast.AST) -> list[str | None]:
    """What callers in the file give a function's parameter; its default too."""
    index = _parameters(function).index(parameter)
    found: list[str | None] = []
    for around, call in _calls(tree):
        if not (isinstance(call.func, ast.Name) and call.func.id == function.name):
            continue
        given = call.args[index] if index < len(call.args) else next((k.value for k in call.keywords if k.arg == parameter), None)
        if given is not None and around is not function:
            found += _read(given, around, functions, tree)
    return found

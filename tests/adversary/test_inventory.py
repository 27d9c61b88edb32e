"""The list of checks is whole: every error that the verifier's modules raise is of a listed check, or named here with a reason."""

from __future__ import annotations

import ast
import importlib
import inspect
from functools import cache

import checks_all  # noqa: F401
import pytest
from adversary_check import CHECKS
from adversary_mutants import find, node_of, statements, text_of

PACKAGE = "reference_prover"
MODULES = (
    *(f"{PACKAGE}.{name}" for name in ("bundle", "bundle_online", "bundle_enrolment", "bundle_files", "chunk", "statement", "transcript", "artefacts", "artefacts_provider")),
    *(f"{PACKAGE}.rounds.{name}" for name in ("verify", "online", "points")),
    *(f"{PACKAGE}.enrolment.{name}" for name in ("verify", "statement", "transcript", "points")),
    *(f"{PACKAGE}.plonk.{name}" for name in ("verifier", "multiopen", "transcript", "vanishing")),
    f"{PACKAGE}.curve.encoding",
    "zkapex_jax.ledger.rules",
    "zkapex_jax.ledger.queries",
)
CALLER = "a mistake of the program that calls it, not of the file"
#: Functions whose errors are no checks of what a client sends.
ELSEWHERE = {
    "statement:parse": "reads statements for the checker's command line", "statement:from_mapping": "the same", "statement:_value": "the same", "statement:_without_doubles": "the same",
    "bundle:_in_file": "names the file of an error", "bundle_files:commitments": "names the file of an error", "chunk:parse_message": "turns a point's error into a refusal: message.hiding, point.*",
    "bundle_files:expect_digest": "called by listed checks", "bundle_files:expect_cut": "called by listed checks", "bundle_files:expect_client": "called by listed checks",
    "bundle_files:expect_model": "called by listed checks", "bundle_files:expect_flag": "called by listed checks",
    "chunk:Commitments.require": "called by points.count", "rounds.verify:replay": "turns challenge.mu into a refusal", "enrolment.verify:replay": "turns challenge.mu into a refusal",
    "chunk:_compressed": CALLER, "transcript:Challenges.__post_init__": CALLER, "transcript:join_points": CALLER, "enrolment.transcript:EnrolmentChallenges.__post_init__": CALLER,
    "enrolment.statement:require_match": "called by enrol.statement.match",
    "bundle_online:OnlineSession._check_public": "called by request.public", "statement:require_rules": "called by statement.rules",
    "artefacts_provider:require_signature": "called by request.signature, base.signature",
    "plonk.verifier:check_columns": CALLER, "plonk.verifier:check_cells": CALLER, "plonk.transcript:Transcript.__init__": CALLER, "plonk.transcript:Writer.proof": "the prover's",
    "plonk.transcript:Writer._write": "the prover's", "plonk.transcript:Reader._next": CALLER, "plonk.transcript:Reader.read_point": "turns a point's error into a refusal: point.*",
    "plonk.transcript:Reader.read_scalar": "turns a scalar's error into a refusal: field.from_bytes takes numbers below p alone; another would be one number with two encodings",
    "plonk.verifier:_expected_quotient": "a challenge that is a row: a hash cannot be had so", "plonk.multiopen:_quotient_at": "the same", "plonk.vanishing:quotient_value": "the same",
    "curve.encoding:_split": "lengths and the flag of compression: point.flags", "curve.encoding:_y_of_g1": "no root, no point: point.curve",
    "ledger.queries:last_answer": "finds the verdict that a receipt is of; nothing is judged",
    "curve.encoding:parse_g2": "reference strings alone: tests/reference/test_srs.py",
}  # fmt: skip


def raised(module: str) -> list[tuple[str, int]]:
    """(function, line) of each `raise` in a module."""
    tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    found: list[tuple[str, int]] = []

    def walk(node: ast.AST, path: tuple[str, ...]) -> None:
        for child in ast.iter_child_nodes(node):
            inner = (*path, child.name) if isinstance(child, (ast.FunctionDef, ast.ClassDef)) else path
            if isinstance(child, ast.Raise):
                found.append((".".join(inner), child.lineno))
            walk(child, inner)

    walk(tree, ())
    return found


@cache
def covered() -> set[tuple[str, int]]:
    """(module, line) that some check's mutant leaves out."""
    lines: set[tuple[str, int]] = set()
    for check in CHECKS.values():
        for edit in check.edits:
            module, function = find(edit.place)
            source = inspect.getsource(module)
            node = node_of(source, function.__qualname__)
            for one in statements(node):
                if edit.new is None and text_of(one, source.splitlines(keepends=True)).startswith(edit.old):
                    lines |= {(module.__name__, line) for line in range(one.lineno, (one.end_lineno or one.lineno) + 1)}
            if edit.new is not None:
                at = source.splitlines()[node.lineno - 1 : node.end_lineno]
                first = next((i for i, line in enumerate(at) if edit.old.splitlines()[0] in line), None)
                if first is not None:
                    lines |= {(module.__name__, node.lineno + first + i) for i in range(4)}
    return lines


@pytest.mark.parametrize("module", MODULES)
def test_every_error_is_of_a_listed_check(module: str) -> None:
    short, lines = module.removeprefix(f"{PACKAGE}.").removeprefix("zkapex_jax."), covered()
    missing = [f"{short}:{function} line {line}" for function, line in raised(module) if (module, line) not in lines and f"{short}:{function}" not in ELSEWHERE]
    assert not missing


def test_every_exception_is_one() -> None:
    """No function is named that raises nothing."""
    known = {f"{module.removeprefix(f'{PACKAGE}.').removeprefix('zkapex_jax.')}:{function}" for module in MODULES for function, _ in raised(module)}
    assert not set(ELSEWHERE) - known

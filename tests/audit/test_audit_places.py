"""Every place that an audit sends its reader to exists: gates in the tables, sections in the documents, tests in the tree."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from zkapex_jax.circuit import build
from zkapex_jax.presets import get_preset
from zkapex_jax.report.audit.places import GATES, NOT_PROVEN_DOCS, PLACES, anchor
from zkapex_jax.report.audit.schema import Heading

ROOT = Path(__file__).parents[2]
RELATIONS = {"fold_kkt": "fold.", "enrol": "enrol."}
DOCS = sorted({(doc.page, doc.heading) for places in PLACES.values() for doc in places.docs} | {(d.page, d.heading) for d in NOT_PROVEN_DOCS})
TESTS = sorted({test for places in PLACES.values() for test in places.tests})


@cache
def names(path: Path) -> frozenset[str]:
    """Tests that a file defines."""
    text = path.read_text()
    if path.suffix == ".rs":
        return frozenset(re.findall(r"#\[test\]\s+fn (\w+)\(", text))
    return frozenset(node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"))


@pytest.mark.parametrize("test", TESTS)
def test_every_test_named_is_there(test: str) -> None:
    path, _, name = test.partition("::")
    assert name in names(ROOT / path)


@pytest.mark.parametrize(("page", "heading"), DOCS)
def test_every_section_named_is_there(page: str, heading: str) -> None:
    headings = [line.lstrip("#").strip() for line in (ROOT / "docs" / page).read_text().splitlines() if re.match(r"#{1,4} ", line)]
    assert headings.count(heading) == 1
    assert [anchor(text) for text in headings].count(anchor(heading)) == 1


def test_gates_are_those_of_the_tables() -> None:
    built = {gate.id for relation in RELATIONS for gate in build(relation, get_preset("toy")).gates}
    assert set(GATES) == built
    assert {gate for places in PLACES.values() for gate in places.gates} == built, "a gate that no line names"


def test_every_line_has_a_section_and_a_test(made) -> None:
    shown = made().lines
    assert {line.key for line in shown} == set(PLACES)
    assert all(line.docs and line.tests for line in shown)


def test_places_name_no_gate_of_another_relation(made) -> None:
    for line in made(bundle=False).lines:
        assert not [gate for gate in line.gates if gate.startswith("fold.")]


@pytest.mark.parametrize(
    ("heading", "fragment"),
    [
        ("6. Why it is sound", "6-why-it-is-sound"),
        ("3. Enrolment: before any mask, with its own proof", "3-enrolment-before-any-mask-with-its-own-proof"),
        ("`fold_kkt`", "fold_kkt"),
        ("What the ledger does with it", "what-the-ledger-does-with-it"),
    ],
)
def test_anchors_are_those_of_renderers(heading: str, fragment: str) -> None:
    assert anchor(Heading(page="protocol.md", heading=heading).heading) == fragment

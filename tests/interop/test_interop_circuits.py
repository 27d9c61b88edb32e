"""Small circuits that between them use every feature of the tables, each proven and judged by both programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from interop_book import Book
from interop_checks import (
    alterations_are_refused_by_both,
    python_proves_rust_verifies,
    rust_proves_python_verifies,
    the_same_seed_gives_the_same_bytes,
)
from interop_relation import Relation, Strings, random_outer

from reference_prover.curve import Curve, curve
from reference_prover.vectors.writing import parse_decimals

VECTORS = Path(__file__).parents[2] / "vectors" / "proofs"
FILES = sorted(path for path in VECTORS.glob("*.json") if not path.name.endswith(".tables.json"))


def load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def test_there_are_enough_circuits() -> None:
    assert len(FILES) >= 6


@pytest.fixture(scope="module", params=FILES, ids=lambda path: path.stem)
def circuit(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, strings: Callable[[int], Strings]) -> Relation:
    """Tables and columns of a vector; bound to bytes that no vector knows."""
    case = load(request.param)
    columns = {name: parse_decimals(cells) for kind in ("committed", "plain", "advice") for name, cells in case[kind].items()}
    return Relation(case["name"], VECTORS / case["tables"], strings(int(case["k"])), columns, random_outer(), tmp_path_factory.mktemp(case["name"]))


def test_rust_proves_and_python_verifies(circuit: Relation, backend: Curve, book: Book) -> None:
    rust_proves_python_verifies(circuit, backend, book)


def test_python_proves_and_rust_verifies(circuit: Relation, book: Book) -> None:
    python_proves_rust_verifies(circuit, book)


def test_the_same_seed_gives_the_same_bytes(circuit: Relation, request: pytest.FixtureRequest, book: Book) -> None:
    """Where the library's order is fixed by the seed: `vectors/proofs/format.md` says for which circuits it is not."""
    if load(VECTORS / f"{circuit.name}.json")["deterministic"]:
        the_same_seed_gives_the_same_bytes(circuit, book)


def test_both_refuse_what_was_altered(circuit: Relation, book: Book) -> None:
    alterations_are_refused_by_both(circuit, circuit.rust_prove()[0], curve(), book, bits=3)


@pytest.mark.slow
def test_both_refuse_bits_all_over(circuit: Relation, book: Book) -> None:
    alterations_are_refused_by_both(circuit, circuit.python_prove()[0], curve(), book, bits=60)

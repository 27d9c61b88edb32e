"""The dense relation at its toy size: proven by each program, verified by the other."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import numpy as np
import pytest
from interop_book import Book
from interop_checks import (
    alterations_are_refused_by_both,
    python_proves_rust_verifies,
    rust_proves_python_verifies,
)
from interop_relation import Relation, Strings, random_outer

from reference_prover import plonk
from reference_prover.curve import Curve, curve
from zkapex_jax.circuit import emit
from zkapex_jax.circuit.relations import DENSE_TOY, build_sized
from zkapex_jax.workflow.bench.dense_blocks import dense_witness
from zkapex_jax.workflow.bench.dense_columns import dense_columns


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory, strings: Callable[[int], Strings]) -> Relation:
    """Blocks of the empirical Fisher of random rows, one weight in five masked."""
    folder, draw, weights = tmp_path_factory.mktemp("dense"), np.random.default_rng(11), DENSE_TOY.capacity
    tables = folder / "dense.tables.json"
    tables.write_bytes(emit(build_sized(DENSE_TOY)))
    witness = dense_witness(DENSE_TOY, draw.normal(size=(16, weights)), draw.normal(scale=0.05, size=weights), draw.random(weights) < 0.2)
    return Relation("dense_kkt", tables, strings(DENSE_TOY.k), dense_columns(witness), random_outer(), folder)


def test_rust_proves_and_python_verifies(dense: Relation, backend: Curve, book: Book) -> None:
    rust_proves_python_verifies(dense, backend, book)


@pytest.mark.slow
def test_python_proves_and_rust_verifies(dense: Relation, book: Book) -> None:
    python_proves_rust_verifies(dense, book)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_up_to_the_librarys_own_chance(dense: Relation) -> None:
    """Its range tables leave values of many kinds over, which the library places in the order of a hash map that is drawn anew in
    every process: from there on not even the Rust program repeats itself."""
    seed = secrets.token_bytes(32)
    rust, again, python = dense.rust_prove(seed)[0], dense.rust_prove(seed)[0], dense.python_prove(seed)[0]
    for left, right in ((rust, again), (rust, python)):
        where = plonk.first_difference(dense.fast, left, right)
        assert where is not None and where.round == "lookups" and where.name.endswith("table"), where


@pytest.mark.slow
def test_both_refuse_what_was_altered(dense: Relation, book: Book) -> None:
    alterations_are_refused_by_both(dense, dense.rust_prove()[0], curve(), book, bits=4)

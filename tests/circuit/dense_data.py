"""Witnesses of ``dense_kkt``: from the digits, from random rows, and made by hand with one integer where a test wants it."""

from __future__ import annotations

from functools import cache

import numpy as np

from reference_prover import checker
from reference_prover import tables as reference
from reference_prover.tables import Tables
from zkapex_jax.circuit import emit
from zkapex_jax.circuit.relations import Dense, build_sized
from zkapex_jax.tasks import digits
from zkapex_jax.workflow.bench.dense_blocks import DenseWitness, dense_witness
from zkapex_jax.workflow.bench.dense_columns import Columns, dense_columns


@cache
def tables(size: Dense, ranges: bool = True) -> Tables:
    return reference.parse(emit(build_sized(size, ranges=ranges)))


def violated(size: Dense, columns: Columns, ranges: bool = True) -> set[str]:
    """IDs of the constraints that fail."""
    found = tables(size, ranges)
    whole = {name: [*values, *[0] * (found.domain - len(values))] for name, values in columns.items()}
    return {violation.gate for violation in checker.check(found, whole)}


def judged(witness: DenseWitness, ranges: bool = True) -> set[str]:
    """The same of a witness whose columns are filled faithfully."""
    return violated(witness.size, dense_columns(witness, ranges=ranges), ranges)


def random_witness(size: Dense, seed: int = 0, weights: int | None = None, sparsity: float = 0.1) -> DenseWitness:
    """Heavy-tailed rows, as real ones have."""
    generator = np.random.default_rng(seed)
    count = size.capacity if weights is None else weights
    rows = generator.standard_normal((64, count)) * np.exp(0.8 * generator.standard_normal(count))
    return dense_witness(size, rows, generator.normal(0, 0.05, count), generator.random(count) < sparsity)


def digits_rows(examples: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Weights f64 [640] of a softmax regression on the digits after some steps, and its per-example gradients f64 [n, 640]."""
    images, labels = digits.load()
    pixels, wanted = images.reshape(len(images), -1).astype(np.float64), np.eye(10)[labels]
    theta = np.zeros((pixels.shape[1], 10))
    for _ in range(40):
        theta -= 0.5 * pixels.T @ (_softmax(pixels @ theta) - wanted) / len(pixels)
    error = _softmax(pixels[:examples] @ theta) - wanted[:examples]
    return theta.reshape(-1), (pixels[:examples, :, None] * error[:, None, :]).reshape(examples, -1)


def plain_witness(size: Dense) -> DenseWitness:
    """C = I, all weights zero and free: honest, and any one integer of it can be set without touching others."""
    shape = (size.blocks, size.block)
    identity = np.tile(np.eye(size.block, dtype=np.int64), (size.blocks, 1, 1))
    return DenseWitness(size, identity, np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.ones(shape, np.bool_))


def _softmax(scores: np.ndarray) -> np.ndarray:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)

"""The obvious twin: every integer of the statement in Python integers, cell by cell."""

from __future__ import annotations

from collections.abc import Sequence

from zkapex_jax.witness.rules import Sums

Rows = Sequence[Sequence[int]]


def errors(rows: Rows, delta: Sequence[int], sigma: Sequence[int]) -> list[int]:
    """e_k = σ̂_k − Σ_i Ĝ_ki δ̂_i."""
    return [s - sum(g * x for g, x in zip(row, delta, strict=True)) for row, s in zip(rows, sigma, strict=True)]


def residual(rows: Rows, gamma: int, delta: Sequence[int], sigma: Sequence[int]) -> list[int]:
    """ŷ_i = γ̂ δ̂_i + Σ_k Ĝ_ki σ̂_k."""
    return [gamma * x + sum(row[i] * s for row, s in zip(rows, sigma, strict=True)) for i, x in enumerate(delta)]


def sums(rows: Rows, gamma: int, delta: Sequence[int], sigma: Sequence[int], mask: Sequence[bool]) -> Sums:
    """The three sums of the certificate over free weights."""
    y = residual(rows, gamma, delta, sigma)
    free = [i for i, masked in enumerate(mask) if not masked]
    e = errors(rows, delta, sigma)
    return Sums(sum(y[i] ** 2 for i in free), sum(x**2 for x in e), sum(delta[i] ** 2 for i in free))

"""Round 2: from claim and challenges to the columns of the tables. Folds and public columns are rebuilt by the verifier."""

from __future__ import annotations

from typing import Iterator, Sequence

from ..exact import combine
from ..field import MODULUS, powers
from ..layout import EnrolmentLayout
from ..rounds.frame import Columns, cut, fold_blinding, lanes, running_sum
from ..rounds.integers import bits_of
from ..tables import Tables
from . import blinding as blind
from . import relation
from .blinding import EnrolmentBlinding
from .claim import EnrolmentClaim
from .projections import linear_form, range_weights, row_weights
from .statement import EnrolmentStatement
from .transcript import EnrolmentChallenges


def assign(
    tables: Tables, layout: EnrolmentLayout, statement: EnrolmentStatement, claim: EnrolmentClaim, challenges: EnrolmentChallenges, blinding: EnrolmentBlinding
) -> Columns:
    """Every advice and instance column, 2^k canonical field elements each."""
    columns = dict(secret_columns(layout, claim, challenges, blinding))
    columns |= dict(public_columns(layout, statement, claim.free, challenges))
    columns["acc"] = running_sum(layout, tables, columns, lambda cell: relation.increment(cell, layout.lanes, layout.cell_columns))
    return columns


def secret_columns(
    layout: EnrolmentLayout, claim: EnrolmentClaim, challenges: EnrolmentChallenges, blinding: EnrolmentBlinding
) -> Iterator[tuple[str, list[int]]]:
    """delta, fold, cells. Only cells are sent: the verifier forms the other commitments from those that it has."""
    yield from lanes(layout, "delta", [x % MODULUS for x in claim.delta], blinding.theta_p)
    weights = powers(challenges.rho, layout.client_rows + 2)
    folded = [*blinding.gradients, blinding.theta_p]
    folded += [blind.tie(blinding)] if claim.tie is not None else []
    yield from lanes(layout, "fold", fold(layout, claim, weights), fold_blinding(layout, weights[: len(folded)], folded))
    yield from cell_columns(layout, claim, blinding)


def cell_columns(layout: EnrolmentLayout, claim: EnrolmentClaim, blinding: EnrolmentBlinding) -> Iterator[tuple[str, list[int]]]:
    """The cells of round 1, cut into columns."""
    for index, values in enumerate(cut(cell_values(layout, claim), layout.blinding_start)):
        yield f"cells.{index}", layout.column({0: values, layout.blinding_start: blinding.cells[index]})


def fold(layout: EnrolmentLayout, claim: EnrolmentClaim, weights: list[int]) -> list[int]:
    """F = sum_{k<n} rho^k G_k + rho^n Delta (+ rho^(n+1) tie) mod p over the active cells."""
    n, total = layout.client_rows, [0] * layout.capacity
    gradients = combine(claim.gradients, weights[:n])
    for weight, row in ((1, gradients), (weights[n], claim.delta), (weights[n + 1], claim.tie or [])):
        for i, value in enumerate(row):
            total[i] += weight * value
    return [value % MODULUS for value in total]


def cell_values(layout: EnrolmentLayout, claim: EnrolmentClaim) -> list[int]:
    """Bits of the slack of D0, bits of v_l + 2^(r-1) for every l, then t_jk mod p; one list, cut into columns."""
    offset = 1 << (layout.range_bits - 1)
    bits = bits_of(claim.slack, layout.distance_bits)
    bits += [bit for v in claim.v for bit in bits_of(v + offset, layout.range_bits)]
    return bits + [value % MODULUS for row in claim.t for value in row]


def cell_weights(layout: EnrolmentLayout, challenges: EnrolmentChallenges) -> list[int]:
    """The weight of each of those cells: 2^i; -mu^3 zeta^l 2^i; mu^3 A_jk - mu eta^j rho^k."""
    mu, mu3 = challenges.mu, pow(challenges.mu, 3, MODULUS)
    weights = [1 << i for i in range(layout.distance_bits)]
    weights += [-mu3 * power << i for power in powers(challenges.zeta, layout.projections) for i in range(layout.range_bits)]
    ranges = range_weights(layout, challenges.a, challenges.zeta)
    folds = row_weights(layout, challenges.eta, challenges.rho)
    weights += [mu3 * range_ - mu * fold_ for range_, fold_ in zip(ranges, folds, strict=True)]
    return [weight % MODULUS for weight in weights]


def public_columns(
    layout: EnrolmentLayout, statement: EnrolmentStatement, free: list[int], challenges: EnrolmentChallenges
) -> Iterator[tuple[str, list[int]]]:
    """c and the weights w: rebuilt by the verifier, no blinding."""
    for name, values in plain_columns(layout, statement, free, challenges):
        yield name, layout.column({0: values})


def plain_columns(
    layout: EnrolmentLayout, statement: EnrolmentStatement, free: Sequence[int], challenges: EnrolmentChallenges
) -> Iterator[tuple[str, list[int]]]:
    """The same, each as long as prover and verifier write it: the length of a plain column enters the transcript."""
    mu, c = challenges.mu, linear_form(layout, challenges.b, challenges.eta)
    scale = {1: mu, 0: mu * mu % MODULUS}
    on = [*free, *[0] * (layout.capacity - len(free))]  # pads count as forgotten
    scaled = [scale[f] * value % MODULUS for f, value in zip(on, c, strict=True)]
    for lane in range(layout.lanes):
        yield f"c.{lane}", [0] * layout.active_start + scaled[lane :: layout.lanes]
    for index, weights in enumerate(cut(cell_weights(layout, challenges), layout.blinding_start)):
        yield f"w.{index}", weights
    offset = (1 << (layout.range_bits - 1)) * sum(powers(challenges.zeta, layout.projections))
    yield "w_const", [(pow(mu, 3, MODULUS) * offset - statement.d0) % MODULUS]

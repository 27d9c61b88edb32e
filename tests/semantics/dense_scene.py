"""`dense_kkt` at its toy size, filled by plain loops: 61 blocks of 8 weights, each with a small symmetric curvature."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scene import BLINDING, CAUGHT, HALO2, Fate, Forecast, Scene, parsed, scalars, split

from reference_prover.field import MODULUS
from zkapex_jax.circuit.relations import DENSE_TOY, build_sized

SIZE = DENSE_TOY
CIRCUIT = build_sized(SIZE)
TABLES = parsed(CIRCUIT)
B, BLOCKS = SIZE.block, range(SIZE.blocks)
PUBLIC = frozenset({"free"})
COMMITTED = {"curvature", "theta_p", "theta_u"}
UNUSED = Forecast(Fate.FREE, "cell of no number")
STILL = Forecast(Fate.SOME, "entry of C beside δ = 0, within its range: the statement still holds")
MULTIPLIER = Forecast(Fate.SOME, "limb of no residue where a weight is masked: within its range")


@dataclass(frozen=True)
class Integers:
    """The integers of the statement: curvature [block][i][j], the others [block][i]."""

    curvature: list
    theta_p: list
    theta_u: list
    free: list

    def delta(self, b: int) -> list[int]:
        return [u - p for u, p in zip(self.theta_u[b], self.theta_p[b], strict=True)]

    def product(self, b: int, i: int) -> int:
        """(C delta)_i of block b."""
        return sum(c * d for c, d in zip(self.curvature[b][i], self.delta(b), strict=True))

    def with_entry(self, name: str, where: tuple[int, ...], value: int) -> "Integers":
        """The same with one integer replaced."""
        return replace(self, **{name: _replaced(getattr(self, name), where, value)})


def block_holds(of: Integers, b: int) -> bool:
    """The statement about one block, directly: ranges, masked weights zero, |C delta| within the rounding on free weights."""
    entry, weight, residue = SIZE.curvature_offset, SIZE.weight_offset, SIZE.residue_offset
    within = lambda value, half: -half <= value < half
    ranges = all(within(c, entry) for row in of.curvature[b] for c in row)
    ranges = ranges and all(within(x, weight) for x in (*of.theta_p[b], *of.theta_u[b]))
    masked = all(of.free[b][i] or of.theta_u[b][i] == 0 for i in range(B))
    return ranges and masked and all(within(of.product(b, i), residue) for i in range(B) if of.free[b][i])


@lru_cache
def honest(seed: int = 1) -> Integers:
    """Random blocks; the free weights of each move to where C delta is zero, rounded."""
    rng = np.random.default_rng(seed)
    found = Integers([], [], [], [])
    for _ in BLOCKS:
        rows = rng.normal(0, 4, (12, B))
        curvature = np.clip(np.rint(rows.T @ rows / 4 + 30 * np.eye(B)), -128, 127).astype(int)
        theta, free = rng.integers(-3000, 3001, B), rng.random(B) >= 0.2
        delta = np.where(free, 0, -theta).astype(float)
        delta[free] = np.linalg.solve(curvature[np.ix_(free, free)].astype(float), -curvature[free].astype(float) @ delta)
        values = (curvature, theta, theta + np.rint(delta).astype(int), free.astype(int))
        for column, value in zip((found.curvature, found.theta_p, found.theta_u, found.free), values, strict=True):
            column.append(value.tolist())
    return found


def assign(of: Integers) -> dict[str, list[int]]:
    """Every advice and instance column. A number that does not fit keeps its low limbs; nothing is refused here."""
    columns = {name: [0] * TABLES.domain for name in (*TABLES.advice, *TABLES.instance)}
    for b in BLOCKS:
        for i in range(B):
            _weight(columns, of, b, i)
            for j in range(B):
                columns[f"curvature.{j % SIZE.lanes}"][SIZE.cell_row(b, i, j)] = of.curvature[b][i][j] % MODULUS
                columns[f"shared.{j % SIZE.lanes}"][SIZE.cell_row(b, i, j)] = of.delta(b)[j] % MODULUS
    draw = scalars("dense blinding")
    for name in columns:
        if split(name)[0] in COMMITTED:
            for row in range(SIZE.blinding_start, SIZE.blinding_start + SIZE.blinding_rows):
                columns[name][row] = draw()
    return columns


def _weight(columns: dict[str, list[int]], of: Integers, b: int, i: int) -> None:
    row, total = SIZE.weight_row(b, i), of.product(b, i)
    p, u, free = of.theta_p[b][i], of.theta_u[b][i], of.free[b][i]
    for name, value in (("theta_p", p), ("theta_u", u), ("delta", u - p), ("free", free), ("acc", total)):
        columns[name][row] = value % MODULUS
    limbs = (("limbs_p", p + SIZE.weight_offset, SIZE.weight_limbs), ("limbs_u", u + SIZE.weight_offset, SIZE.weight_limbs),
             ("residue", total * free + SIZE.residue_offset, 2))  # fmt: skip
    for name, value, count in limbs:
        for place in range(count):
            columns[f"{name}.{place}"][row] = value >> (SIZE.limb_bits * place) & (2**SIZE.limb_bits - 1)


@lru_cache
def scene() -> Scene:
    return Scene("dense_kkt, toy size", CIRCUIT, TABLES, assign(honest()), PUBLIC, _forecast(honest()))


def _forecast(of: Integers):
    def forecast(column: str, row: int) -> Forecast:
        family, lane = split(column)
        if row >= TABLES.usable:
            return HALO2
        if row >= SIZE.blinding_start:
            return BLINDING if family in COMMITTED and row < SIZE.blinding_start + SIZE.blinding_rows else UNUSED
        b, i = divmod(row, B)  # B = 8 lanes: one table row a weight
        if family == "curvature" and of.delta(b)[lane] == 0:
            return STILL
        return MULTIPLIER if family == "residue" and not of.free[b][i] else CAUGHT

    return forecast


def _replaced(nested: list, where: tuple[int, ...], value: int) -> list:
    head, *rest = where
    inner = _replaced(nested[head], tuple(rest), value) if rest else value
    return [*nested[:head], inner, *nested[head + 1 :]]

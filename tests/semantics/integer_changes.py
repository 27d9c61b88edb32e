"""Every integer of a claim, changed alone while all others stay: the cells that move with it.

The prover's best answer is to run the accumulator again; a change within one row then ends up in the last gate as it stood
in the step gate, so that rows may be judged one by one. Numbers of many rows (bits) are assigned and checked as a whole.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import enrol_scene
import fold_scene
from cell_bench import CellBench

from reference_prover.field import MODULUS, powers

#: What is added to an integer that stands in one cell: neighbours, a window away, far.
STEPS = (1, -1, 1 << 29, -(1 << 60), MODULUS // 2)

#: What is added to a number that bits spell (they hold it modulo their width), or to a public one.
SMALL_STEPS = (1, -1, 12345)

Changed = dict[str, list[int]]


@dataclass(frozen=True)
class InRows:
    """A family of integers, one a row of some columns: `columns(step)` are theirs with the step added to every integer."""

    name: str
    rows: range
    columns: Callable[[int], Changed]
    steps = STEPS


@dataclass(frozen=True)
class Whole:
    """One integer that many cells spell: `columns(step)` is the whole assignment with the step added."""

    name: str
    columns: Callable[[int], Changed]
    steps = SMALL_STEPS


def fold_changes(bench: CellBench) -> Iterator[InRows | Whole]:
    """Integers of `fold_kkt`: theta_p, theta_u, y and each row of G over all active cells, pads too; sigma, e, q; p; the
    slacks; and the public gamma, T1, T2, D."""
    size, (stated, claim, drawn) = fold_scene.SIZE, fold_scene.honest()
    mu, active, tail = drawn.mu, range(size.active_start, size.blinding_start), range(size.rows)
    power = lambda exponent: pow(mu, exponent, MODULUS)
    for lane in range(size.lanes):
        yield _row(bench, "θp, θu", active, {f"theta_p.{lane}": 1})
        yield _row(bench, "θp, θu", active, {f"theta_u.{lane}": 1})
        yield _row(bench, "y", active, {f"y.{lane}": power(4)})
        for rho in powers(drawn.rho, size.rows, power(6)):
            yield _row(bench, "G", active, {f"fold.{lane}": rho})
    for name, column, scale in (("σ", "y.0", power(4)), ("e", "y.1", power(4)), ("q", "q", 1)):
        yield _row(bench, name, tail, {column: scale})
    put = lambda **changes: fold_scene.assign(stated, replace(claim, **changes), drawn)
    for j, p in enumerate(claim.p):
        yield Whole("p", lambda step, j=j, p=p: put(p=[*claim.p[:j], p + step, *claim.p[j + 1 :]]))
    for i, slack in enumerate(claim.slacks):
        yield Whole("slacks", lambda step, i=i, slack=slack: put(slacks=(*claim.slacks[:i], slack + step, *claim.slacks[i + 1 :])))
    for name in ("gamma", "t1", "t2", "d"):
        value = getattr(stated, name)
        yield Whole("γ, T1, T2, D (public)", lambda step, name=name, value=value: fold_scene.assign(replace(stated, **{name: value + step}), claim, drawn))


def enrol_changes(bench: CellBench) -> Iterator[InRows | Whole]:
    """Integers of `enrol`: theta_p, theta_current and each row of G over all active cells, pads too; t; v; slack; and the
    public base weights and D0."""
    size, (stated, claim, drawn) = enrol_scene.SIZE, enrol_scene.honest()
    active, rho = range(size.active_start, size.blinding_start), powers(drawn.rho, size.client_rows + 2)
    last, tie = rho[size.client_rows :]
    for lane in range(size.lanes):
        delta, fold = f"delta.{lane}", f"fold.{lane}"
        yield _row(bench, "θp", active, {delta: 1, fold: (last + tie) % MODULUS})
        yield _row(bench, "f·θ0 (public)", active, {delta: MODULUS - 1, fold: MODULUS - last})
        yield _row(bench, "θ_current", active, {fold: MODULUS - tie})
        for weight in rho[: size.client_rows]:
            yield _row(bench, "G", active, {fold: weight})
    for column in range(size.cell_columns):
        start = column * size.blinding_start
        rows = range(max(0, size.bit_cells - start), max(0, min(size.blinding_start, size.cell_count - start)))
        yield _row(bench, "t", rows, {f"cells.{column}": 1})
    put = lambda **changes: enrol_scene.assign(stated, replace(claim, **changes), drawn)
    for index, v in enumerate(claim.v):
        yield Whole("v", lambda step, index=index, v=v: put(v=[*claim.v[:index], v + step, *claim.v[index + 1 :]]))
    yield Whole("slack", lambda step: put(slack=claim.slack + step))
    yield Whole("D0 (public)", lambda step: enrol_scene.assign(replace(stated, d0=stated.d0 + step), claim, drawn))


def _row(bench: CellBench, name: str, rows: range, scales: dict[str, int]) -> InRows:
    """The integer stands in each column times the column's scale."""
    return InRows(name, rows, lambda step: {column: ((bench.columns[column] + step * scale) % MODULUS).tolist() for column, scale in scales.items()})

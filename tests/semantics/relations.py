"""Random relations of a few clauses, with a witness that is made to satisfy them, nearly, or not."""

from dataclasses import dataclass

from clauses import ROWS, Cells, Clause, K, Masked, Member, Quadratic, Range, Same, Site, SumOfSquares, Witness
from hypothesis import strategies as st
from scene import parsed

from reference_prover.field import MODULUS
from reference_prover.tables import Tables
from zkapex_jax.circuit import Circuit, CircuitBuilder

#: The products of Quadratic and of squares stay far below p/2 at these widths.
WIDTHS = st.integers(2, 12)
LOOKED_UP = 5  # widest lookup: 32 of 57 rows
NEAR = st.sampled_from([0] * 12 + [1, -1, 5])


@dataclass(frozen=True)
class Relation:
    """Integer columns by whether they are committed (else the prover's own advice), and clauses about them."""

    committed: dict[str, bool]
    clauses: tuple[Clause, ...]

    def holds(self, of: Witness) -> bool:
        return all(clause.holds(of) for clause in self.clauses)

    def circuit(self) -> Circuit:
        builder = CircuitBuilder("random", K)
        columns = {name: builder.instance(name, committed=True) for name, committed in self.committed.items() if committed}
        columns |= {name: builder.advice(name) for name, committed in self.committed.items() if not committed}
        on, first, last = (builder.fixed(name) for name in ("on", "first", "last"))
        builder.run(on, 0, ROWS)
        builder.run(first, 0, 1)
        builder.run(last, ROWS, 1)
        site = Site(builder, columns, on, first, last)
        for clause in self.clauses:
            clause.declare(site)
        return builder.build()

    def tables(self) -> Tables:
        return parsed(self.circuit())

    def fill(self, tables: Tables, of: Witness, greedy: bool) -> Cells:
        """The prover's best columns: the integers, and what each clause wants beside them."""
        cells = {name: list(of[name]) for name in self.committed}
        for clause in self.clauses:
            cells |= clause.fill(of, greedy)
        missing = (*tables.advice, *tables.instance)
        return {name: [value % MODULUS for value in cells.get(name, [])] + [0] * (tables.domain - len(cells.get(name, []))) for name in missing}


@st.composite
def relations(draw: st.DrawFn) -> tuple[Relation, dict[str, list[int]]]:
    """A relation over x, y, z and a witness; every column has a range, so that the integers are determined by their cells."""
    committed = {name: draw(st.booleans()) for name in "xyz"}
    widths = {name: draw(WIDTHS) for name in "xyz"}
    of = {name: draw(st.lists(_entries(width), min_size=ROWS, max_size=ROWS)) for name, width in widths.items()}
    clauses: list[Clause] = []
    kinds = draw(st.sets(st.sampled_from(["quadratic", "masked", "squares", "member", "same"]), min_size=1))
    if "quadratic" in kinds:
        quadratic = Quadratic("x", "y", "z", draw(st.tuples(*[st.integers(-3, 3)] * 3)))
        of["z"][:-1] = quadratic.expected(of)
        widths["z"] = min(32, max(width_of(value) for value in of["z"]) + draw(st.integers(0, 1)))
        of["z"][draw(st.integers(0, ROWS - 1))] += draw(NEAR)
        clauses.append(quadratic)
    if "masked" in kinds:
        clauses.append(_masked(draw, of))
    if "squares" in kinds:
        clauses.append(SumOfSquares("y", sum(y * y for y in of["y"]) + draw(NEAR) + draw(st.sampled_from([0, 3, 1 << 20])), 26))
    if "same" in kinds:
        clauses.append(_same(draw, of))
    clauses += [Range(name, width, width <= LOOKED_UP and draw(st.booleans())) for name, width in widths.items()]
    if "member" in kinds:
        pairs = {*zip(of["x"], of["y"], strict=True), *draw(st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), max_size=4))}
        kept = sorted(pairs)[draw(st.sampled_from([0] * 9 + [1])) :]
        clauses.append(Member("x", "y", tuple(kept)))
    return Relation(committed, tuple(draw(st.permutations(clauses)))), of


def width_of(value: int) -> int:
    """Bits of the smallest window that holds a signed value; at least 2."""
    return max(2, (value if value >= 0 else -value - 1).bit_length() + 1)


def _entries(width: int) -> st.SearchStrategy[int]:
    """Mostly within the window, often at its edges, now and then just outside or far away."""
    half = 1 << (width - 1)
    inside = st.integers(-half, half - 1) | st.sampled_from([-half, half - 1, 0, 1])
    outside = st.sampled_from([half, -half - 1, 2 * half, (MODULUS - 1) // 2, 1 << 130])
    return st.integers(0, 149).flatmap(lambda roll: outside if roll == 0 else inside)


def _masked(draw: st.DrawFn, of: dict[str, list[int]]) -> Masked:
    mask = draw(st.lists(st.integers(0, 1), min_size=ROWS, max_size=ROWS))
    of["x"][:] = [x if kept else draw(st.sampled_from([0] * 59 + [x])) for x, kept in zip(of["x"], mask, strict=True)]
    return Masked("x", tuple(mask))


def _same(draw: st.DrawFn, of: dict[str, list[int]]) -> Same:
    (x, y), (i, j) = draw(st.permutations("xyz"))[:2], draw(st.tuples(*[st.integers(0, ROWS - 1)] * 2))
    if draw(st.integers(0, 7)):
        of[x][i] = of[y][j]
    return Same(x, i, y, j)

"""Hypothesis strategies: expressions over given columns, and whole circuits."""

from hypothesis import strategies as st

from zkapex_jax.bounds import FIELD_MODULUS
from zkapex_jax.circuit import Circuit, CircuitBuilder
from zkapex_jax.circuit.columns import Column
from zkapex_jax.circuit.expression import Constant, Expression, Negated, Product, Sum

EDGES = [0, 1, 2, FIELD_MODULUS // 2, FIELD_MODULUS // 2 + 1, FIELD_MODULUS - 2, FIELD_MODULUS - 1]


def field_elements() -> st.SearchStrategy[int]:
    return st.sampled_from(EDGES) | st.integers(0, FIELD_MODULUS - 1)


def expressions(columns: list[Column], constants: st.SearchStrategy[int] | None = None) -> st.SearchStrategy[Expression]:
    """Trees of the five kinds; sums within sums and products within products occur too."""
    leaf = st.builds(lambda column, rotation: column.at(rotation), st.sampled_from(columns), st.integers(-2, 2))
    leaf |= st.builds(Constant, field_elements() if constants is None else constants)

    def grow(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        parts = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.builds(Sum, parts) | st.builds(Product, parts) | st.builds(Negated, inner)

    return st.recursive(leaf, grow, max_leaves=9)


def sample_columns() -> list[Column]:
    """Four columns, one of each class, of a circuit that nobody else sees."""
    builder = CircuitBuilder("test", 5)
    return [builder.advice("a"), builder.fixed("f"), builder.instance("i.0", committed=True), builder.instance("i.1")]


@st.composite
def circuits(draw: st.DrawFn) -> Circuit:
    """Circuits with everything that tables can hold."""
    builder = CircuitBuilder("test", draw(st.integers(5, 9)), {"preset": "none", "rows": draw(st.integers(0, 99))}, max_degree=9)
    advice = [builder.advice(f"a.{i}") for i in range(draw(st.integers(1, 3)))]
    fixed = [builder.fixed(f"f.{i}") for i in range(draw(st.integers(1, 3)))]
    committed = [builder.instance(f"c.{i}", committed=True) for i in range(draw(st.integers(0, 2)))]
    plain = [builder.instance(f"p.{i}") for i in range(draw(st.integers(0, 2)))]
    columns = [*advice, *fixed, *committed, *plain]
    for column in fixed:
        _runs(draw, builder, column)
    polys = expressions([*advice, *fixed]).map(lambda poly: poly + columns[-1])
    for i in range(draw(st.integers(0, 3))):
        builder.gate(f"gate.{i}", draw(st.lists(polys, min_size=1, max_size=2)))
    for i in range(draw(st.integers(0, 2))):
        width = draw(st.integers(1, 2))
        builder.lookup(f"lookup.{i}", [advice[0] + j for j in range(width)], [fixed[0].at(j) for j in range(width)])
    for i in range(draw(st.integers(0, 3))):
        builder.copy(advice[0], i, draw(st.sampled_from(columns)), i + 5)
    for i in range(draw(st.integers(0, 2))):
        builder.region(f"region_{i}", 7 * i, draw(st.integers(1, 7)))
    return builder.build()


def _runs(draw: st.DrawFn, builder: CircuitBuilder, column: Column) -> None:
    for start in draw(st.lists(st.integers(0, 4), unique=True)):
        builder.run(column, 4 * start, draw(st.integers(1, 4)), draw(st.integers(1, FIELD_MODULUS - 1)))

"""Random circuits with columns that often satisfy them: everything that tables can hold, filled in the order of the columns.

Inputs are drawn, joined where copies join them; each output is a formula of what stands before it; looked-up tuples are drawn
from their table. Then, now and then, one cell is spoiled. Nothing is known beforehand about whether the tables are satisfied.
"""

from dataclasses import dataclass, field

from formulas import ELEMENTS, Applied, Leaf, formulas, read
from hypothesis import assume
from hypothesis import strategies as st

from reference_prover.field import MODULUS
from zkapex_jax.circuit import Circuit, CircuitBuilder
from zkapex_jax.errors import InputError

K, DOMAIN = 5, 32
ROWS = 22  # rows that hold data; at most 10 belong to Halo2
FIRST, LAST = 3, 15  # tame gates start on rows 3 to 8 and end before row 15, so that rotations up to 2 meet data
WIDEST = 9  # degree


@dataclass
class Draft:
    """A circuit in the making and its columns' cells."""

    builder: CircuitBuilder
    columns: dict[str, object] = field(default_factory=dict)
    cells: dict[str, list[int]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    held: list[tuple[str, int]] = field(default_factory=list)  # cells that a constraint gives no choice
    wild: bool = False

    def add(self, kind: str, name: str, values: list[int]) -> None:
        declare = {"advice": self.builder.advice, "fixed": self.builder.fixed, "plain": self.builder.instance,
                   "committed": lambda one: self.builder.instance(one, committed=True)}  # fmt: skip
        self.columns[name], self.kinds[name] = declare[kind](name), kind
        self.cells[name] = values + [0] * (DOMAIN - len(values))

    def of(self, *kinds: str) -> list[str]:
        return [name for name, kind in self.kinds.items() if kind in kinds]

    def span(self, draw: st.DrawFn) -> tuple[int, int]:
        """First row and number of rows on which a constraint is read."""
        if not self.wild:
            return draw(st.integers(FIRST, 8)), draw(st.integers(1, LAST - 8))
        start = draw(st.sampled_from([0, 1, 19, 23, 24, 25]) | st.integers(0, 25))
        return start, draw(st.integers(1, max(1, min(3, 26 - start))))

    def place(self, name: str, row: int, value: int) -> None:
        """A cell that a constraint wants to hold that value; rows wrap around."""
        self.cells[name][row % DOMAIN] = value
        if row % DOMAIN < ROWS:
            self.held.append((name, row % DOMAIN))

    def selector(self, name: str, start: int, count: int) -> None:
        self.add("fixed", name, [0] * start + [1] * count)
        self.builder.run(self.columns[name], start, count)


@st.composite
def circuits(draw: st.DrawFn, wild: bool = False) -> tuple[Circuit, dict[str, list[int]]]:
    """A circuit of 2^5 rows and every advice and instance column, zero on the rows of Halo2. In a wild one constraints stand
    anywhere, so that rotations wrap around the domain and meet the rows that the proof system keeps."""
    draft = Draft(CircuitBuilder("random", K, max_degree=WIDEST), wild=wild)
    for kind, most in (("committed", 2), ("plain", 2), ("advice", 3), ("fixed", 2)):
        for index in range(draw(st.integers(1 if kind == "advice" else 0, most))):
            draft.add(kind, f"{kind}.{index}", draw(st.lists(ELEMENTS, min_size=ROWS, max_size=ROWS) | st.just([0] * ROWS)))
    _copies(draw, draft)
    for name in draft.of("fixed"):
        for row, value in enumerate(draft.cells[name]):
            if value:
                draft.builder.run(draft.columns[name], row, 1, value)
    for index in range(draw(st.integers(0, 2))):
        _lookup(draw, draft, index)
    for index in range(draw(st.integers(0, 3))):
        _output(draw, draft, index)
    try:
        circuit = draft.builder.build()
    except InputError as error:  # many rotations keep more rows than a wild constraint knew
        assume(not wild or error.code != "circuit.row")
        raise
    kept = [0] * circuit.unusable
    columns = {name: draft.cells[name][: circuit.usable_rows] + kept for name in draft.of("advice", "committed", "plain")}
    for name, row in draw(st.lists(_spoiled(draft), max_size=2)):
        columns[name][row] = (columns[name][row] + draw(st.integers(1, MODULUS - 1))) % MODULUS
    return circuit, columns


def _spoiled(draft: Draft) -> st.SearchStrategy:
    """A cell of the columns that are not fixed; more often one that a gate, lookup or copy holds."""
    anywhere = st.tuples(st.sampled_from(draft.of("advice", "committed", "plain")), st.integers(0, ROWS - 1))
    return st.sampled_from(draft.held) | anywhere if draft.held else anywhere


def _copies(draw: st.DrawFn, draft: Draft) -> None:
    """Join cells of any kinds and give each class one value, that of a fixed cell where it has one."""
    place = st.tuples(st.sampled_from(sorted(draft.cells)), st.integers(0, ROWS - 1))
    classes: list[set] = []
    for left, right in draw(st.lists(st.tuples(place, place), max_size=5)):
        try:
            draft.builder.copy(draft.columns[left[0]], left[1], draft.columns[right[0]], right[1])
        except InputError:  # a cell with itself, or twice
            continue
        joined = {left, right}.union(*(one for one in classes if one & {left, right}))
        classes = [one for one in classes if not one & {left, right}] + [joined]
    for joined in classes:
        value = next((draft.cells[name][row] for name, row in sorted(joined) if draft.kinds[name] == "fixed"), draw(ELEMENTS))
        for name, row in joined:
            if draft.kinds[name] != "fixed":
                draft.cells[name][row] = value
                draft.held.append((name, row))


def _lookup(draw: st.DrawFn, draft: Draft, index: int) -> None:
    """A selected tuple of new cells is some row of one or two columns that exist; (0, 0) where it is not selected."""
    tables = draw(st.lists(st.sampled_from(sorted(draft.cells)), min_size=1, max_size=2))
    (start, count), rotation = draft.span(draw), draw(st.sampled_from([0, 0, 1, -1]))
    rows = draw(st.lists(st.integers(0, ROWS), min_size=count, max_size=count))  # row ROWS holds zeros
    draft.selector(f"look.{index}", start, count)
    inputs = []
    for side, table in enumerate(tables):
        name = f"in{index}.{side}"
        draft.add("advice", name, [0] * ROWS)
        for offset, row in enumerate(rows):
            draft.place(name, start + rotation + offset, draft.cells[table][row])
        inputs.append(draft.columns[f"look.{index}"] * draft.columns[name].at(rotation))
    draft.builder.lookup(f"lookup.{index}", inputs, [draft.columns[table] for table in tables])


def _output(draw: st.DrawFn, draft: Draft, index: int) -> None:
    """A new advice column that is a formula of the others where a selector is 1, read at some rotation; perhaps made public."""
    names, name = sorted(draft.cells), f"out.{index}"
    (start, count), rotation = draft.span(draw), draw(st.sampled_from([0, 1, -1, 2]))
    formula = draw(formulas(names, leaves=5).filter(lambda one: _degree(one) < WIDEST))
    leaf = lambda one, row: draft.cells[one.column][(row + one.rotation) % DOMAIN]
    draft.selector(f"on.{index}", start, count)
    draft.add("advice", name, [0] * ROWS)
    for row in range(start, start + count):
        value = read(formula, lambda one, row=row: leaf(one, row), lambda number: number) % MODULUS
        draft.place(name, row + rotation, value)
    poly = read(formula, lambda one: draft.columns[one.column].at(one.rotation), lambda number: number)
    draft.builder.gate(f"gate.{index}", [draft.columns[f"on.{index}"] * (draft.columns[name].at(rotation) - poly)])
    for plain in draft.of("plain")[:1] if draw(st.booleans()) and 0 <= start + rotation < ROWS else ():
        draft.cells[plain][ROWS - 1 - index] = draft.cells[name][start + rotation]
        draft.builder.copy(draft.columns[name], start + rotation, draft.columns[plain], ROWS - 1 - index)


def _degree(formula: Leaf | Applied | int) -> int:
    if isinstance(formula, Applied):
        degrees = [_degree(argument) for argument in formula.arguments]
        return {"*": sum(degrees), "cube": 3 * degrees[0]}.get(formula.operator, max(degrees))
    return int(isinstance(formula, Leaf))

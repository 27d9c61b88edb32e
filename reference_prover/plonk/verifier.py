"""The verifier, round by round."""

from __future__ import annotations

from typing import Sequence

from ..curve import Point
from ..errors import FieldError, ProofRefused, StatementError
from ..field import MODULUS, element
from .circuit import Circuit
from .identities import combined
from .key import VerifyingKey
from .layout import fields
from .multiopen import Terms, check_all
from .openings import QUOTIENT, RANDOM, evaluated
from .queries import Column, Kind, Opening
from .transcript import Reader, Transcript
from .vanishing import piece_weights, quotient_value
from .view import Challenges, point_view

Columns = Sequence[Sequence[int]]


def verify(key: VerifyingKey, committed: Sequence[Point], plain: Columns, outer: bytes, proof: bytes) -> None:
    """Accepts by returning. `committed`: the commitments of the committed instance columns, which the caller vouches for; `plain`: the
    cells of the plain ones, at most the usable rows each, canonical (their number enters the transcript); `outer`: 64 bytes.

    Raises ProofRefused for any bytes that are not a proof of these columns: length, points, scalars, identities, opening.
    Raises StatementError or FieldError for columns that do not fit the tables: that is the caller's mistake."""
    circuit = key.circuit
    check_columns(circuit, len(committed), plain)
    transcript = Reader(key.curve, outer, fields(circuit), proof)
    bind(key, committed, plain, transcript)
    commitments: dict[Column, Terms] = _known(key, committed)

    def read(kind: Kind, count: int, first: int = 0) -> None:
        for index in range(first, first + count):
            commitments[Column(kind, index)] = [(1, transcript.read_point())]

    # Round 1: the witness. Round 2: each lookup's permuted columns. Round 3: the running products.
    read(Kind.ADVICE, len(circuit.tables.advice))
    theta = transcript.challenge()
    for index in range(len(circuit.tables.lookups)):
        read(Kind.LOOKUP_INPUT, 1, index)
        read(Kind.LOOKUP_TABLE, 1, index)
    challenges = Challenges(theta, transcript.challenge(), transcript.challenge())
    read(Kind.PERMUTATION_PRODUCT, len(circuit.sets))
    read(Kind.LOOKUP_PRODUCT, len(circuit.tables.lookups))
    transcript.challenge()  # of an argument of the library that tables do not use
    # Round 4: a random polynomial. Round 5: the quotient. Round 6: all evaluations at x.
    read(RANDOM.kind, 1)
    y = transcript.challenge()
    quotient_pieces = transcript.read_points(circuit.domain.pieces)
    x = transcript.challenge()
    values = {opening: transcript.read_scalar() for opening in evaluated(circuit)}
    commitments[QUOTIENT] = list(zip(piece_weights(circuit.domain, x), quotient_pieces))
    values[Opening(QUOTIENT, 0)] = _expected_quotient(circuit, values, plain, x, y, challenges)
    # Round 7: the opening.
    check_all(circuit, key.srs, key.curve, commitments, values, x, transcript)


def bind(key: VerifyingKey, committed: Sequence[Point], plain: Columns, transcript: Transcript) -> None:
    """Round 0: the key, and the instance: commitments of the committed columns, lengths and cells of the plain ones."""
    transcript.absorb_scalar(key.transcript_repr)
    for point in committed:
        transcript.absorb_point(point)
    for cells in plain:
        transcript.absorb_column(cells)


def check_columns(circuit: Circuit, committed: int, plain: Columns) -> None:
    """As many columns as the tables say, canonical cells on usable rows. Raises StatementError, FieldError."""
    expected = len(circuit.tables.instance) - circuit.committed
    for name, count, wanted in (("committed", committed, circuit.committed), ("plain", len(plain), expected)):
        if count != wanted:
            raise StatementError(f"the tables have {wanted} such columns", field=name, value=count)
    for cells in plain:
        check_cells(circuit, cells, "plain")


def check_cells(circuit: Circuit, cells: Sequence[int], name: str) -> None:
    """One column's cells. Raises StatementError, FieldError."""
    if len(cells) > circuit.usable:
        raise StatementError(f"a column has at most {circuit.usable} rows", field=name, value=len(cells))
    for cell in cells:
        element(cell, name)


def _known(key: VerifyingKey, committed: Sequence[Point]) -> dict[Column, Terms]:
    known = {Kind.FIXED: key.fixed, Kind.SIGMA: key.sigma, Kind.INSTANCE: committed}
    return {Column(kind, index): [(1, point)] for kind, points in known.items() for index, point in enumerate(points)}


def _expected_quotient(circuit: Circuit, values: dict[Opening, int], plain: Columns, x: int, y: int, challenges: Challenges) -> int:
    """What the quotient must be at x for the identities to hold."""
    try:
        view = point_view(circuit, x, values | plain_values(circuit, plain, x))
    except FieldError as error:
        raise ProofRefused("the challenge x is a row of the domain", field="proof") from error
    return quotient_value(circuit.domain, x, combined(circuit, view, challenges, y))


def plain_values(circuit: Circuit, plain: Columns, x: int) -> dict[Opening, int]:
    """The plain columns at the points where they are read: sum_i cell_i l_(i - rotation)(x), one pass of `lagrange` for all."""
    openings = [one for one in circuit.queries.instance if not circuit.is_committed(one.column)]
    if not openings:
        return {}
    n, longest = circuit.domain.n, max(map(len, plain), default=0)
    rows = sorted({(row - rotation) % n for rotation in {one.rotation for one in openings} for row in range(longest)})
    lagrange = dict(zip(rows, circuit.domain.lagrange(x, rows)))
    result = {}
    for opening in openings:
        cells = plain[opening.column.index - circuit.committed]
        result[opening] = sum(cell * lagrange[(row - opening.rotation) % n] for row, cell in enumerate(cells) if cell) % MODULUS
    return result

"""The prover, round by round. Each method writes its part of the proof; the order of all random draws is the library's.

It does not check that the columns satisfy the tables: if they do not, every verifier refuses the proof (`checker.check` says why).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Sequence

from ..curve import Point
from ..errors import WitnessError
from ..expression import Cell, Expression, Read
from ..field import MODULUS
from . import lookup, permutation, vanishing
from .circuit import Circuit
from .coset import joined_identities
from .key import ProvingKey
from .layout import fields
from .multiopen import open_all
from .openings import QUOTIENT, RANDOM, evaluated
from .polynomial import Coefficients, Evaluations, combine, interpolate
from .queries import Column, Kind
from .random import ChaCha20, OperatingSystem, Randomness, scalars
from .transcript import Writer, Written
from .verifier import bind, check_cells, check_columns
from .view import Challenges


@dataclass(frozen=True)
class Committed:
    """A committed instance column: its cells, and the commitment that the verifier holds."""

    values: Sequence[int]
    commitment: Point


def prove(
    key: ProvingKey,
    committed: Sequence[Committed],
    plain: Sequence[Sequence[int]],
    advice: Sequence[Sequence[int]],
    outer: bytes,
    rng: ChaCha20 | None = None,
    trace: list[Written] | None = None,
) -> bytes:
    """The proof's bytes. Columns in the order of the tables; rows beyond a column's end are 0. `rng`: None for the operating system's
    generator; a ChaCha20 makes the proof reproducible and hides nothing from whoever knows its seed. `trace` collects what is written.

    Raises StatementError, WitnessError or FieldError for columns that do not fit the tables, WitnessError for an input that is
    not in its lookup's table."""
    circuit = key.verifying.circuit
    check_columns(circuit, len(committed), plain)
    if len(advice) != len(circuit.tables.advice):
        raise WitnessError(f"the tables have {len(circuit.tables.advice)} such columns", field="advice", value=len(advice))
    for name, columns in (("committed", [one.values for one in committed]), ("advice", advice)):
        for cells in columns:
            check_cells(circuit, cells, name)
    writer = Writer(key.verifying.curve, outer, fields(circuit), trace)
    bind(key.verifying, [one.commitment for one in committed], plain, writer)
    prover = _Prover(key, writer, rng or OperatingSystem())
    prover.instance([one.values for one in committed] + list(plain))
    prover.round_1_advice(advice)
    prover.round_2_lookups()
    prover.round_3_products()
    prover.round_4_random()
    prover.round_5_quotient()
    prover.round_6_evaluations()
    prover.round_7_opening()
    return writer.proof()


class _Prover:
    """The state between rounds: the cells of each column, and each polynomial by its coefficients."""

    def __init__(self, key: ProvingKey, transcript: Writer, source: Randomness) -> None:
        self.key, self.transcript, self.source = key, transcript, source
        self.circuit: Circuit = key.verifying.circuit
        self.domain, self.srs = self.circuit.domain, key.verifying.srs
        self.cells: dict[Column, list[int]] = {}
        self.polynomials: dict[Column, Coefficients] = {}
        for kind, known in ((Kind.FIXED, key.fixed_polynomials), (Kind.SIGMA, key.sigma_polynomials)):
            self.polynomials |= {Column(kind, index): polynomial for index, polynomial in enumerate(known)}
        self.cells |= {Column(Kind.FIXED, index): list(cells) for index, cells in enumerate(self.circuit.tables.fixed.values())}

    def instance(self, columns: Sequence[Sequence[int]]) -> None:
        """Instance columns, zero beyond their end; no blinding is added."""
        for index, cells in enumerate(columns):
            self._add(Column(Kind.INSTANCE, index), [*cells, *[0] * (self.domain.n - len(cells))])

    def round_1_advice(self, columns: Sequence[Sequence[int]]) -> None:
        """Advice with random cells on the unusable rows."""
        for index, cells in enumerate(columns):
            blinding = scalars(self.source, self.circuit.tables.unusable)
            self._add(Column(Kind.ADVICE, index), [*cells, *[0] * (self.circuit.usable - len(cells)), *blinding])
        self._commit(Column(Kind.ADVICE, index) for index in range(len(columns)))

    def round_2_lookups(self) -> None:
        """theta; then A' and S' of each lookup, blinded."""
        self.theta = self.transcript.challenge()
        unusable = self.circuit.tables.unusable
        self.joined = [self._joined(one.inputs, one.table) for one in self.circuit.tables.lookups]
        for index, argument in enumerate(self.circuit.tables.lookups):
            permuted = lookup.permute(argument, *self.joined[index])
            kinds = (Kind.LOOKUP_INPUT, Kind.LOOKUP_TABLE)
            for kind, cells in zip(kinds, permuted):
                self._add(Column(kind, index), cells + scalars(self.source, unusable))
            self._commit(Column(kind, index) for kind in kinds)

    def round_3_products(self) -> None:
        """beta, gamma; then the running products of the permutation and of the lookups, blinded. One more challenge is drawn
        for an argument of the library that tables do not use."""
        self.challenges = Challenges(self.theta, self.transcript.challenge(), self.transcript.challenge())
        self._products(Kind.PERMUTATION_PRODUCT, permutation.products(self.circuit, self.cells, self.key.sigma, self.challenges))
        running = []
        for index, (inputs, table) in enumerate(self.joined):
            permuted = [self.cells[Column(kind, index)][: self.circuit.usable] for kind in (Kind.LOOKUP_INPUT, Kind.LOOKUP_TABLE)]
            running.append(lookup.product(inputs, table, permuted, self.challenges))
        self._products(Kind.LOOKUP_PRODUCT, running)
        self.transcript.challenge()

    def round_4_random(self) -> None:
        """A random polynomial."""
        self.polynomials[RANDOM] = vanishing.random_polynomial(self.domain, self.source)
        self.transcript.write_point(self.srs.commit(self.polynomials[RANDOM].values))

    def round_5_quotient(self) -> None:
        """y; then the quotient of the joined identities by X^n - 1, in blinded pieces."""
        y = self.transcript.challenge()
        numerator = joined_identities(self.circuit, self.polynomials, self.challenges, y)
        self.pieces = vanishing.pieces(self.domain, vanishing.quotient(self.domain, numerator), self.source)
        for piece in self.pieces:
            self.transcript.write_point(self.srs.commit(piece.values))

    def round_6_evaluations(self) -> None:
        """x; then every polynomial where it is read."""
        self.x = self.transcript.challenge()
        for column, rotation in evaluated(self.circuit):
            self.transcript.write_scalar(self.polynomials[column].at(self.domain.rotate(self.x, rotation)))

    def round_7_opening(self) -> None:
        """The opening of all of them; the quotient stands as the combination of its pieces at x."""
        splitting = pow(self.x, self.domain.n - 1, MODULUS)
        self.polynomials[QUOTIENT] = combine(self.pieces, splitting)
        open_all(self.circuit, self.srs, self.polynomials, self.x, self.transcript)

    def _add(self, column: Column, cells: list[int]) -> None:
        self.cells[column] = cells
        self.polynomials[column] = interpolate(self.domain, Evaluations(cells))

    def _commit(self, columns: Iterable[Column]) -> None:
        for column in columns:
            self.transcript.write_point(self.srs.commit_lagrange(self.cells[column]))

    def _products(self, kind: Kind, running: Sequence[list[int]]) -> None:
        for index, cells in enumerate(running):
            self._add(Column(kind, index), cells + scalars(self.source, self.circuit.blinding_factors))
            self._commit([Column(kind, index)])

    def _joined(self, inputs: Sequence[Expression], table: Sequence[Expression]) -> tuple[list[int], list[int]]:
        """A and S on the usable rows."""
        sides: tuple[list[int], list[int]] = ([], [])
        for row in range(self.circuit.usable):
            read = self._reader(row)
            for side, expressions in zip(sides, (inputs, table)):
                side.append(lookup.joined(expressions, read, self.theta))
        return sides

    def _reader(self, row: int) -> Read:
        def read(cell: Cell) -> int:
            return self.cells[self.circuit.columns[cell.column]][(row + cell.rotation) % self.domain.n]

        return read

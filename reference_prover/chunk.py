"""What both relations share when a chunk becomes bytes: commitments with their encodings, and the message that a client sends.

A message is the commitments of the rounds, 48 bytes each, section by section in the order of the transcript, and then the proof
of `plonk`. Every commitment in it hides something, so the point at infinity is refused; what a statement names may be public.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Sequence

from .curve import Curve, Point, decode_hiding
from .enrolment.statement import EnrolmentStatement
from .errors import PointError, ProofRefused, StatementError
from .plonk.layout import POINT
from .srs import Srs
from .statement import Statement
from .tables import Tables


@dataclass(frozen=True)
class Commitments:
    """Points and their 48-byte encodings, which the transcript absorbs."""

    data: tuple[bytes, ...]
    points: tuple[Point, ...]

    @classmethod
    def of(cls, curve: Curve, points: Iterable[Point]) -> "Commitments":
        """Of points that were computed here."""
        points = tuple(points)
        return cls(tuple(curve.encode(point) for point in points), points)

    @classmethod
    def decode(cls, curve: Curve, data: Iterable[bytes], what: str, *, hiding: bool) -> "Commitments":
        """Of bytes from outside: canonical, on the curve, in the subgroup, and where they hide something not at infinity. Raises
        PointError naming `what` and the index."""
        data = tuple(data)
        read = (lambda one, name: decode_hiding(curve, one, name)) if hiding else curve.decode
        return cls(data, tuple(read(_compressed(one, f"{what}[{i}]"), f"{what}[{i}]") for i, one in enumerate(data)))

    def require(self, count: int, what: str) -> None:
        """Raises StatementError unless there are so many."""
        if len(self.points) != count:
            raise StatementError(f"{count} commitments are needed", field=what, value=len(self.points))

    def by_lane(self, lanes: int) -> list[list[Point]]:
        """Stored row by row, lanes within: the rows of each lane."""
        return [list(self.points[lane::lanes]) for lane in range(lanes)]


def commit_columns(srs: Srs, columns: Iterable[tuple[str, Sequence[int]]]) -> Commitments:
    """Commitments of named columns, in their order."""
    return Commitments.of(srs.curve, [srs.commit_lagrange(values) for _, values in columns])


def parse_message(curve: Curve, message: bytes, sizes: Sequence[int]) -> tuple[list[Commitments], bytes]:
    """(sections of `sizes[i]` commitments each, proof). Raises ProofRefused where bytes are missing or a commitment is no point
    or at infinity; the proof's own length is for `plonk.verify` to judge."""
    head = sum(sizes) * POINT
    if len(message) < head:
        raise ProofRefused(f"too few bytes for {sum(sizes)} commitments", field="message", value=len(message))
    sections, at = [], 0
    try:
        for index, size in enumerate(sizes):
            data = [message[start : start + POINT] for start in range(at, at + size * POINT, POINT)]
            sections.append(Commitments.decode(curve, data, f"message section {index}", hiding=True))
            at += size * POINT
    except PointError as error:
        raise ProofRefused(f"a commitment of the message is malformed: {error}", field="message") from error
    return sections, message[head:]


def require_srs(srs: Srs, statement: Statement | EnrolmentStatement) -> None:
    """Raises StatementError unless the statement names this reference string."""
    if statement.srs != srs.digest:
        raise StatementError("the statement names another reference string", field="srs", value=statement.srs.hex())


def in_table_order(tables: Tables, columns: dict[str, object], committed: bool) -> list:
    """The values for the committed, or for the plain, instance columns, as the tables order them."""
    return [columns[name] for name, kind in tables.instance.items() if kind == committed]


def _compressed(data: bytes, what: str) -> bytes:
    if len(data) != POINT:
        raise PointError("a compressed point takes 48 bytes", field=what, value=len(data))
    return data

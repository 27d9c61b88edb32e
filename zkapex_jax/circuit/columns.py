"""Columns of a circuit. A column knows the circuit that it belongs to and stands for its own cell in a formula."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from zkapex_jax.circuit.expression import Cell, Expression, Operand
from zkapex_jax.errors import InputError

#: Cells further away than this are refused: each rotation costs an opening and usable rows.
MAX_ROTATION = 8

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}(\.(0|[1-9][0-9]{0,3}))?\Z")


class Kind(StrEnum):
    """Who fills a column: the prover (advice), the tables (fixed), the statement (instance)."""

    ADVICE = "advice"
    FIXED = "fixed"
    INSTANCE = "instance"


@dataclass(frozen=True)
class Column(Operand):
    """Column ``index`` of its kind. A ``committed`` instance column is known to the verifier by its commitment only."""

    kind: Kind
    index: int
    name: str
    committed: bool = False
    owner: object = field(default=None, repr=False)

    def expression(self) -> Expression:
        return Cell(self, 0)

    def at(self, rotation: int) -> Expression:
        """The cell ``rotation`` rows below; negative is above. Rows wrap around the domain.

        Raises:
            InputError: not an integer from −8 to 8.
        """
        if type(rotation) is not int or abs(rotation) > MAX_ROTATION:
            raise InputError(f"a rotation is an integer from {-MAX_ROTATION} to {MAX_ROTATION}",
                             code="circuit.rotation", field=self.name, value=rotation)  # fmt: skip
        return Cell(self, rotation)

    def next(self) -> Expression:
        return self.at(1)

    @property
    def family(self) -> str:
        """Name without the lane: ``theta_p`` of ``theta_p.3``."""
        return self.name.partition(".")[0]


def check_column_name(name: object) -> str:
    """The name, if it is lower case words with at most one numeric suffix (``theta_p.3``).

    Raises:
        InputError: it is not.
    """
    if not isinstance(name, str) or not _NAME.match(name):
        raise InputError("a column's name is like theta_p or theta_p.3", code="circuit.name", field="column", value=name)
    return name

"""The check before proving: assign an honest witness under random challenges and read every constraint.

Challenges come from the operating system, not from commitments: a witness that passes would be provable, except with
probability about 2^-126 (2^-J for too few projections); it proves nothing to anybody else.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import tables as table_format
from .checker import Violation, check, explain_violation
from .enrolment import rounds as enrolment
from .enrolment import sums as four
from .enrolment.statement import EnrolmentStatement
from .enrolment.transcript import EnrolmentChallenges
from .enrolment.witness import EnrolmentWitness
from .layout import of_enrolment_tables, of_tables
from .rounds import online
from .rounds.frame import Columns
from .rounds.sums import broken, seven_sums
from .statement import Statement, require_rules
from .tables import Tables
from .transcript import Challenges
from .witness import Witness


@dataclass(frozen=True)
class Report:
    """Violations of one chunk, and the names of the sums behind a violated `fold.last`."""

    tables: Tables
    columns: Columns
    violations: list[Violation]
    sums: list[str]

    def explain(self, violation: Violation) -> str:
        return explain_violation(self.tables, violation)


def examine(tables: Tables, statement: Statement, witness: Witness, challenges: Challenges | None = None) -> Report:
    """Assign and check. Raises StatementError if T1 or T2 do not follow the rule, or sizes disagree; WitnessError."""
    layout = of_tables(tables)
    require_rules(statement, layout.rows)
    challenges = challenges or Challenges.random()
    claim, columns = online.run(tables, statement, witness, challenges)
    violations = check(tables, columns)
    ends_wrong = any(violation.gate == "fold.last" for violation in violations)
    return Report(tables, columns, violations, broken(seven_sums(layout, statement, claim, challenges)) if ends_wrong else [])


def check_chunk(tables_bytes: bytes, statement: Statement, witness: Witness) -> list[Violation]:
    """All violations of one chunk under random challenges. Raises SpecError on input that is not well formed."""
    return examine(table_format.parse(tables_bytes), statement, witness).violations


def examine_enrolment(
    tables: Tables, statement: EnrolmentStatement, witness: EnrolmentWitness, challenges: EnrolmentChallenges | None = None
) -> Report:
    """Assign and check one chunk of an enrolment. Raises StatementError or WitnessError if sizes disagree."""
    challenges = challenges or EnrolmentChallenges.random()
    claim, columns = enrolment.run(tables, statement, witness, challenges)
    violations = check(tables, columns)
    if not any(violation.gate == "enrol.last" for violation in violations):
        return Report(tables, columns, violations, [])
    sums = four.four_sums(of_enrolment_tables(tables), statement, claim, challenges)
    return Report(tables, columns, violations, four.broken(sums))


def check_enrolment_chunk(tables_bytes: bytes, statement: EnrolmentStatement, witness: EnrolmentWitness) -> list[Violation]:
    """All violations of one chunk's enrolment under random challenges; under a second for 63,744 weights and 64 rows. Raises
    SpecError on input that is not well formed."""
    return examine_enrolment(table_format.parse(tables_bytes), statement, witness).violations

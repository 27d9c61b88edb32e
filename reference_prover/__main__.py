"""Command line: `python -m reference_prover COMMAND`.

    check TABLES WITNESS [--statement FILE] [--explain]        every constraint of one chunk, for either relation's tables
    verify, verify-enrolment                                   the proofs of a bundle, of an enrolment (see `bundle`)

Exit code 0: no violation, accepted; 3: violations, refused; 2: bad input.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import safetensors, statement, tables
from .bundle_command import add_commands
from .enrolment.statement import EnrolmentStatement
from .enrolment.witness import from_arrays as enrolment_witness
from .errors import SpecError, StatementError, TablesError
from .layout import ENROL
from .precheck import Report, examine, examine_enrolment
from .witness import from_arrays

SHOWN = 20
RELATIONS = {statement.RELATION: (statement.Statement, from_arrays, examine), ENROL: (EnrolmentStatement, enrolment_witness, examine_enrolment)}


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    return options.run(options)


def _run_check(options: argparse.Namespace) -> int:
    try:
        report = _check(options)
    except SpecError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    _show(report, options.explain, options.limit)
    return 3 if report.violations else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reference_prover", description="A second opinion on statements and proofs, in plain Python.")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="check an integer witness under random challenges: list every constraint that fails")
    check.set_defaults(run=_run_check)
    add_commands(commands)
    check.add_argument("tables", type=Path, help="emitted constraint tables, canonical JSON")
    check.add_argument("witness", type=Path, help="safetensors: theta_p, theta_u, gradients, free, sigma; of an enrolment theta_p, theta_0, gradients, free")
    check.add_argument("--statement", type=Path, help="statement JSON (default: the witness file's metadata)")
    check.add_argument("--explain", action="store_true", help="show each violated constraint with its numbers")
    check.add_argument("--limit", type=int, default=SHOWN, help="violations to show (default %(default)s)")
    return parser


def _check(options: argparse.Namespace) -> Report:
    parsed = tables.read(options.tables)
    if parsed.relation not in RELATIONS:
        raise TablesError(f"the relation must be {' or '.join(RELATIONS)}", field="relation", value=parsed.relation, file=str(options.tables))
    kind, read_witness, check = RELATIONS[parsed.relation]
    arrays, metadata = safetensors.read(options.witness)
    source = options.statement or options.witness
    try:
        text = options.statement.read_bytes() if options.statement else metadata.get("statement", "")
        public = statement.parse(text, kind)
    except OSError as error:
        raise StatementError("cannot be read", file=str(source), value=error.strerror) from error
    except SpecError as error:
        raise error.in_file(str(source))
    try:
        return check(parsed, public, read_witness(arrays))
    except SpecError as error:
        raise error.in_file(str(options.tables if error.code == "tables" else options.witness))


def _show(report: Report, explain: bool, limit: int) -> None:
    for violation in report.violations[:limit]:
        print(violation)
        if explain:
            print(f"  0 = {report.explain(violation)}")
            print(*(f"  {name} = {value}" for name, value in violation.cells.items() if value), sep="\n")
    if len(report.violations) > limit:
        print(f"... and {len(report.violations) - limit} more")
    last = next((violation.gate for violation in report.violations if violation.gate.endswith(".last")), "")
    for name in report.sums:
        print(f"{last}: this sum is not zero: {name}")
    print(f"{len(report.violations)} violations in {report.tables.usable} rows of {report.tables.relation}")


if __name__ == "__main__":
    sys.exit(main())

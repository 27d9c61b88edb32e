"""Command line of the vector generator: `python -m reference_prover.vectors [--out DIR] [HANDLER ...]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import chunks, encodings, enrolment, fold, proofs, signatures, tables, ternary, transcript
from .writing import write_json

HANDLERS = {
    "transcript": transcript.cases,
    "ternary": ternary.cases,
    "tables": tables.cases,
    "fold": fold.cases,
    "enrolment": enrolment.cases,
    "proofs": proofs.cases,
    "chunks": chunks.cases,
    "signatures": signatures.cases,
    "encodings": encodings.cases,  # after the proofs, which it alters
}
DEFAULT_OUT = Path(__file__).resolve().parents[2] / "vectors"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m reference_prover.vectors", description=__doc__)
    parser.add_argument("handlers", nargs="*", metavar="HANDLER", help=f"some of {', '.join(HANDLERS)}; all by default")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    options = parser.parse_args(arguments)
    for name in options.handlers or HANDLERS:
        if name not in HANDLERS:
            parser.error(f"unknown handler {name}")
        for file, data in HANDLERS[name](options.out / name).items():
            write_json(options.out / name / file, data)
            print(f"{name}/{file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The commands `verify` and `verify-enrolment`: arguments, what is printed, and the exit code.

0: every chunk is accepted; 3: refused; 2: bad input. With --json the last line on stdout is the verdict as the Rust program prints
it, and an error is one JSON object on stderr.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
from pathlib import Path
from typing import Any, Callable

from .bundle import verify_bundle, verify_enrolment
from .curve import ARKWORKS, PY_ECC
from .errors import ProofRefused, SpecError
from .verdict import ChunkVerdict, Progress, Verdict

ACCEPTED, BAD_INPUT, REFUSED = 0, 2, 3


def add_commands(commands: Any) -> None:
    """Both commands, on argparse's sub-parsers."""
    verify = commands.add_parser("verify", help="verify a bundle against enrolment, request and ledger state")
    _common(verify, "fold_kkt")
    verify.add_argument("--enrolment", type=Path, required=True, help="the client's enrolment")
    verify.add_argument("--request", type=Path, required=True, help="the signed request")
    verify.add_argument("--state", type=Path, required=True, help="what the ledger holds of the client")
    verify.add_argument("--bundle", type=Path, required=True, help="the proofs")
    verify.set_defaults(run=lambda options: _report(options, _bundle))
    enrolment = commands.add_parser("verify-enrolment", help="verify the proof of an enrolment against the base and, anew, the ledger state")
    _common(enrolment, "enrol")
    enrolment.add_argument("--base", type=Path, required=True, help="the provider's signed base")
    enrolment.add_argument("--enrolment", type=Path, required=True, help="the client's enrolment")
    enrolment.add_argument("--proof", type=Path, required=True, help="the proofs")
    enrolment.add_argument("--state", type=Path, help="for a re-enrolment: what the ledger holds of the client now")
    enrolment.set_defaults(run=lambda options: _report(options, _enrolment))


def _common(parser: argparse.ArgumentParser, relation: str) -> None:
    parser.add_argument("--tables", type=Path, required=True, help=f"constraint tables of the relation {relation}")
    parser.add_argument("--srs", type=Path, required=True, help="structured reference string")
    parser.add_argument("--allow-insecure", action="store_true", help="accept reduced presets and a reference string whose secret may be known")
    parser.add_argument("--curve", choices=(PY_ECC, ARKWORKS), help="backend of the curve (default: the fastest that is installed)")
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON")


def _bundle(options: argparse.Namespace) -> Verdict:
    files = options.tables, options.srs, options.enrolment, options.request, options.state, options.bundle
    return verify_bundle(*files, allow_insecure=options.allow_insecure, curve=options.curve, progress=_progress(options))


def _enrolment(options: argparse.Namespace) -> Verdict:
    files = options.tables, options.srs, options.base, options.enrolment, options.proof
    return verify_enrolment(*files, state=options.state, allow_insecure=options.allow_insecure, curve=options.curve, progress=_progress(options))


def _progress(options: argparse.Namespace) -> Progress | None:
    """A line as each chunk is judged, unless the verdict is for a program."""

    def told(verdict: ChunkVerdict, total: int) -> None:
        word = "accepted" if verdict.accepted else f"refused: {verdict.reason}"
        print(f"chunk {verdict.chunk} (of {total} chunks), {verdict.weights} weights, {verdict.seconds:.1f} s: {word}", flush=True)

    return None if options.json else told


def _report(options: argparse.Namespace, verify: Callable[[argparse.Namespace], Verdict]) -> int:
    try:
        verdict = verify(options)
    except SpecError as error:
        print(json.dumps(_error(error)) if options.json else f"error: {error}", file=sys.stderr)
        return REFUSED if isinstance(error, ProofRefused) else BAD_INPUT
    if options.json:
        print(json.dumps(verdict.to_json() | {"peak_rss_bytes": _peak_rss_bytes()}, sort_keys=True))
    else:
        word = "accepted" if verdict.accepted else "refused"
        mark = ", but insecure: it convinces nobody" if verdict.insecure else ""
        print(f"{word}{mark}: {len(verdict.chunks)} chunks in {verdict.seconds:.1f} s")
    return ACCEPTED if verdict.accepted else REFUSED


def _peak_rss_bytes() -> int:
    """The most memory that this process has held. The system counts KiB, but on macOS bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def _error(error: SpecError) -> dict[str, str]:
    """As the Rust program reports: `input` or `refused`, with the place that is at fault."""
    code = "refused" if isinstance(error, ProofRefused) else "input"
    places = {"file": error.file, "field": error.field, "value": error.value}
    return {"event": "error", "code": code, "kind": error.code, "message": error.message} | {name: text for name, text in places.items() if text}

"""`zkapex audit`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from zkapex_jax.cli import options
from zkapex_jax.cli.auditor.text import show
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AllowInsecure, AsJson, Cache, Force, Quiet, ShowProgress, SrsFile, TablesFile, Threads, option
from zkapex_jax.cli.output import Output
from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.formats.atomic import refuse_existing, write_bytes
from zkapex_jax.protocol import load_public
from zkapex_jax.report.audit.schema import Audit
from zkapex_jax.workflow.audit.files import AuditCase, from_files, from_ledger

_ALONE, _JUDGES = "Without a ledger", "The second verifier"
_NAMES = ("enrolment", "request", "state", "proof", "base", "replaced")
File = Path | None


@guarded
def audit(
    bundle: Annotated[
        File, typer.Argument(metavar="[BUNDLE]", help="The client's bundle, or an enrolment's proof.", show_default=False)
    ] = None,
    provider: Annotated[File, option("provider", "DIR", "Find the other files in this provider's folder. It is not changed.")] = None,
    html: Annotated[File, option("html", "FILE", "Also write the page as one self-contained HTML file.")] = None,
    enrolment: Annotated[File, option("enrolment", "FILE", "The client's enrolment; without a BUNDLE, what is audited.", _ALONE)] = None,
    request: Annotated[File, option("request", "FILE", "The signed request.", _ALONE)] = None,
    state: Annotated[File, option("state", "FILE", "The client's state before the bundle.", _ALONE)] = None,
    proof: Annotated[File, option("proof", "FILE", "The enrolment's proof.", _ALONE)] = None,
    base: Annotated[File, option("base", "FILE", "The provider's base file, with --proof.", _ALONE)] = None,
    replaced: Annotated[File, option("replaced", "FILE", "The state that a re-enrolment replaced, with --proof.", _ALONE)] = None,
    provider_key: Annotated[
        str | None, option("provider-key", "FILE", "The provider's public key: a .pub file, or its hex. Default: the ledger's.")
    ] = None,
    python: Annotated[
        bool, typer.Option("--python/--no-python", help="Judge with the Python verifier as well.", rich_help_panel=_JUDGES)
    ] = True,
    curve: Annotated[
        str | None, option("curve", "NAME", "Its curve: py_ecc, or arkworks (fast). Default: arkworks if installed.", _JUDGES)
    ] = None,
    cache: Cache = None,
    tables: TablesFile = None,
    srs: SrsFile = None,
    allow_insecure: AllowInsecure = False,
    threads: Threads = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    progress: ShowProgress = None,
) -> None:
    """Say what a bundle proves, with its numbers, and judge it with two verifiers that share no code.

    One is the Rust program, the other plain Python. Exit code 3 if one of them refuses, or if they disagree.
    """
    from zkapex_jax.workflow.audit.judging import audit as run

    output = Output(as_json, quiet, progress)
    if html is not None:
        refuse_existing(html, force=force)
    files = dict(zip(_NAMES, (enrolment, request, state, proof, base, replaced), strict=True))
    case = _case(bundle, provider, files, load_public(provider_key) if provider_key else None)
    tool = options.toolchain_for(case.enrolment, cache, tables=tables, srs=srs, threads=threads)
    with output.bars() as on_progress:
        found = run(tool, case, python=python, curve=curve, allow_insecure=allow_insecure, on_progress=on_progress)
    if html is not None:
        _write(html, found, force)
    if as_json:
        print(found.model_dump_json(indent=2))
    elif not quiet:
        show(found, html)
    if found.outcome != "accepted":
        raise typer.Exit(InputError.exit_code if found.malformed else RefusedError.exit_code)


def _case(bundle: File, provider: File, files: dict[str, File], key: str | None) -> AuditCase:
    """By the ledger or by files, never by both: two sources of one file could differ."""
    subject = bundle or files["enrolment"]
    if subject is None:
        raise InputError("give a BUNDLE, or --enrolment FILE to audit an enrolment", field="BUNDLE")
    if provider is not None:
        extra = [name for name, value in files.items() if value is not None and value is not subject]
        if extra:
            raise InputError("the ledger holds these: give either --provider or the files", field=extra[0])
        return from_ledger(provider, subject, key)
    if key is None:
        raise InputError("is missing: give --provider, or --provider-key and the files", field="provider-key")
    if files["enrolment"] is None:
        raise InputError("is missing: give --provider, or --enrolment and the other files", field="enrolment")
    return from_files(key=key, bundle=bundle, **{**files, "enrolment": files["enrolment"]})


def _write(path: Path, found: Audit, force: bool) -> None:
    from zkapex_jax.report.audit.page import render

    write_bytes(path, render(found, _root(path)), force=force)


def _root(page: Path) -> str | None:
    """Relative URL of the repository from the page's folder, where this program runs from a checkout; else None."""
    root = Path(__file__).resolve().parents[3]
    return Path(os.path.relpath(root, page.resolve().parent)).as_posix() if (root / "docs" / "protocol.md").is_file() else None

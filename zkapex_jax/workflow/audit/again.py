"""The commands that check an audited case again, one verifier each."""

from __future__ import annotations

import shlex
from pathlib import Path

from zkapex_jax.workflow.audit.files import AuditCase, BundleCase, ProofCase
from zkapex_jax.workflow.toolchain import Toolchain

Option = tuple[str, Path | str]


def again(tool: Toolchain, case: AuditCase) -> list[str]:
    """Shell commands, with continued lines; they name the files of this audit as it was given them."""
    commands = []
    if case.proof:
        commands += _enrolment(tool, case, case.proof)
    if case.bundle:
        commands += _bundle(tool, case, case.bundle)
    return commands


def _enrolment(tool: Toolchain, case: AuditCase, given: ProofCase) -> list[str]:
    before: list[Option] = [("--state", given.replaced.path)] if given.replaced else []
    files: list[Option] = [("--proof", given.proof.path), ("--base", given.base.path), *before]
    rust = [("", case.enrolment.path), *files, ("--provider-key", case.key(given.base.signer)), *_rust(tool)]
    python = [("--tables", tool.enrol_tables), ("--srs", tool.srs), ("--enrolment", case.enrolment.path), *files, *_marks(tool)]
    return [_command("zkapex verify-enrolment", rust), _command("python -m reference_prover verify-enrolment", python)]


def _bundle(tool: Toolchain, case: AuditCase, given: BundleCase) -> list[str]:
    files: list[Option] = [("--enrolment", case.enrolment.path), ("--request", given.request.path), ("--state", given.state.path)]
    rust = [("", given.bundle.path), *files, ("--provider-key", case.key(given.request.signer)), *_rust(tool)]
    python = [("--tables", tool.tables), ("--srs", tool.srs), *files, ("--bundle", given.bundle.path), *_marks(tool)]
    return [_command("zkapex verify", rust), _command("python -m reference_prover verify", python)]


def _rust(tool: Toolchain) -> list[Option]:
    return [("--srs", tool.srs), *_marks(tool)]


def _marks(tool: Toolchain) -> list[Option]:
    return [("--allow-insecure", "")] if tool.insecure else []


def _command(program: str, options: list[Option]) -> str:
    words = [" ".join(part for part in (name, shlex.quote(str(value)) if str(value) else "") if part) for name, value in options]
    return " \\\n  ".join([program, *words])

"""`zkapex audit`: judge a bundle or an enrolment proof with two verifiers that share no code, and say what it proves."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from zkapex_jax import __version__
from zkapex_jax.errors import InputError
from zkapex_jax.formats.container import open_container
from zkapex_jax.prover import OnProgress
from zkapex_jax.report.audit import words
from zkapex_jax.report.audit.lines import lines
from zkapex_jax.report.audit.schema import Audit, Judge, ProofVerdict, overall
from zkapex_jax.workflow.audit import reference, rust
from zkapex_jax.workflow.audit.again import again
from zkapex_jax.workflow.audit.facts import facts_of
from zkapex_jax.workflow.audit.files import AuditCase
from zkapex_jax.workflow.toolchain import Toolchain


def audit(
    tool: Toolchain,
    case: AuditCase,
    *,
    python: bool = True,
    curve: str | None = None,
    allow_insecure: bool = False,
    on_progress: OnProgress | None = None,
) -> Audit:
    """Everything that the page shows. `python` false leaves the slow second verifier out; `curve` names its backend.

    A refused proof, or two verifiers that differ, is an audit with that outcome. The ledger is not touched.

    Raises:
        RefusedError: files do not belong together, a signature is wrong, or insecure files without permission.
        InputError: an artefact is malformed, `curve` is unknown, or a file changed while it was judged.
    """
    second = reference.Reference.open(tool, curve, allow_insecure) if python else None
    facts = facts_of(tool, case)
    proofs = []
    if case.proof:
        judges = [rust.judge_enrolment(tool, case, allow_insecure, on_progress)]
        judges += [second.judge_enrolment(case, on_progress)] if second else []
        proofs.append(_proof("enrolment", case.proof.proof.path, case.enrolment.layout.weights, case.proof.proof.chunks, judges))
    if case.bundle:
        judges = [rust.judge_bundle(tool, case, allow_insecure, on_progress)]
        judges += [second.judge_bundle(case, on_progress)] if second else []
        request = case.bundle.request
        proofs.append(_proof("bundle", case.bundle.bundle.path, request.touched_weights, case.bundle.bundle.chunks, judges))
    _unchanged(case)
    return Audit(
        created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        program=f"zkapex {__version__}",
        outcome=overall(proofs),
        facts=facts,
        proofs=proofs,
        lines=lines(facts),
        not_proven=words.not_proven(facts),
        taken=words.taken(facts),
        again=again(tool, case),
    )


def _unchanged(case: AuditCase) -> None:
    """The numbers were read before the verifiers read the files: they must be of the same bytes."""
    for artefact in case.artefacts():
        if open_container(artefact.path).digest != artefact.digest:
            raise InputError("changed while it was being audited", code="changed", file=artefact.path)


def _proof(kind: str, file: Path, weights: int, chunks: tuple[int, ...], judges: list[Judge]) -> ProofVerdict:
    return ProofVerdict(proof="bundle" if kind == "bundle" else "enrolment", file=file.name, weights=weights, chunks=list(chunks), judges=judges)

"""The Rust verifier as one judge of an audit."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from zkapex_jax.errors import InputError, InternalError
from zkapex_jax.prover import OnProgress
from zkapex_jax.report.audit.schema import ChunkVerdict, Judge
from zkapex_jax.workflow.audit.files import AuditCase
from zkapex_jax.workflow.enrolment.verifying import EnrolmentVerdict, check_enrolment
from zkapex_jax.workflow.toolchain import Toolchain
from zkapex_jax.workflow.verifying import VerifyResult, check_bundle

PROGRAM = "zkapex-prover (Rust, midnight-proofs)"


def judge_bundle(tool: Toolchain, case: AuditCase, allow_insecure: bool, on_progress: OnProgress | None) -> Judge:
    """Verify the bundle from files alone. Raises RefusedError where it is refused before any proof is looked at."""
    given = case.bundle
    if given is None:
        raise InternalError("this audit has no bundle")
    return _judge(
        lambda: check_bundle(
            tool, enrolment=case.enrolment.path, request=given.request.path, state=given.state.path, bundle=given.bundle.path,
            provider_key=case.key(given.request.signer), allow_insecure=allow_insecure, on_progress=_named("bundle", on_progress),
        )
    )


def judge_enrolment(tool: Toolchain, case: AuditCase, allow_insecure: bool, on_progress: OnProgress | None) -> Judge:
    """Verify the enrolment's proof from files alone; raises as `judge_bundle` does."""
    given = case.proof
    if given is None:
        raise InternalError("this audit has no enrolment proof")
    return _judge(
        lambda: check_enrolment(
            tool, base=given.base.path, enrolment=case.enrolment.path, proof=given.proof.path, provider_key=case.key(given.base.signer),
            state=given.replaced.path if given.replaced else None, allow_insecure=allow_insecure,
            on_progress=_named("enrolment", on_progress),
        )
    )


def _named(proof: str, on_progress: OnProgress | None) -> OnProgress:
    """Both proofs pass through stages of one name: say which proof."""
    return lambda step: on_progress(replace(step, stage=f"{proof}: {step.stage}")) if on_progress else None


def _judge(verify: Callable[[], VerifyResult | EnrolmentVerdict]) -> Judge:
    """Malformed points or proofs are a verdict here, so that the other judge is heard as well."""
    start = time.perf_counter()
    try:
        result = verify()
    except InputError as error:
        spent = time.perf_counter() - start
        return Judge(name="Rust", program=PROGRAM, accepted=False, malformed=True, reason=str(error), seconds=spent, chunks=[])
    spent = time.perf_counter() - start
    chunks = [
        ChunkVerdict(chunk=chunk.chunk, accepted=chunk.accepted, reason=chunk.reason, seconds=chunk.seconds) for chunk in result.chunks
    ]
    return Judge(name="Rust", program=PROGRAM, accepted=result.accepted, reason=result.reason, seconds=spent, chunks=chunks)

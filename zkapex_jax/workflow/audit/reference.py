"""The Python verifier, `reference_prover`, as the other judge of an audit. It shares no code with the Rust one, nor with this program."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from reference_prover.curve import Curve
from reference_prover.curve import curve as find_curve
from reference_prover.errors import CurveError, SpecError
from reference_prover.verdict import ChunkVerdict as Verdict
from reference_prover.verdict import Verdict as BundleVerdict
from zkapex_jax.errors import InputError, InternalError
from zkapex_jax.prover import OnProgress
from zkapex_jax.prover.progress import tell
from zkapex_jax.report.audit.schema import ChunkVerdict, Judge
from zkapex_jax.workflow.audit.files import AuditCase
from zkapex_jax.workflow.toolchain import Toolchain

#: What the verifier calls as each chunk is judged, with the number of chunks in all.
Told = Callable[[Verdict, int], None]


@dataclass(frozen=True)
class Reference:
    """The verifier with its curve backend, looked up before anything slow starts."""

    tool: Toolchain
    curve: Curve
    allow_insecure: bool

    @classmethod
    def open(cls, tool: Toolchain, name: str | None, allow_insecure: bool) -> Reference:
        """`name`: py_ecc, arkworks, or None for the fastest that is installed. Raises InputError if there is none of that name."""
        try:
            return cls(tool, find_curve(name), allow_insecure)
        except CurveError as error:
            raise InputError(
                error.message, code="curve", field="--curve", value=name, hint="arkworks comes with the extra `audit-fast`"
            ) from error

    @property
    def program(self) -> str:
        return f"reference_prover (Python, {self.curve.name})"

    def judge_bundle(self, case: AuditCase, on_progress: OnProgress | None) -> Judge:
        """Verify the bundle from the same files."""
        from reference_prover.bundle import verify_bundle

        given = case.bundle
        if given is None:
            raise InternalError("this audit has no bundle")
        return self._judge(
            lambda told: verify_bundle(
                self.tool.tables, self.tool.srs, case.enrolment.path, given.request.path, given.state.path, given.bundle.path,
                allow_insecure=self.allow_insecure, curve=self.curve, progress=told,
            ),
            on_progress, "bundle: python", given.bundle.chunks,
        )  # fmt: skip

    def judge_enrolment(self, case: AuditCase, on_progress: OnProgress | None) -> Judge:
        """Verify the enrolment's proof from the same files."""
        from reference_prover.bundle import verify_enrolment

        given = case.proof
        if given is None:
            raise InternalError("this audit has no enrolment proof")
        return self._judge(
            lambda told: verify_enrolment(
                self.tool.enrol_tables, self.tool.srs, given.base.path, case.enrolment.path, given.proof.path,
                state=given.replaced.path if given.replaced else None, allow_insecure=self.allow_insecure, curve=self.curve, progress=told,
            ),
            on_progress, "enrolment: python", given.proof.chunks,
        )  # fmt: skip

    def _judge(
        self, verify: Callable[[Told], BundleVerdict], on_progress: OnProgress | None, stage: str, chunks_wanted: tuple[int, ...]
    ) -> Judge:
        """Whatever it refuses before it judges a chunk is a verdict as well: the other judge may have said otherwise."""
        judged: list[Verdict] = []

        def told(chunk: Verdict, total: int) -> None:
            judged.append(chunk)
            tell(on_progress, stage, len(judged), total, sum(chunk.weights for chunk in judged))

        tell(on_progress, stage, 0, len(chunks_wanted))
        start = time.perf_counter()
        try:
            verdict = verify(told)
        except SpecError as error:
            spent = time.perf_counter() - start
            return Judge(name="Python", program=self.program, accepted=False, malformed=True, reason=str(error), seconds=spent, chunks=[])
        spent = time.perf_counter() - start
        chunks = [
            ChunkVerdict(chunk=chunk.chunk, accepted=chunk.accepted, reason=chunk.reason, seconds=chunk.seconds)
            for chunk in verdict.chunks
        ]
        if tuple(chunk.chunk for chunk in chunks) != chunks_wanted:
            raise InternalError("the Python verifier did not judge exactly the chunks of the file", code="verifier_output")
        refused = next((f"chunk {chunk.chunk}: {chunk.reason}" for chunk in chunks if not chunk.accepted), None)
        return Judge(name="Python", program=self.program, accepted=verdict.accepted, reason=refused, seconds=spent, chunks=chunks)

"""Bundles of many clients verified for one ledger: one after another here, or by the workers of a cluster.

Workers judge proofs; the ledger's rules are checked here, before and in the transaction that records a verdict. Bundles
of one client are taken in the order given, for each starts from the state that the one before it leads to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zkapex_jax.errors import InputError, RefusedError, ZkapexError
from zkapex_jax.protocol import Bundle, Enrolment
from zkapex_jax.prover import OnProgress, tell
from zkapex_jax.workflow.cluster.cluster import Cluster
from zkapex_jax.workflow.cluster.jobs import Job
from zkapex_jax.workflow.cluster.store import SentFile
from zkapex_jax.workflow.cluster.worker import PUBLIC
from zkapex_jax.workflow.folders import Provider
from zkapex_jax.workflow.toolchain import Toolchain
from zkapex_jax.workflow.verifying import Case, VerifyResult, case_files, conclude, named, open_case, result_of, verify

ToolFor = Callable[[Enrolment], Toolchain]


@dataclass(frozen=True)
class BundleOutcome:
    """One bundle's verdict, or the error that kept it from one: exactly one of both."""

    bundle: Path
    result: VerifyResult | None
    error: ZkapexError | None

    @property
    def accepted(self) -> bool:
        return self.result is not None and self.result.accepted


def verify_bundles(
    tool_for: ToolFor, provider: Provider, bundles: Sequence[Path], *,
    cluster: Cluster | None = None, allow_insecure: bool = False, on_progress: OnProgress | None = None,
) -> list[BundleOutcome]:  # fmt: skip
    """Verify and record every bundle, in the order given; what is wrong with one stops none of the others.

    Raises InputError if a file is given twice, and what `Cluster.run` raises; verdicts that were reached by then are recorded.
    """
    if len(set(map(Path.resolve, bundles))) != len(bundles):
        raise InputError("the same bundle is given twice", field="bundle")
    work = _Work(tool_for, provider, list(bundles), allow_insecure, on_progress)
    if cluster is None:
        for bundle in bundles:
            work.judge_here(bundle)
    else:
        work.fan_out(cluster)
    return [work.outcomes[bundle] for bundle in bundles]


@dataclass
class _Work:
    tool_for: ToolFor
    provider: Provider
    bundles: list[Path]
    allow_insecure: bool
    on_progress: OnProgress | None
    outcomes: dict[Path, BundleOutcome] = field(default_factory=dict)
    _cases: dict[str, tuple[Path, Case, list[Path]]] = field(default_factory=dict)
    _sent: dict[Path, SentFile] = field(default_factory=dict)

    def judge_here(self, bundle: Path) -> None:
        try:
            tool = self._tool(Bundle.from_file(bundle))
            self._settle(bundle, verify(tool, self.provider, bundle, allow_insecure=self.allow_insecure))
        except (InputError, RefusedError) as error:
            self._settle(bundle, error)

    def fan_out(self, cluster: Cluster) -> None:
        """A job for each client's first bundle; the client's next follows when its verdict is recorded."""
        queues, tools = self._by_client()
        if not queues:
            return
        jobs = [job for queue in queues for job in self._open_next(queue)]
        presets = sorted({tool.preset.name for tool in tools})
        cluster.run(jobs, binary=tools[0].prover.binary, presets=presets, on_result=self._judged, on_failure=self._failed)

    def _by_client(self) -> tuple[list[list[Path]], list[Toolchain]]:
        queues: dict[str, list[Path]] = {}
        tools: list[Toolchain] = []
        for bundle in self.bundles:
            try:
                given = Bundle.from_file(bundle)
                tools.append(self._tool(given))
                queues.setdefault(given.client_id, []).append(bundle)
            except (InputError, RefusedError) as error:
                self._settle(bundle, error)
        return list(queues.values()), tools

    def _open_next(self, queue: list[Path]) -> Iterable[Job]:
        """The job of the first bundle in the queue that needs one; those that the ledger judges are settled on the way."""
        while queue:
            bundle = queue.pop(0)
            try:
                tool = self._tool(Bundle.from_file(bundle))
                case = open_case(tool, self.provider, bundle, allow_insecure=self.allow_insecure)
                if isinstance(case, VerifyResult):
                    self._settle(bundle, case)
                    continue
                return [self._job(tool, bundle, case, queue)]
            except (InputError, RefusedError) as error:
                self._settle(bundle, error)
        return []

    def _job(self, tool: Toolchain, bundle: Path, case: Case, queue: list[Path]) -> Job:
        files = case_files(tool, case, self.provider.points, None)
        paths = {"tables": tool.tables, "srs": tool.srs, "bundle": case.bundle.path}
        paths |= {name: getattr(files, name) for name in PUBLIC}
        sent = {name: self._file(path) for name, path in paths.items()}
        arguments = {"files": {name: file.digest for name, file in sent.items()}, "allow_insecure": self.allow_insecure}
        job = Job(str(bundle), "verify", arguments, tuple(sent.values()))
        self._cases[job.name] = (bundle, case, queue)
        return job

    def _judged(self, job: Job, report: Mapping[str, Any]) -> Iterable[Job]:
        bundle, case, queue = self._cases.pop(job.name)
        try:
            self._settle(bundle, conclude(self.provider, case, result_of(case, dict(report))))
        except (InputError, RefusedError) as error:
            self._settle(bundle, error)
        return self._open_next(queue)

    def _failed(self, job: Job, failure: ZkapexError) -> Iterable[Job]:
        bundle, case, queue = self._cases.pop(job.name)
        if not isinstance(failure, (InputError, RefusedError)):
            raise failure
        self._settle(bundle, named(failure, case, bundle) if isinstance(failure, InputError) else failure)
        return self._open_next(queue)

    def _tool(self, bundle: Bundle) -> Toolchain:
        """The tools that the bundle's client was enrolled with. Raises RefusedError for a client whom the ledger does not know."""
        return self.tool_for(self.provider.load(Enrolment, self.provider.ledger.enrolment(bundle.client_id).digest))

    def _file(self, path: Path) -> SentFile:
        if path not in self._sent:
            self._sent[path] = SentFile.of(path)
        return self._sent[path]

    def _settle(self, bundle: Path, outcome: VerifyResult | ZkapexError) -> None:
        is_error = isinstance(outcome, ZkapexError)
        self.outcomes[bundle] = BundleOutcome(bundle, None if is_error else outcome, outcome if is_error else None)  # type: ignore[arg-type]
        tell(self.on_progress, "verify bundles", len(self.outcomes), len(self.bundles))

"""A worker process: takes jobs, verifies them as the commands do, records what came of them. Any number may run.

The ledger judges once: a job that another worker began, or finished but for the last step, is taken up where it stands.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from zkapex_jax.errors import InputError, InternalError, RefusedError, StorageError, ZkapexError
from zkapex_jax.ledger import VerdictRecord
from zkapex_jax.protocol import Bundle, Enrolment, EnrolmentProof, SigningKey
from zkapex_jax.service import logs, queue, receipts, recorded, uploads
from zkapex_jax.service.answers import told
from zkapex_jax.service.context import open_provider
from zkapex_jax.service.messages import Outcome
from zkapex_jax.service.queue import Task
from zkapex_jax.service.restraint import restrain
from zkapex_jax.service.settings import Queue, Settings
from zkapex_jax.service.store import Store
from zkapex_jax.service.watching import tallies
from zkapex_jax.workflow import Provider, Toolchain, admit, open_toolchain, verify
from zkapex_jax.workflow.keeping.removing import remove_unnamed
from zkapex_jax.workflow.receipts import make_receipt

_LOG = logging.getLogger("zkapex.worker")
_MAX_SETTINGS = 1 << 20


@dataclass
class Worker:
    """One at a time. `name` tells leases apart, over restarts too."""

    settings: Settings
    store: Store
    provider: Provider
    key: SigningKey
    name: str = field(default_factory=lambda: f"{os.getpid()}-{uuid.uuid4().hex[:12]}")
    ended: threading.Event = field(default_factory=threading.Event)
    _tools: dict[tuple[str, bool], Toolchain] = field(default_factory=dict)

    @classmethod
    def open(cls, settings: Settings) -> Worker:
        """The server has recomputed the ledger's chain. Raises InputError or StorageError where something is not fit for use."""
        return cls(settings, Store.open(settings), open_provider(settings, check=False), SigningKey.load(settings.key))

    def run(self) -> None:
        """Until `ended` is set, which a job at work is not interrupted by."""
        while not self.ended.is_set():
            try:
                worked = self.step()
            except ZkapexError as error:  # the database is away: whoever holds the job's lease tries again
                _LOG.error("%s", error)
                worked = False
            if not worked:
                self.ended.wait(self.settings.queue.poll)

    def step(self) -> bool:
        """Do one job, if one is due."""
        task = queue.take(self.store, self.name, self.settings.queue)
        if task is None:
            return False
        with _Heartbeat(self, task):
            began = time.monotonic()
            try:
                self._finish(task, self._judge(task), began)
            except Exception as error:  # whatever a hostile file ends in: the worker lives on, and the job is tried again
                self._failed(task, error)
        return True

    def _judge(self, task: Task) -> Outcome:
        """A refusal is an outcome; only what is our own fault is raised."""
        self._check_disk(task)
        try:
            return self._admit(task) if task.kind == "enrolment" else self._verify(task)
        except (InputError, RefusedError) as error:
            if self._is_ours(error):
                raise InternalError(f"a kept file is gone or damaged: {error}", code="damaged") from error
            return Outcome(accepted=False, reason=error.message, error=told(error), receipt=self._refused(task, error))

    def _check_disk(self, task: Task) -> None:
        """What is judged is copied first."""
        paths = [uploads.file_of(self.settings, upload) for _, upload in self._files(task)]
        uploads.check_disk(self.settings, sum(path.stat().st_size for path in paths if path.exists()))

    def _refused(self, task: Task, error: ZkapexError) -> str | None:
        """A signed refusal of what left no verdict in the ledger. None where the bytes of a file are not those that its digest names:
        whoever has the right ones could show them beside it.
        """
        kept = [task.digest]
        try:
            for kind, upload in self._files(task):
                given = kind.from_file(uploads.file_of(self.settings, upload), verify=False)
                kept.append(given.digest)
                given.container.verify_all()
        except InputError:
            return None
        finally:
            remove_unnamed(self.provider, kept)
        return receipts.refused(self.store, self.provider, self.key, given, error)

    def _files(self, task: Task) -> list[tuple[type[Enrolment | EnrolmentProof | Bundle], str]]:
        """The files of a job; the last is the one that a refusal is of."""
        if task.kind == "enrolment":
            return [(Enrolment, task.upload), (EnrolmentProof, task.proof_upload)]
        return [(Bundle, task.upload)]

    def _is_ours(self, error: ZkapexError) -> bool:
        """Whether it is about a file that the provider keeps, not one that the client sent."""
        if error.file is None or not isinstance(error, InputError):
            return False
        file = Path(error.file)
        return file.is_relative_to(self.provider.path) and not file.is_relative_to(self.settings.uploads)

    def _admit(self, task: Task) -> Outcome:
        given = Enrolment.from_file(uploads.file_of(self.settings, task.upload))
        proof = EnrolmentProof.from_file(uploads.file_of(self.settings, task.proof_upload))
        before = recorded.of_enrolment(self.store, self.provider, self.key, given, proof)
        if before is not None:
            return before
        admit(self._tool(given), self.provider, given.path, proof.path, allow_insecure=self.settings.allow_insecure)
        return recorded.admission(self.store, self.provider, self.key, given.digest)

    def _verify(self, task: Task) -> Outcome:
        verdict = self.provider.ledger.verdict(task.digest)
        if verdict is None:
            try:
                self._verify_anew(task)
            except (InputError, RefusedError):
                verdict = self.provider.ledger.verdict(task.digest)  # another worker, whose lease ended, was faster
                if verdict is None:
                    raise
        return self._of_record(task, verdict or self.provider.ledger.verdict(task.digest))

    def _verify_anew(self, task: Task) -> None:
        bundle = Bundle.from_file(uploads.file_of(self.settings, task.upload))
        made_with = self.provider.load(Enrolment, bundle.enrolment_digest, verify=False)
        verify(self._tool(made_with), self.provider, bundle.path, allow_insecure=self.settings.allow_insecure)

    def _of_record(self, task: Task, verdict: VerdictRecord | None) -> Outcome:
        if verdict is None:
            raise InternalError("the ledger holds no verdict on a bundle that was judged", code="bug", value=task.digest)
        receipt = make_receipt(self.provider, self.key, task.digest)
        digest = receipts.kept(self.store, receipt)
        return Outcome(accepted=verdict.accepted, reason=verdict.reason, receipt=digest, state=receipt.state_after)

    def _finish(self, task: Task, outcome: Outcome, began: float) -> None:
        decided = outcome.error is None
        with self.store.write() as session:
            mine = queue.finish(session, task, self.name, outcome)
            if mine and decided:
                queue.spent_uploads(session, task)
            if mine:
                tallies.ended(session, task.kind, outcome, time.monotonic() - began)
        if not mine:
            _LOG.warning("job %s went to another worker meanwhile", task.id)
        elif decided:
            uploads.discard(self.settings, task.upload, task.proof_upload)
        _LOG.info("%s of %s: %s", task.kind, task.client_id, "accepted" if outcome.accepted else f"refused: {outcome.reason}")

    def _failed(self, task: Task, error: Exception) -> None:
        known = error if isinstance(error, ZkapexError) else _worded(error)
        _LOG.error("job %s, attempt %d: %s", task.id, task.attempt, known, exc_info=error)
        queue.put_back(self.store, task, self.name, Outcome(accepted=False, error=told(known)), self.settings.queue)

    def _tool(self, made_with: Enrolment) -> Toolchain:
        """Tables and reference string of an artefact's preset; checked once a worker."""
        kind = (made_with.preset, made_with.srs_insecure)
        if kind not in self._tools:
            self._tools[kind] = open_toolchain(
                made_with.preset, folder=self.settings.cache, threads=self.settings.threads, insecure_srs=made_with.srs_insecure
            )
        return self._tools[kind]


def _worded(error: Exception) -> ZkapexError:
    if isinstance(error, (OSError, MemoryError)):
        return StorageError(str(error) or type(error).__name__)
    return InternalError(f"unexpected {type(error).__name__}: {error}", code="bug")


class _Heartbeat:
    """Renews a job's lease three times in its length, in a thread, as long as the block lasts; ends the process after the longest time."""

    def __init__(self, worker: Worker, task: Task) -> None:
        self._worker, self._task, self._ended = worker, task, threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        rules = self._worker.settings.queue
        lease, ends = rules.lease, time.monotonic() + rules.longest
        while not self._ended.wait(min(lease / 3, max(0.1, ends - time.monotonic()))):
            try:
                if time.monotonic() >= ends:
                    self._give_up(rules)
                if not queue.renew(self._worker.store, self._task, self._worker.name, lease):
                    return
            except ZkapexError as error:
                _LOG.warning("cannot renew the lease of job %s: %s", self._task.id, error)

    def _give_up(self, rules: Queue) -> None:
        """Set the job aside, and end with the verifier, whose standard input ends with us: another worker takes our place."""
        error = InternalError("took longer than a job may", code="worker_lost", value=self._task.id)
        _LOG.error("job %s: %s", self._task.id, error)
        last = rules.model_copy(update={"attempts": self._task.attempt})
        queue.put_back(self._worker.store, self._task, self._worker.name, Outcome(accepted=False, error=told(error)), last)
        os._exit(error.exit_code)


def main() -> None:
    """`python -m zkapex_jax.service.worker`: settings as JSON on the first line of standard input, whose end ends the worker."""
    settings = Settings.model_validate_json(sys.stdin.readline(_MAX_SETTINGS))
    logs.set_up(as_json=settings.json_log)
    restrain(settings.queue.memory)
    try:
        worker = Worker.open(settings)
    except ZkapexError as error:
        _LOG.error("%s", error)
        sys.exit(error.exit_code)
    signal.signal(signal.SIGTERM, lambda *_: worker.ended.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the server too, which ends its workers
    threading.Thread(target=lambda: (sys.stdin.read(), worker.ended.set()), daemon=True).start()
    worker.run()


if __name__ == "__main__":
    main()

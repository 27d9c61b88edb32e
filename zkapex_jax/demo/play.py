"""`zkapex demo`: base model, enrolment with proof, two requests, re-enrolment, cheats, report; one clean run."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from rich.console import Console

from zkapex_jax import workflow
from zkapex_jax.demo import attacks, enrolment_attacks, path, serving
from zkapex_jax.demo.again import bundle_again, enrolment_again
from zkapex_jax.demo.attempts import Attempt, try_all, twin
from zkapex_jax.demo.cheats import bring_back, forgeries
from zkapex_jax.demo.clock import Clock
from zkapex_jax.demo.collect import Record, summarise
from zkapex_jax.demo.display import Bars, Quiet
from zkapex_jax.demo.history import enrolment_run, link, request_run
from zkapex_jax.demo.measure import Measured, measure
from zkapex_jax.demo.options import DemoOptions, Folders, prepare
from zkapex_jax.demo.outcome import write
from zkapex_jax.demo.path import Enrolled, Parties
from zkapex_jax.demo.scene import Scene, save_data, set_scene
from zkapex_jax.demo.serving import Answer, Served
from zkapex_jax.quantize import to_fixed
from zkapex_jax.report.summary import Summary
from zkapex_jax.report.values import Stage


def run(options: DemoOptions, *, quiet: bool = False, console: Console | None = None) -> Summary:
    """The whole path; writes `summary.json` and `report.html` under `options.out` and returns the summary.

    `summary.verified` is false, and `summary.failures` says why, if a cheat was not refused, a certificate is untrue, or a
    forgotten weight came back.

    Raises:
        InputError: no such task or preset. StorageError: see `options.prepare`. RefusedError: an honest proof was refused.
            InternalError: the reference checker found a violated constraint, so that nothing was proven. Any other
            ZkapexError of a step.
    """
    started = time.perf_counter()
    folders = prepare(options)
    display = Quiet() if quiet else Bars(console or Console(stderr=True))
    clock = Clock(display)
    tool = path.open_tools(options, folders, clock)
    scene = set_scene(options, folders, clock)
    save_data(scene, folders)
    with path.open_provider(folders, tool, scene, clock) as parties:
        play = Play(parties, scene, folders, clock)
        measured = play.through()
        summary = summarise(options, parties, scene, play.record, measured, clock, started)
    write(summary, folders, display)
    return summary


class Play:
    """The acts, in order; what they show goes to `record`."""

    def __init__(self, parties: Parties, scene: Scene, folders: Folders, clock: Clock) -> None:
        self.parties, self.scene, self.folders, self.clock = parties, scene, folders, clock
        self.record = Record()

    def through(self) -> Measured:
        """Enrolment, two requests, re-enrolment; then the accuracy of every model on the way."""
        client, other = self._enrol()
        first, old = self._first_request(client, other)
        second = self._second_request(first, old)
        renewed = self._renew(second)
        proven: dict[Stage, np.ndarray] = {
            "compensated": first.answer.unlearned.theta_u,
            "second": second.answer.unlearned.theta_u,
            "renewed": workflow.current_theta(self.folders.client),
        }
        self.record.again = [
            *enrolment_again(self.folders, self.parties, client), *bundle_again(self.folders, self.parties, first),
            *bundle_again(self.folders, self.parties, second), *enrolment_again(self.folders, self.parties, renewed, second.state),
        ]  # fmt: skip
        with self.clock.stage("measure", "accuracy of all models", "check") as running:
            deletions = [served.answer.deletion for served in (first, second)]
            return measure(self.scene, deletions, client.rows, self.parties.tool.preset, proven, running)

    def _enrol(self) -> tuple[Enrolled, Enrolled]:
        parties, scene, folders, clock = self.parties, self.scene, self.folders, self.clock
        rows, made = path.enrol_client(parties, scene, folders, clock)
        self._try("enrolment", *enrolment_attacks.forged_enrolments(parties, scene, rows, made, folders))
        client = path.admit_client(parties, rows, made, folders, clock)
        other = path.enrol_other(parties, scene, rows, folders, clock)
        self._try("enrolment", enrolment_attacks.copied_enrolment(parties, client, folders))
        self.record.enrolments.append(enrolment_run(parties, client, folders))
        self.record.chain.append(link("enrolment", "personalised", client.state, folders))
        return client, other

    def _first_request(self, client: Enrolled, other: Enrolled) -> tuple[Served, Path]:
        """Returns a copy of the client's folder from before it moved on, too."""
        answer = self._answer(0, client.state)
        lies = forgeries(attacks.honest_parts(self.parties, answer, self.folders))
        self._try(
            answer.title,
            *attacks.forged_answers(self.parties, answer, lies, self.folders),
            attacks.replay_for_other(self.parties, answer, other, self.folders),
            enrolment_attacks.enrolment_after_mask(self.parties, client, self.folders),
        )
        old = twin(self.folders, "stale_start")
        return self._settle(answer), old

    def _second_request(self, first: Served, old: Path) -> Served:
        answer = self._answer(1, first.state)
        before = to_fixed(self.scene.personal_weights.astype(np.float64))
        lie = bring_back(attacks.honest_parts(self.parties, answer, self.folders), before)
        self._try(
            answer.title,
            *attacks.forged_answers(self.parties, answer, [lie], self.folders),
            attacks.answer_from_old_weights(self.parties, old, first.answer, answer, self.folders),
            attacks.replay_for_later(self.parties, first.answer, answer, self.folders),
        )
        return self._settle(answer)

    def _renew(self, second: Served) -> Enrolled:
        parties, scene, folders, clock = self.parties, self.scene, self.folders, self.clock
        rows, made = path.renew_client(parties, scene, second.state, folders, clock)
        self._try("re-enrolment", *enrolment_attacks.forged_renewals(parties, scene, rows, second.state, folders))
        renewed = path.admit_client(parties, rows, made, folders, clock, "re-enrolment")
        self._try("re-enrolment", enrolment_attacks.return_to_first(parties, folders))
        workflow.adopt(folder=folders.client, state=renewed.state)
        self.record.enrolments.append(enrolment_run(parties, renewed, folders))
        self.record.chain.append(link("re-enrolment", "renewed", renewed.state, folders))
        return renewed

    def _answer(self, index: int, state: Path) -> Answer:
        published = serving.publish_request(self.parties, self.scene, index, state, self.folders, self.clock)
        return serving.answer_request(self.parties, index, published, state, self.folders, self.clock)

    def _settle(self, answer: Answer) -> Served:
        served = serving.settle(self.parties, answer, self.folders, self.clock)
        self.record.requests.append(request_run(self.scene, served))
        self.record.chain.append(link(answer.title, self.record.requests[-1].stage, served.state, self.folders))
        return served

    def _try(self, act: str, *attempts: Attempt) -> None:
        self.record.cheats |= try_all(act, attempts, self.clock)

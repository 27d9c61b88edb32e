"""One client's chain as a person follows it: enrolled, asked, refused, accepted, enrolled anew; and what still waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from zkapex_jax.ledger.detail import ClientDetail, ClientState, ClientVerdict
from zkapex_jax.ledger.records import EnrolmentRecord, RequestRecord

Kind = Literal["enrolled", "renewed", "accepted", "refused"]


@dataclass(frozen=True)
class Step:
    """One event. `sequence`: its place in the ledger's chain; `state`: where it led, None of a refusal."""

    kind: Kind
    sequence: int
    when: str
    state: ClientState | None
    enrolment: EnrolmentRecord
    verdict: ClientVerdict | None = None

    @property
    def title(self) -> str:
        """What happened, with the request's own name where one was answered."""
        request = self.verdict.request_id if self.verdict else ""
        words = {"enrolled": "Enrolled", "renewed": "Enrolled anew", "accepted": "Accepted: ", "refused": "Refused: "}
        return words[self.kind] + request


@dataclass(frozen=True)
class History:
    """Steps, oldest first, and open requests that the client owes an answer to."""

    client_id: str
    steps: tuple[Step, ...]
    waiting: tuple[RequestRecord, ...]

    @classmethod
    def of(cls, detail: ClientDetail) -> History:
        states = {state.digest: state for state in detail.states}
        first = {state.enrolment_digest: state for state in reversed(detail.states)}
        enrolments = {record.digest: record for record in detail.enrolments}
        enrolled = [
            Step("renewed" if number else "enrolled", record.sequence, record.received, first.get(record.digest), record)
            for number, record in enumerate(detail.enrolments)
        ]
        judged = [
            Step(
                "accepted" if verdict.accepted else "refused", verdict.sequence, verdict.received,
                states.get(verdict.state_digest or ""), enrolments[verdict.enrolment_digest], verdict,
            )
            for verdict in detail.verdicts
        ]  # fmt: skip
        answered = {verdict.request_digest for verdict in detail.verdicts if verdict.accepted}
        waiting = tuple(request for request in detail.requests if request.closed is None and request.digest not in answered)
        return cls(detail.client_id, tuple(sorted([*enrolled, *judged], key=lambda step: step.sequence)), waiting)

    def shown(self, sequence: int | None) -> Step:
        """The step that the address names; without one, or if it is another client's, the last that led to a state."""
        named = next((step for step in self.steps if step.sequence == sequence), None)
        return named or next(step for step in reversed(self.steps) if step.state or step is self.steps[0])

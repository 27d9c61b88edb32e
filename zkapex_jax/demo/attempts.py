"""A lie ready to be told: how it is made, how it is sent, and what the provider answers."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from zkapex_jax import workflow
from zkapex_jax.demo.clock import Clock
from zkapex_jax.demo.options import Folders
from zkapex_jax.demo.path import Parties
from zkapex_jax.errors import RefusedError, ZkapexError
from zkapex_jax.formats.atomic import make_directory, storage_errors
from zkapex_jax.report.parts import Cheat

Made = TypeVar("Made")

#: Not the client's protocol files: its trained model, and what it received.
_LEFT_OUT = ("model", "inbox", "renewal")


@dataclass(frozen=True)
class Attempt(Generic[Made]):
    """`make` builds what is sent on the cheating client's own machine; `send` returns why it was refused, or None."""

    name: str
    title: str
    detail: str
    make: Callable[[], Made]
    send: Callable[[Made], str | None]
    named: Callable[[], tuple[str, ...]] = tuple

    def outcome(self) -> Cheat:
        """Refused by the provider, accepted by it, or not even made (which shows nothing, so it does not count)."""
        try:
            made, named = self.make(), self.named()
        except ZkapexError as error:
            return self._cheat(False, f"could not be tried: {error}", ())
        try:
            reason = self.send(made)
        except RefusedError as error:
            reason = error.message
        except ZkapexError as error:
            return self._cheat(False, f"could not be tried: {error}", named)
        return self._cheat(reason is not None, reason or "accepted", named)

    def _cheat(self, refused: bool, reason: str, named: Sequence[str]) -> Cheat:
        return Cheat(refused=refused, reason=reason, title=self.title, detail=self.detail, named=list(named))


def try_all(act: str, attempts: Sequence[Attempt], clock: Clock) -> dict[str, Cheat]:
    """Every one of them, in order, as a stage of the clock; `act` says when."""
    outcomes = {}
    with clock.stage(f"cheats_{act.replace(' ', '_')}", f"{act}: cheating clients", "check") as running:
        for done, attempt in enumerate(attempts):
            running.step(done, len(attempts))
            outcomes[attempt.name] = attempt.outcome()
    return outcomes


def twin(folders: Folders, name: str) -> Path:
    """A copy of the client's folder to lie from: the honest one's blinding, and its count, stay what they are."""
    target = make_directory(folders.cheats, mode=0o700) / name
    with storage_errors(target):
        shutil.copytree(folders.client, target, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    return target


def workbench(folders: Folders, name: str) -> Path:
    """An empty folder for a cheating client that copies nothing of the honest one's secrets."""
    return make_directory(make_directory(folders.cheats, mode=0o700) / name, mode=0o700)


def send_bundle(parties: Parties, bundle: Path) -> str | None:
    """Why the provider refuses an answer to a request; None if it accepts."""
    verdict = workflow.verify(parties.tool, parties.provider, bundle, allow_insecure=parties.insecure)
    return None if verdict.accepted else verdict.reason or "refused without a reason"


def send_enrolment(parties: Parties, files: tuple[Path, Path]) -> str | None:
    """Why the provider refuses an enrolment and its proof: it raises if so, and None means that it accepted."""
    workflow.admit(parties.tool, parties.provider, *files, allow_insecure=parties.insecure)
    return None

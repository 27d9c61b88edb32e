"""What must hold of the files after a fault, and after the command was run again. Each check returns sentences, none if all is well."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from fault_steps import Place
from fault_story import Scene
from sqlalchemy import select

from zkapex_jax.errors import ZkapexError
from zkapex_jax.formats.container import open_container
from zkapex_jax.ledger import Ledger
from zkapex_jax.ledger.database import reading
from zkapex_jax.ledger.schema import ChainEntry
from zkapex_jax.protocol import Bundle, SigningKey
from zkapex_jax.workflow import openings

#: Steps that make the same bytes again from the same files; the others draw secrets, nonces or the time.
REPEATABLE = {"admit", "unlearn", "verify", "advance", "admit_again", "adopt"}
_HEX = re.compile(r"[0-9a-f]{64}|(?<=chunks-)[0-9a-f]{16}|(?<=/r-)[0-9a-f-]{36}")


def events(root: Path) -> list[str]:
    """Sealed events of the ledger, oldest first; none if there is no ledger. Raises ZkapexError if it is damaged."""
    path = root / "provider" / "ledger.sqlite"
    if not path.exists():
        return []
    ledger = Ledger.open(path)
    with reading(ledger._engine, path) as session:
        return list(session.scalars(select(ChainEntry.payload).order_by(ChainEntry.sequence)))


def whole(root: Path) -> Iterator[str]:
    """Every file that a reader would take is complete."""
    for path in seen(root):
        try:
            if path.suffix == ".safetensors":
                container = open_container(path)
                container.verify_all()
                if path.parent.name == "artefacts" and container.digest != path.stem:
                    yield f"{path.relative_to(root)} is another artefact than its name says"
            elif path.name == "openings.json":
                openings.load(path)
            elif path.suffix in (".json", ".seed", ".done"):
                json.loads(path.read_text())
            elif path.name == "provider.key":
                SigningKey.load(path)
        except (ZkapexError, ValueError) as error:
            yield f"{path.relative_to(root)} is half-written: {error}"


def ledger_holds(scene: Scene, place: Place, *, reported: bool) -> Iterator[str]:
    """Nothing recorded is lost, nothing is recorded by half, and only the honest bundle is ever accepted.

    `reported`: the command said that it had done its work.
    """
    try:
        now = events(place.root)
    except ZkapexError as error:
        yield f"the ledger cannot be opened: {error}"
        return
    before, after = events(scene.before), events(scene.after)
    if now[: len(before)] != before:
        yield "an event of the ledger is lost"
    added = now[len(before) :]
    whole_step = len(after) - len(before)
    if len(added) not in (0, whole_step) and not (scene.step == "verify_bad" and len(added) <= 2):
        yield f"the ledger holds {len(added)} events of a step that has {whole_step}"
    if scene.step in REPEATABLE and added not in ([], after[len(before) :]):
        yield "the ledger holds other events than those of the step"
    if reported and not added and whole_step:
        yield "the command said that it had recorded something, and it is lost"
    yield from _accepted(place, now)
    yield from _kept(place, now)


def _accepted(place: Place, now: list[str]) -> Iterator[str]:
    good = Bundle.from_file(place.bundle).digest if place.bundle.exists() else None
    for payload in map(json.loads, now):
        if payload["kind"] == "verdict" and payload["accepted"] and payload["bundle_digest"] != good:
            yield "a bundle is recorded as accepted that no verifier accepted"


def _kept(place: Place, now: list[str]) -> Iterator[str]:
    """What the ledger names is there."""
    for payload in map(json.loads, now):
        names = {"base": ("digest",), "enrolment": ("digest", "proof_digest"), "request": ("digest",), "state": ("state_digest",)}
        wanted = names.get(payload["kind"], ("bundle_digest",) if payload.get("accepted") else ())
        for name in wanted:
            if not (place.provider / "artefacts" / f"{payload[name]}.safetensors").is_file():
                yield f"the ledger names a {payload['kind']} ({name}) whose file is lost"


def finished(scene: Scene, place: Place) -> Iterator[str]:
    """After the command was run again: the files and the ledger of an undisturbed run, and nothing else."""
    now, after = events(place.root), events(scene.after)
    if len(now) != len(after) and scene.step != "verify_bad":
        yield f"the ledger holds {len(now)} events, not {len(after)}"
    if scene.step in REPEATABLE and now != after:
        yield "the ledger is another one than after an undisturbed run"
    found, wanted = Counter(names(place.root)), Counter(names(scene.after))
    for name in found - wanted:
        yield f"left behind: {name}"
    for name in wanted - found:
        yield f"missing: {name}"
    if scene.step in REPEATABLE:
        yield from (f"differs from an undisturbed run: {name}" for name in _different(place.root, scene.after))


def names(root: Path) -> list[str]:
    """Names of all files, with digests and ids replaced by a star."""
    return [_HEX.sub("*", f"/{path.relative_to(root)}") for path in root.rglob("*") if path.is_file()]


def seen(root: Path) -> Iterator[Path]:
    """Files with names that a reader takes: not passing ones."""
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if path.is_file() and not any(part.startswith(".") for part in parts) and not path.name.startswith("passing-"):
            yield path


def _different(root: Path, wanted: Path) -> Iterator[str]:
    for path in sorted(wanted.rglob("*")):
        name = path.relative_to(wanted)
        if path.is_file() and path.suffix != ".sqlite" and (root / name).is_file() and _digest(path) != _digest(root / name):
            yield str(name)


def _digest(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()

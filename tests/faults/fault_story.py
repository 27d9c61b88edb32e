"""One undisturbed life of a provider and a client, kept as a folder before and after every step."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fault_commands import Commands, Ended
from fault_steps import STEPS, Place

from zkapex_jax.protocol import Bundle

REFUSED = 3


@dataclass(frozen=True)
class Scene:
    """A step: the folder before it and after it, how many changes it makes to files, and how long it takes."""

    step: str
    before: Path
    after: Path
    changes: int
    seconds: float


@dataclass(frozen=True)
class Story:
    folder: Path
    scenes: dict[str, Scene]

    def copy(self, step: str, to: Path) -> Path:
        """The folder before a step, to break things in."""
        shutil.copytree(self.scenes[step].before, to)
        return to


def tell(commands: Commands, folder: Path) -> Story:
    """Walk all steps once. Raises RuntimeError if one of them ends otherwise than it should."""
    scenes, live = {}, folder / "live"
    live.mkdir(parents=True)
    before = folder / "0"
    shutil.copytree(live, before)
    for number, step in enumerate(STEPS, start=1):
        ended = commands.run(step, live)
        if not as_it_should(step, ended):
            raise RuntimeError(f"{step}: {ended.outcome}; {Path(f'{ended.control.path.parent}/outcome.text').read_text()[-2000:]}")
        after = folder / str(number)
        shutil.copytree(live, after)
        scenes[step] = Scene(step, before, after, ended.control.changes, ended.seconds)
        if step == "prove":
            write_bad_bundle(Place(live, commands.cache))
            after = folder / "bad"
            shutil.copytree(live, after)
        before = after
    return Story(folder, scenes)


def as_it_should(step: str, ended: Ended) -> bool:
    """A bad bundle is refused, everything else succeeds."""
    return ended.outcome is not None and ended.outcome["exit"] == (REFUSED if step == "verify_bad" else 0)


def write_bad_bundle(place: Place) -> None:
    """The client's bundle with one proof that is another's: whole as a file, and false."""
    good = Bundle.from_file(place.bundle)
    tensors = {name: np.array(good.tensor(name)) for name in good.container.specs}
    first, second = sorted(tensors)[:2]
    size = min(tensors[first].size, tensors[second].size)
    tensors[first][-size // 2 :] = tensors[second][-size // 2 :]
    Bundle.parse({name: getattr(good, name) for name in type(good).model_fields}).to_file(place.bad_bundle, tensors)

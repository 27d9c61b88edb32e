"""How much memory each command of a client takes, and the least with which it works: in a control group, on one core, without a network."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.network.commands import ZKAPEX
from experiments.network.town import TARGET
from experiments.performance.limit import group
from zkapex_jax.protocol import Request

#: Megabytes that are tried, and what no command needs.
SIZES = (64, 80, 96, 112, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448, 480, 512, 576, 640, 768)
PLENTY = 4096
_MEGA = 1_000_000


@dataclass(frozen=True)
class Step:
    """A command of the client's home, from the folder as it was before it; `name` for the table."""

    name: str
    words: tuple[object, ...]
    before: Path


@dataclass(frozen=True)
class Took:
    """One run: exit status (negative: a signal), seconds of one core, the most memory of its processes together, what it said."""

    status: int
    seconds: float
    peak: int
    said: str


@dataclass(frozen=True)
class Bench:
    """A provider and a client with files alone. `source`: what `zkapex demo` left; `cache`: tables and reference strings."""

    folder: Path
    source: Path
    cache: Path
    preset: str

    def prepare(self) -> Iterator[Step]:
        """Walk the path of docs/client.md, *Without a connection*; each step of the client's is told before it is done."""
        insecure = ("--insecure-srs",) if self.preset == "toy" else ()
        allow = ("--allow-insecure",) if self.preset == "toy" else ()
        provider, base, tools, data = self.folder / "provider", self.folder / "base", ("--cache", self.cache), self.source / "provider/data"
        self._do("keygen", provider)
        self._do("base", "--base", self.source / "provider/model", "--target", TARGET, "--provider", provider, "--preset", self.preset, "--out", base, *tools, *insecure)
        yield self._step("join", "client", "join", "--client", "small", "--provider-key", provider / "provider.key.pub", "--base", base)
        model, mine = self.source / "client/model", self.source / "client/data/mine.safetensors"
        yield self._step("enrol", "client", "enrol", "--model", model, "--data", mine, "--out", "enrolment", "--force", *tools)  # relative: a trial writes beside its own home
        made, state = self.folder / "enrolment", self.folder / "state"
        self._do("admit", made / "enrolment.safetensors", "--proof", made / "enrolment-proof.safetensors", "--provider", provider, "--out", state, *tools, *allow)
        self._do("request", "--base", self.source / "provider/model", "--target", TARGET, "--forget-data", data / "forget.safetensors", "--retain-data",
                 data / "retain.safetensors", "--forget", "digits 3 and 8", "--provider", provider, "--preset", self.preset, "--out", self.folder / "request", *tools, *insecure)  # fmt: skip
        yield self._step("receive", "client", "receive", state, self.folder / "request")
        yield self._step("unlearn", "client", "unlearn", *tools)
        yield self._step("unlearn, model saved", "client", "unlearn", "--model", model, "--save-model", "unlearned", "--force", *tools)
        yield self._step("send --out", "client", "send", "--out", "answer", "--force")
        self._do("verify", self.folder / "answer/bundle.safetensors", "--provider", provider, "--out", self.folder / "next", *tools, *allow)
        asked = Request.from_file(self.folder / "request", verify=False).request_id
        self._do("receipt", "make", "--provider", provider, "--client", "small", "--request", asked, "--out", self.folder / "receipt")
        yield self._step("receive, card written", "client", "receive", self.folder / "receipt", self.folder / "next")
        yield self._step("status", "client", "status")
        yield Step("receipt check", ("receipt", "check", self.folder / "receipt", "--provider-key", provider / "provider.key.pub"), self._kept("check"))

    def run(self, step: Step, megabytes: int) -> Took:
        """The step on a copy of the home, within so much memory."""
        trial = self.folder / "trial"
        home = trial / "home"
        shutil.rmtree(trial, ignore_errors=True)
        shutil.copytree(step.before, home)
        words = [*ZKAPEX, *step.words, *(("--home", home) if step.words[0] == "client" else ())]
        with group(megabytes * _MEGA) as limit:
            enter = f"echo $$ > {limit.folder / 'cgroup.procs'}; exec taskset -c 0 \"$@\""
            begun = time.monotonic()
            made = subprocess.run(["sh", "-c", enter, "sh", *map(str, words)], capture_output=True, text=True, check=False, cwd=trial)
            seconds, used = time.monotonic() - begun, limit.usage()["max_usage_bytes"]
        return Took(made.returncode, seconds, used or 0, made.stderr.strip())

    def least(self, step: Step) -> tuple[int, Took | None]:
        """Fewest megabytes of SIZES in which the step works, and how it fails with the next fewer."""
        low, high, failed = 0, len(SIZES) - 1, None
        while low < high:
            middle = (low + high) // 2
            took = self.run(step, SIZES[middle])
            if took.status == 0:
                high = middle
            else:
                low, failed = middle + 1, took
        return SIZES[high], failed

    def _step(self, name: str, *words: object) -> Step:
        step = Step(name, words, self._kept(name))
        self._do(*words, "--home", self.folder / "home")
        return step

    def _kept(self, name: str) -> Path:
        """The home as it is now."""
        home, copy = self.folder / "home", self.folder / "before" / name.replace(" ", "-").replace(",", "")
        home.mkdir(mode=0o700, exist_ok=True)
        shutil.copytree(home, copy)
        return copy

    def _do(self, *words: object) -> str:
        made = subprocess.run([*ZKAPEX, *map(str, words)], capture_output=True, text=True, check=False, cwd=self.folder)
        if made.returncode != 0:
            raise ValueError(f"{' '.join(map(str, words))}: exit {made.returncode}: {made.stderr[-1500:]}")
        return made.stdout


def table(bench: Bench, names: Sequence[str] = ()) -> Iterator[dict[str, object]]:
    """A row a step: memory and seconds with plenty, the least that it works in, and what it says with less."""
    for step in bench.prepare():
        if names and step.name not in names:
            continue
        plenty = bench.run(step, PLENTY)
        if plenty.status != 0:
            raise ValueError(f"{step.name}: exit {plenty.status}: {plenty.said[-1500:]}")
        least, failed = bench.least(step)
        row = {"command": step.name, "preset": bench.preset, "seconds": round(plenty.seconds, 2), "peak_mb": round(plenty.peak / _MEGA), "least_mb": least,
               "with_less": None if failed is None else failed.status, "says": None if failed is None else failed.said[-300:]}  # fmt: skip
        print(row, file=sys.stderr, flush=True)
        yield row

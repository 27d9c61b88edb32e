"""Commands that can be interrupted: started by the process that forks them, watched, and waited for with all their children."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from fault_shim import Control, Kind

ROOT = Path(__file__).parents[2]
PATIENCE = 300.0


@dataclass(frozen=True)
class Ended:
    """How a command ended: `status` of its process (negative: a signal), `outcome` as the command line would say it (None: it
    did not live to say), and what the shared object saw."""

    status: int
    outcome: dict[str, Any] | None
    control: Control
    seconds: float

    @property
    def killed(self) -> bool:
        return self.status < 0


@dataclass(frozen=True)
class Running:
    pid: int
    control: Control
    out: Path
    started: float


class Commands:
    """The process that forks, and a folder of passing files beside the trials (on the same file system). `library`: as `build` makes it."""

    def __init__(self, folder: Path, cache: Path, library: Path) -> None:
        self.folder, self.cache, self._number = folder, cache, 0
        quiet = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "JAX_PLATFORMS": "cpu", "RAYON_NUM_THREADS": "1", "JAX_ENABLE_COMPILATION_CACHE": "false"}
        environment = os.environ | quiet | {"LD_PRELOAD": str(library), "PYTHONPATH": os.pathsep.join(map(str, (ROOT, Path(__file__).parent)))}
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("fault_zygote.py"))], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=environment, text=True, bufsize=1,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()  # type: ignore[union-attr]
        self._process.wait(PATIENCE)

    def start(self, step: str, root: Path, kind: Kind = Kind.NONE, at: int = 0, **options: Any) -> Running:
        """Begin a step under `root`, with a fault as `Control.create` words it."""
        self._number += 1
        place = Path(tempfile.mkdtemp(prefix=f"{self._number:05}-", dir=self.folder))
        control = Control.create(place / "control", root, kind, at, **options)
        order = {"run": step, "root": str(root), "cache": str(self.cache), "control": str(control.path), "out": str(place / "outcome")}
        return Running(self._ask(order)["pid"], control, place / "outcome", time.monotonic())

    def end(self, running: Running) -> Ended:
        """Wait for a command and for every process that it started."""
        status = self._ask({"wait": running.pid})["status"]
        limit = time.monotonic() + PATIENCE
        while _group_lives(running.pid):
            if time.monotonic() > limit:
                raise TimeoutError("a child outlived its command")
            time.sleep(0.002)
        outcome = {**_said(running.out), **json.loads(running.out.read_text())} if running.out.exists() else None
        return Ended(status, outcome, running.control, time.monotonic() - running.started)

    def run(self, step: str, root: Path, kind: Kind = Kind.NONE, at: int = 0, **options: Any) -> Ended:
        return self.end(self.start(step, root, kind, at, **options))

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        print(json.dumps(order), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()  # type: ignore[union-attr]
        if not answer:
            raise RuntimeError("the process that forks commands has ended")
        return dict(json.loads(answer))


def _said(out: Path) -> dict[str, Any]:
    """The error document of a command with --json, if it printed one."""
    text = Path(f"{out}.text").read_text()
    start = text.find('{\n  "error"')
    return dict(json.JSONDecoder().raw_decode(text[start:])[0]["error"]) if start >= 0 else {}


def _group_lives(group: int) -> bool:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, 0)
        return True
    return False

"""A provider and clients with random weights on the toy preset, the real binary behind them: the steps of a chain."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zkapex_jax import workflow
from zkapex_jax.models.layout import TargetLayout
from zkapex_jax.protocol import ChunkedLayout, SigningKey, generate_key
from zkapex_jax.quantize import from_fixed

LAYOUT = TargetLayout("**/kernel", (("a/kernel", (40, 20)), ("b/kernel", (600,))))
WEIGHTS = 1400  # two chunks of the toy preset


@dataclass(frozen=True)
class World:
    """Tools, a provider's folder with one published base, and where clients live."""

    tool: workflow.Toolchain
    provider: workflow.Provider
    key: SigningKey
    base: workflow.BaseResult
    theta0: np.ndarray
    folder: Path

    @property
    def layout(self) -> ChunkedLayout:
        return ChunkedLayout.cut(LAYOUT, self.tool.preset)

    def client(self, name: str) -> Path:
        return self.folder / name

    def enrol(self, name: str = "alice", seed: int = 1, folder: str | None = None, **changes: Any) -> workflow.EnrolResult:
        given = {"theta": personal(self.theta0, seed), "rows": gradients(self.tool.preset.client_rows, seed), "layout": LAYOUT}
        given |= {"base": self.base.path, "provider_key": self.key.public}
        return workflow.enrol(self.tool, folder=self.client(folder or name), client_id=name, **(given | changes))

    def admit(self, enrolment: Path, proof: Path) -> workflow.AdmitResult:
        return workflow.admit(self.tool, self.provider, enrolment, proof, allow_insecure=True)

    def request(self, mask: np.ndarray, number: int) -> Path:
        rng = np.random.default_rng(number)
        rows = rng.integers(-9, 9, (self.tool.preset.forget_rows, WEIGHTS)).astype(np.int8)
        rows[:, mask] = 0
        fixed = np.rint(self.theta0 * 65536).astype(np.int32)
        budget = {chunk: 64 * d for chunk, d in workflow.default_budget(self.tool.preset, LAYOUT, fixed, mask).items()}
        made = workflow.create_request(
            self.tool, out=self.folder / f"request-{number}.safetensors", key=self.key, model=self.base.model, layout=LAYOUT, mask=mask,
            forget_rows=rows, budget=budget, forget="digits 3 and 8",
        )  # fmt: skip
        workflow.publish(self.tool, self.provider, made.path)
        return made.path

    def answer(
        self, name: str, request: Path, state: Path, **options: Any
    ) -> tuple[workflow.UnlearnResult, workflow.ProveResult]:
        given = {"folder": self.client(name), "request": request, "state": state}
        made = workflow.unlearn(self.tool, provider_key=self.key.public, check=False, **given)
        return made, workflow.prove(self.tool, update=made.update, **given, **options)

    def settle(self, name: str, request: Path, state: Path) -> Path:
        """Answer a request and have it accepted; returns the next state."""
        made, proof = self.answer(name, request, state)
        verdict = workflow.verify(self.tool, self.provider, proof.bundle, allow_insecure=True)
        assert verdict.accepted and verdict.state is not None, verdict.reason
        workflow.advance(folder=self.client(name), request=request, update=made.update, bundle=proof.bundle, state=verdict.state)
        return verdict.state

    def renew(self, name: str, state: Path, seed: int, **changes: Any) -> workflow.EnrolResult:
        given = {"rows": gradients(self.tool.preset.client_rows, seed)} | changes
        return workflow.renew(self.tool, folder=self.client(name), state=state, **given)


def open_world(folder: Path, cache: Path) -> World:
    """A fresh provider with a signing key and one base."""
    tool = workflow.open_toolchain("toy", folder=cache, threads=2)
    provider = workflow.Provider.open(folder / "provider", create=True)
    key = generate_key(folder / "provider.key")
    provider.ledger.trust(key.public)
    theta0 = np.random.default_rng(0).normal(0, 0.05, WEIGHTS)
    base = workflow.create_base(
        tool, out=folder / "base.safetensors", key=key, name="toy", architecture="none", layout=LAYOUT, theta0=theta0
    )
    workflow.publish_base(tool, provider, base.path)
    return World(tool, provider, key, base, theta0, folder)


def personal(theta0: np.ndarray, seed: int, spread: float = 0.01) -> np.ndarray:
    return theta0 + np.random.default_rng(seed).normal(0, spread, WEIGHTS)


def gradients(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(1000 + seed).normal(0, 1, (count, WEIGHTS)).astype(np.float32)


def every(step: int, start: int, low: int = 0, high: int = WEIGHTS) -> np.ndarray:
    """bool [W]: each `step`-th weight of low..high, from `start`."""
    mask = np.zeros(WEIGHTS, bool)
    mask[low + start : high : step] = True
    return mask


def current(world: World, name: str) -> np.ndarray:
    """The client's present weights, float64 [W]."""
    return from_fixed(workflow.current_theta(world.client(name)))

"""The steps of a provider's and a client's life, each on files under one folder: what a fault interrupts, and what is
then run again. They name the same files every time, so that a step begins where the one before it ended."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path[:0] = [str(Path(__file__).parents[1] / "workflow")]

from chain_world import LAYOUT, WEIGHTS, every, gradients, personal

from zkapex_jax import workflow
from zkapex_jax.cli.main import app
from zkapex_jax.protocol import Base, SigningKey

CACHE = "ZKAPEX_FAULTS_CACHE"
CLIENT = "alice"
THETA0 = np.random.default_rng(0).normal(0, 0.05, WEIGHTS)
MASK = every(25, 0)


@dataclass(frozen=True)
class Place:
    """Where things are: `root` is what faults happen to, `cache` holds tables and reference string."""

    root: Path
    cache: Path

    @property
    def provider(self) -> Path:
        return self.root / "provider"

    @property
    def client(self) -> Path:
        return self.root / CLIENT

    @property
    def base(self) -> Path:
        return self.root / "base.safetensors"

    @property
    def request(self) -> Path:
        return self.root / "request.safetensors"

    @property
    def bundle(self) -> Path:
        return self.root / "bundle.safetensors"

    @property
    def bad_bundle(self) -> Path:
        """A bundle whose proof is wrong; made by the story, not by a step."""
        return self.root / "bad-bundle.safetensors"

    def state(self, number: int) -> Path:
        return self.root / f"state-{number}.safetensors"

    def tool(self) -> workflow.Toolchain:
        return workflow.open_toolchain("toy", folder=self.cache, threads=1)

    def key(self) -> SigningKey:
        return SigningKey.load(self.provider / "provider.key")


def command(*arguments: object) -> None:
    """One `zkapex` command; raises SystemExit with its exit code unless that is 0."""
    code = app([str(argument) for argument in arguments], standalone_mode=False)
    if code:
        raise SystemExit(code)


def keygen(place: Place) -> None:
    command("keygen", place.provider, "--json")


def base(place: Place) -> None:
    """As `zkapex base`, with weights that need no checkpoint."""
    tool = place.tool()
    with workflow.Provider.open(place.provider) as provider:
        workflow.create_base(tool, out=place.base, key=place.key(), name="toy", architecture="none", layout=LAYOUT, theta0=THETA0)
        workflow.publish_base(tool, provider, place.base)


def enrol(place: Place) -> None:
    """As `zkapex enrol`, with rows that need no model."""
    tool = place.tool()
    workflow.enrol(
        tool, folder=place.client, client_id=CLIENT, base=place.base, layout=LAYOUT, theta=personal(THETA0, 1),
        rows=gradients(tool.preset.client_rows, 1), provider_key=place.key().public, check=False,
    )  # fmt: skip


def admit(place: Place) -> None:
    command("admit", place.client / "enrolment.safetensors", "--provider", place.provider, *_verifier(place, place.state(0)))


def request(place: Place) -> None:
    """As `zkapex request`, with a mask and rows that need no data."""
    tool = place.tool()
    rows = np.random.default_rng(1).integers(-9, 9, (tool.preset.forget_rows, WEIGHTS)).astype(np.int8)
    rows[:, MASK] = 0
    fixed = np.rint(THETA0 * 65536).astype(np.int32)
    budget = {chunk: 64 * d for chunk, d in workflow.default_budget(tool.preset, LAYOUT, fixed, MASK).items()}
    with workflow.Provider.open(place.provider) as provider:
        workflow.create_request(
            tool, out=place.request, key=place.key(), model=Base.from_file(place.base).model_ref, layout=LAYOUT, mask=MASK,
            forget_rows=rows, budget=budget, forget="digits 3 and 8",
        )  # fmt: skip
        workflow.publish(tool, provider, place.request)


def unlearn(place: Place) -> None:
    command("unlearn", place.client, *_answer(place), "--provider-key", place.provider / "provider.key.pub", "--no-check", *_tools(place))


def prove(place: Place) -> None:
    command("prove", place.client, *_answer(place), "--out", place.bundle, *_tools(place))


def verify(place: Place) -> None:
    command("verify", place.bundle, "--provider", place.provider, *_verifier(place, place.state(1)))


def verify_bad(place: Place) -> None:
    """Refused: ends with exit code 3."""
    command("verify", place.bad_bundle, "--provider", place.provider, *_verifier(place, place.root / "never.safetensors"))


def advance(place: Place) -> None:
    command("advance", place.client, "--request", place.request, "--bundle", place.bundle, "--state", place.state(1), "--json")


def renew(place: Place) -> None:
    """As `zkapex re-enrol`, with rows that need no model."""
    tool = place.tool()
    workflow.renew(tool, folder=place.client, state=place.state(1), rows=gradients(tool.preset.client_rows, 2), check=False)


def admit_again(place: Place) -> None:
    renewal = place.client / "renewal" / "enrolment.safetensors"
    command("admit", renewal, "--provider", place.provider, *_verifier(place, place.state(2)))


def adopt(place: Place) -> None:
    command("adopt", place.client, "--state", place.state(2), "--json")


def publish_base(place: Place) -> None:
    command("publish", place.base, "--provider", place.provider, *_tools(place))


def publish_request(place: Place) -> None:
    command("publish", place.request, "--provider", place.provider, *_tools(place))


STEPS: dict[str, Callable[[Place], None]] = {
    step.__name__: step
    for step in (keygen, base, enrol, admit, request, unlearn, prove, verify_bad, verify, advance, renew, admit_again, adopt)
}


#: What finishes a step whose file is there already, by the words of its error.
FINISHED_BY = {"base": publish_base, "request": publish_request}
COMMANDS = STEPS | {step.__name__: step for step in FINISHED_BY.values()}


def outcome_of(step: Callable[[Place], None], place: Place) -> dict[str, Any]:
    """Run a step as the command line would: exit code, and what was said where it is not 0."""
    from zkapex_jax.cli.failures import unexpected
    from zkapex_jax.errors import ZkapexError

    try:
        step(place)
    except SystemExit as ended:
        return {"exit": ended.code}
    except ZkapexError as error:
        return {"exit": error.exit_code, **error.to_dict()}
    except Exception as error:
        wrapped = unexpected(error)
        return {"exit": wrapped.exit_code, "type": type(error).__name__, **wrapped.to_dict()}
    return {"exit": 0}


def _tools(place: Place) -> tuple[object, ...]:
    return ("--cache", place.cache, "--threads", 1, "--json")


def _verifier(place: Place, out: Path) -> tuple[object, ...]:
    return ("--out", out, "--force", "--allow-insecure", *_tools(place))


def _answer(place: Place) -> tuple[object, ...]:
    return ("--request", place.request, "--state", place.state(0))


def quietly(work: Callable[[], dict[str, Any]], into: Path) -> dict[str, Any]:
    """Run with standard output and error in a file."""
    with into.open("a") as out, contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        return work()

"""`--ray` of both commands, from end to end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from chain_world import World, every
from cluster_world import Watched
from typer.testing import CliRunner

from zkapex_jax import workflow
from zkapex_jax.cli.main import app

pytestmark = pytest.mark.slow


def test_prove_and_verify_on_a_cluster(world: World, cache: Path, joined: Watched, tmp_path: Path) -> None:
    enrolled = world.enrol()
    state = world.admit(enrolled.enrolment, enrolled.proof).state
    request, folder = world.request(every(25, 0), 1), world.client("alice")
    workflow.unlearn(world.tool, provider_key=world.key.public, check=False, folder=folder, request=request, state=state)
    common = ("--ray", "auto", "--cache", cache, "--json")
    made = _run("prove", folder, "--request", request, "--state", state, *common)
    bundle = Path(made["result"]["bundle"])
    judged = _run("verify", bundle, "--provider", world.provider.path, "--allow-insecure", "--out", tmp_path / "next", *common)
    assert judged["accepted"] and judged["bundles"][0]["result"]["weights"] == made["result"]["weights"]
    assert (tmp_path / "next").is_file()


def _run(*arguments: object) -> dict:
    ran = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert ran.exit_code == 0, (ran.stdout, ran.stderr, ran.exception)
    return json.loads(ran.stdout)

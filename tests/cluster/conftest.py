"""Fixtures: a small world, and a local Ray cluster whose provers can be made to stall, so that a worker dies at its work."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "workflow"))

from chain_world import World, open_world  # noqa: E402
from cluster_world import BRAKED, Brake, Watched  # noqa: E402

from zkapex_jax.prover import Prover  # noqa: E402
from zkapex_jax.prover.driver import ENVIRONMENT  # noqa: E402
from zkapex_jax.workflow.cluster.cluster import Cluster  # noqa: E402
from zkapex_jax.workflow.cluster.jobs import Event  # noqa: E402


@pytest.fixture(scope="session")
def brake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brake]:
    """Every prover of this session, here and on workers, is the braked one."""
    control = tmp_path_factory.mktemp("brake")
    script = control / "prover"
    script.write_text(BRAKED.format(control=control, binary=Prover.find().binary))
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    before = os.environ.get(ENVIRONMENT)
    os.environ[ENVIRONMENT] = str(script)
    yield Brake(control)
    if before is None:
        del os.environ[ENVIRONMENT]
    else:
        os.environ[ENVIRONMENT] = before


@pytest.fixture(scope="session")
def ray_address(brake: Brake) -> Iterator[str]:
    """A cluster of this machine with three places, up for the session."""
    ray = pytest.importorskip("ray")
    ray.init(
        address="local", num_cpus=3, object_store_memory=100 << 20, include_dashboard=False, log_to_driver=False, logging_level="ERROR"
    )  # fmt: skip
    yield "auto"
    ray.shutdown()


@pytest.fixture
def joined(ray_address: str) -> Iterator[Watched]:
    with Cluster.connect(ray_address) as cluster:
        events: list[Event] = []
        cluster.on_event = events.append
        yield Watched(cluster, events)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def world(tmp_path: Path, cache: Path, brake: Brake) -> World:
    return open_world(tmp_path / "world", cache)

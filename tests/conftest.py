"""Property tests draw the same examples in every run of `make test`, new ones in `make explore`; networks are compiled once a run.

A change is judged by what it changed, so its tests draw the examples that the last change's tests drew. New examples
are drawn where a person waits for them: `make explore` seeds from the clock and prints how to repeat what it finds.
Neither is judged by how busy the machine is.
"""

import os
from collections.abc import Iterator

import compiled
import pytest
from hypothesis import HealthCheck, settings

_CALM = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}
settings.register_profile("repeat", derandomize=True, **_CALM)
settings.register_profile("explore", print_blob=True, **_CALM)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeat"))


#: Set before anything imports JAX, which reads it then.
_MADE = compiled.share()


@pytest.fixture(scope="session", autouse=True)
def tables_of_this_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test finds, or leaves, anything in the folder of who runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZKAPEX_CACHE", str(tmp_path_factory.mktemp("zkapex-cache")))
        yield


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last of this run's processes to end is the one that made the folder."""
    if _MADE:
        compiled.forget(_MADE)

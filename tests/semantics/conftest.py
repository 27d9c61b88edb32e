"""Prints how many examples and changes the tests of this folder tried, over all workers."""

from collections import Counter

import pytest
from tally import COUNTS

_KEY = "semantics"
_FROM_WORKERS: Counter[str] = Counter()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[_KEY] = dict(COUNTS)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node) -> None:
    _FROM_WORKERS.update(getattr(node, "workeroutput", {}).get(_KEY, {}))


def pytest_terminal_summary(terminalreporter) -> None:
    total = COUNTS + _FROM_WORKERS
    if total:
        terminalreporter.section("circuit semantics")
        for what, number in sorted(total.items()):
            terminalreporter.write_line(f"{number:>10,}  {what}")

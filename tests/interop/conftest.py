"""Fixtures of the interoperation: reference strings that both programs read, and the book that is shown at the end.

`make interop` sets ZKAPEX_INTEROP to the file that the book is written to.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from interop_book import Book
from interop_relation import Strings, open_strings
from rich.console import Console

from reference_prover.curve import PY_ECC, Curve, curve

_BOOK = Book()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _BOOK.entries:
        terminalreporter.ensure_newline()
        _BOOK.show(Console(width=140))
        if target := os.environ.get("ZKAPEX_INTEROP"):
            _BOOK.write(Path(target))


@pytest.fixture(scope="session")
def book() -> Book:
    return _BOOK


@pytest.fixture(scope="session")
def strings(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Strings]:
    """k -> the ceremony's reference string as the Rust program writes it."""
    folder = tmp_path_factory.mktemp("srs")
    return cache(lambda k: open_strings(folder, k))


@pytest.fixture(scope="session", params=[None, pytest.param(PY_ECC, marks=pytest.mark.slow)], ids=["fastest", PY_ECC])
def backend(request: pytest.FixtureRequest) -> Curve:
    """The fastest curve backend that is installed, and plain Python."""
    found = curve(request.param)
    if request.param is not None and curve().name == found.name:
        pytest.skip("no faster backend is installed: it ran already")
    return found

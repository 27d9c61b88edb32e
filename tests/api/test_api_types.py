"""The rooms that others import are typed, and say so."""

from __future__ import annotations

import importlib.resources
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_package_says_that_it_is_typed() -> None:
    assert importlib.resources.files("zkapex_jax").joinpath("py.typed").is_file()
    assert '"py.typed"' in (ROOT / "pyproject.toml").read_text()


@pytest.mark.slow
def test_types_hold(tmp_path: Path) -> None:
    """As `make types`; and a user's mistake is seen."""
    cached = ("-m", "mypy", "--cache-dir", str(tmp_path / "cache"))
    done = subprocess.run([sys.executable, *cached], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    wrong = tmp_path / "wrong.py"
    wrong.write_text("import zkapex_jax\nzkapex_jax.top_mask({}, 'half')\nzkapex_jax.unlearn({}, {}, {}, blocks='some')\nzkapex_jax.unlern\n")
    done = subprocess.run([sys.executable, *cached, "--config-file", "", str(wrong)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.count("arg-type") == 2 and done.stdout.count("attr-defined") == 1

"""Examples of docstrings and of the page for Python are run: what they show is what comes out."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = ("zkapex_jax", "zkapex_jax.api.compensation", "zkapex_jax.api.freezing", "zkapex_jax.api.gradients", "zkapex_jax.api.masks",
           "zkapex_jax.api.sketching",
           "zkapex_jax.curvature.block_fisher", "zkapex_jax.curvature.rows", "zkapex_jax.obs.compensate", "zkapex_jax.obs.woodbury",
           "zkapex_jax.models.chunks", "zkapex_jax.models.patterns")  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name: str) -> None:
    result = doctest.testmod(import_module(name))
    assert result.attempted > 0 and result.failed == 0


def test_the_page() -> None:
    result = doctest.testfile(str(ROOT / "docs/python.md"), module_relative=False)
    assert result.attempted > 20 and result.failed == 0

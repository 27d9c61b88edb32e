"""A sketch's memory is that of rows of single examples and some blocks: what grows with draws, rows and weights is on the disk."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zkapex_jax.curvature import create_rows, per_example_gradients, sketched_rows
from zkapex_jax.models import Model, new_model, select_targets
from zkapex_jax.models.chunks import chunk_bounds
from zkapex_jax.models.layout import TargetLayout
from zkapex_jax.workflow.memory import give_back, map_large_arrays, own_peak, reset_peak

OPT = {"model_type": "opt", "hidden_size": 192, "ffn_dim": 1024, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 64,
       "max_position_embeddings": 16, "word_embed_proj_dim": 192, "init_std": 0.02, "dropout": 0.0}  # fmt: skip
ROWS = 24
#: Blocks of columns of both files and of the gradients, and pages that the system maps around what is touched.
BLOCKS = 64 << 20

Language = tuple[Model, Any, TargetLayout, dict[str, np.ndarray]]


@pytest.fixture(scope="module")
def language() -> Language:
    model, params = new_model(OPT, 0)
    texts = np.random.default_rng(0).integers(0, 64, (ROWS, 8)).astype(np.int32)
    return model, params, select_targets(params, "re:.*fc[12]/kernel"), {"input_ids": texts}


def growth(work: Callable[[], object]) -> int:
    """Bytes that the process grew by at the peak of `work`."""
    map_large_arrays()
    give_back()
    if not reset_peak():
        pytest.skip("this system does not count the peak of a process anew")
    found = re.search(r"^VmRSS:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    work()
    return own_peak() - int(found[1]) * 1024


def of_examples(language: Language, folder: Path) -> None:
    model, params, layout, examples = language
    folder.mkdir()
    rows = create_rows(folder / "rows", ROWS, layout.weights)
    per_example_gradients(model.loss, params, layout, examples, 2, out=rows)


def of_draws(language: Language, folder: Path, count: int, rows: int = ROWS) -> None:
    model, params, layout, examples = language
    folder.mkdir()
    made = create_rows(folder / "rows", rows, layout.weights)
    bounds = chunk_bounds(layout.weights, 63_744)
    sketched_rows(model, params, layout, examples, bounds, rows, count=count, micro_batch=2, out=made, kept=folder / "sketch")


def test_memory_is_that_of_single_examples(language: Language, tmp_path: Path) -> None:
    of_examples(language, tmp_path / "warm")
    of_draws(language, tmp_path / "warm too", 4)
    bound = growth(lambda: of_examples(language, tmp_path / "examples")) + BLOCKS
    for name, count, rows in (("few", ROWS, ROWS), ("many", 3 * ROWS, ROWS), ("more rows", 3 * ROWS, 2 * ROWS)):
        assert growth(lambda count=count, rows=rows, name=name: of_draws(language, tmp_path / name, count, rows)) < bound
    assert bound < sum(path.stat().st_size for path in (tmp_path / "more rows").rglob("*") if path.is_file()) / 4

"""The notebook is run, cell by cell, in a kernel of its own: from a model to a verified proof."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "docs/notebooks/unlearn.ipynb"


def printed(notebook: nbformat.NotebookNode) -> str:
    return "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))


@pytest.fixture(scope="module")
def kept() -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


def test_it_runs_to_a_verified_proof(kept: nbformat.NotebookNode, tmp_path: Path) -> None:
    notebook = nbformat.from_dict({**kept, "cells": [{**cell, "outputs": []} if cell.cell_type == "code" else cell for cell in kept.cells]})
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    text = printed(notebook)
    assert "\naccepted\n" in text and "\nproven\n" in text and text.count("masked weights that are not zero: 0\n") == 2
    share = re.search(r"distance to the float result: (\d+) % of the repair", text)
    assert share is not None and int(share[1]) < 40
    assert not list(tmp_path.iterdir())


def test_what_is_kept_was_run_and_names_no_machine(kept: nbformat.NotebookNode) -> None:
    counts = [cell.execution_count for cell in kept.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1)) and "accepted" in printed(kept)
    assert not re.search(r"/(tmp|home|root|Users|usr|work)/", NOTEBOOK.read_text())
    nbformat.validate(kept)

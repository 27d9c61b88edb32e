"""What the libraries take is asked for before they are loaded: a refusal in words in place of a process that the system ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from zkapex_jax.errors import StorageError
from zkapex_jax.workflow.costs import libraries
from zkapex_jax.workflow.costs.libraries import GRADIENTS, LOADED, SOLVER, check_python_room, python_bytes


def test_what_is_loaded_already_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "jax", raising=False)
    assert python_bytes() == LOADED + SOLVER and python_bytes(compiled=GRADIENTS) == LOADED + GRADIENTS
    monkeypatch.setitem(sys.modules, "jax", os)
    assert python_bytes() == SOLVER


def test_a_checkpoint_counts_with_its_copies(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(bytes(1000))
    assert python_bytes(tmp_path) - python_bytes() == 3000
    assert python_bytes(tmp_path / "gone") == python_bytes()


@pytest.mark.parametrize(("free", "fits"), [(None, True), (0, True), (1, True), (-1, False)])
def test_the_edge(free: int | None, fits: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`free`: bytes beyond what is needed."""
    monkeypatch.setattr(libraries, "free_memory", lambda swap: None if free is None else python_bytes() + free)
    if fits:
        check_python_room("the repair", tmp_path)
        return
    with pytest.raises(StorageError, match="the repair takes at least .* beside the prover") as caught:
        check_python_room("the repair", tmp_path)
    assert caught.value.code == "no_memory" and "free" in str(caught.value)


def test_it_is_known_without_loading_them(tmp_path: Path) -> None:
    """Neither the question nor the refusal loads what there is no room for."""
    code = (
        "import sys; from pathlib import Path; from zkapex_jax.workflow.costs import libraries; libraries.free_memory = lambda swap: 1 << 20\n"
        "try: libraries.check_python_room('x', Path('.'))\nexcept libraries.StorageError: print('jax' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path).stdout == "False\n"


def test_the_card_is_left_alone_where_memory_is_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is in: its command ends well, and prints what writes the card elsewhere."""
    from zkapex_jax.client import saved_models
    from zkapex_jax.client.home import Home

    class Asked:
        request_id, path, signer = "r-1", tmp_path / "request", "1" * 64

    model = tmp_path / "model"
    model.mkdir()
    monkeypatch.setattr(saved_models, "saved_model", lambda home, request_id: model)
    monkeypatch.setattr(libraries, "free_memory", lambda swap: 1 << 20)
    carded = saved_models.update_card(Home(tmp_path), Asked(), tmp_path / "receipt.json")  # type: ignore[arg-type]
    assert carded.card is None and "memory is too small" in (carded.problem or "") and carded.command.startswith(f"zkapex card {model}")

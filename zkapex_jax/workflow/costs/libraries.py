"""Memory of Python itself: the libraries that networks and the solver need, and what they compile. Asked for before they are loaded,
for where it runs out the system ends the process without a word."""

from __future__ import annotations

import sys
from pathlib import Path

from zkapex_jax.errors import StorageError
from zkapex_jax.workflow.costs.free_memory import free_memory, megabytes

#: Bytes beyond what a started command holds, measured (docs/client.md, *On a small machine*): loaded, and while a step is compiled and run.
LOADED, GRADIENTS, SOLVER = 170_000_000, 80_000_000, 60_000_000
#: Copies of a checkpoint's weights that its gradients take: as read, as parameters, and one set of gradients.
_COPIES = 3


def python_bytes(model: Path | None = None, compiled: int = SOLVER) -> int:
    """Least memory that a step needs which uses the libraries (`compiled`: GRADIENTS, SOLVER), and the checkpoint `model` if one is given."""
    files = [path for path in model.iterdir() if path.is_file()] if model is not None and model.is_dir() else []
    return (0 if "jax" in sys.modules else LOADED) + compiled + _COPIES * sum(path.stat().st_size for path in files)


def check_python_room(what: str, folder: Path, model: Path | None = None, compiled: int = SOLVER) -> None:
    """Raises StorageError (`no_memory`) if `what` cannot be done in the memory that is free."""
    needed, free = python_bytes(model, compiled), free_memory(swap=True)
    if free is not None and free < needed:
        raise StorageError(
            f"memory is too small: {what} takes at least {megabytes(needed)} beside the prover", code="no_memory", file=folder, field="memory",
            value=f"{megabytes(free)} free", hint="end other programs, or do it on a larger machine with this folder",
        )  # fmt: skip

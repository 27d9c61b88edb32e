"""The provider's side of a deletion request: mask scores, mask, forget rows, budget; and accuracy, for both sides.

What needs the network libraries is imported on first use.
"""

from importlib import import_module
from typing import Any

from zkapex_jax.forget.budget import BUDGET_FACTOR, budget
from zkapex_jax.forget.scores import mask_scores
from zkapex_jax.forget.selection import mask_size, select_mask

_HOMES = {"evaluation": ("Evaluation", "SetAccuracy", "evaluate"), "rows": ("forget_rows", "masked_params")}

__all__ = ["BUDGET_FACTOR", "Evaluation", "SetAccuracy", "budget", "evaluate", "forget_rows", "mask_scores",
           "mask_size", "masked_params", "select_mask"]  # fmt: skip


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""Models: loading and saving checkpoints, losses per example, and the layout of target weights.

Names are imported on first use: the layout alone does not need the network libraries, which take a second to load.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "adapter": ("Model", "OptLanguageModel", "VitClassifier", "model_class"),
    "checkpoint": ("check_params", "load_checkpoint", "new_model", "save_checkpoint"),
    "card": ("put_section", "write_card"),
    "examples": ("check_examples",),
    "fresh": ("fresh_model",),
    "rewriting_checkpoint": ("rewrite_checkpoint",),
    "weight_files": ("find_weights",),
    "targets": ("TargetLayout", "chunk_bounds", "chunk_sizes", "flatten", "put_targets", "select_targets", "take_targets", "unflatten"),
}

__all__ = sorted(name for names in _HOMES.values() for name in names)


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""The exact integers that are proven of one chunk, and the certificate that they give.

`build_chunk` and its companions are imported on first use: a verifier needs the rules, not the solver's libraries.
"""

from importlib import import_module
from typing import Any

from zkapex_jax.witness.certificate import Certificate, certified_distance, certified_gap, true_distance
from zkapex_jax.witness.rules import Sums, check_budget, check_slack_widths, masked_energy, rules

_BUILDING = ("ChunkWitness", "build_chunk", "check_window")

__all__ = [
    "Certificate",
    "ChunkWitness",
    "Sums",
    "build_chunk",
    "certified_distance",
    "certified_gap",
    "check_budget",
    "check_slack_widths",
    "check_window",
    "masked_energy",
    "rules",
    "true_distance",
]


def __getattr__(name: str) -> Any:
    if name in _BUILDING:
        return getattr(import_module(f"{__name__}.chunk"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

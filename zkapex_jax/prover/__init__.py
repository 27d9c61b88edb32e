"""Driver of the Rust binary `zkapex-prover`. Names are imported on first use: what only shows progress needs no prover."""

from importlib import import_module
from typing import Any

_HOMES = {
    "columns": ("write_columns", "write_public"),
    "driver": ("EnrolmentFiles", "ProofFiles", "Prover"),
    "progress": ("OnProgress", "Progress", "tell"),
    "relation": ("RelationProof", "RelationVerdict", "relation_check", "relation_prove", "relation_verify"),
    "serving": ("ChunkServer", "ServedChunk"),
    "srs": ("SrsFile", "check_srs", "ensure_srs", "import_srs"),
}

__all__ = sorted(name for names in _HOMES.values() for name in names)


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""The relations of the protocol: one function each, from a preset to a circuit."""

from zkapex_jax.circuit.relations.fold_kkt import build_fold_kkt

__all__ = ["build_fold_kkt"]

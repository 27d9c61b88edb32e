"""The relations: one function each. Those of the protocol take a preset; ``dense_kkt``, the baseline, takes sizes of its own."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from zkapex_jax.circuit.model import Circuit
from zkapex_jax.circuit.relations.dense_kkt import build_dense_kkt, build_sized
from zkapex_jax.circuit.relations.dense_size import DENSE_SIZES, DENSE_TOY, Dense, dense_size
from zkapex_jax.circuit.relations.enrol import build_enrol
from zkapex_jax.circuit.relations.fold_kkt import build_fold_kkt
from zkapex_jax.errors import InputError
from zkapex_jax.presets import Preset

#: Every relation of the protocol by the name that its tables and transcripts carry.
RELATIONS: Mapping[str, Callable[[Preset], Circuit]] = MappingProxyType({"fold_kkt": build_fold_kkt, "enrol": build_enrol})


def build(relation: str, preset: Preset) -> Circuit:
    """The circuit of one chunk of that relation at that preset's size.

    Raises:
        InputError: there is no such relation.
    """
    if relation not in RELATIONS:
        raise InputError(f"unknown relation; known are {', '.join(RELATIONS)}", code="circuit.relation", field="relation", value=relation)
    return RELATIONS[relation](preset)


__all__ = ["DENSE_SIZES", "DENSE_TOY", "RELATIONS", "Dense", "build", "build_dense_kkt", "build_enrol", "build_fold_kkt", "build_sized",
           "dense_size"]  # fmt: skip

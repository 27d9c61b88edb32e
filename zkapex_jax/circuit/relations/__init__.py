"""The relations of the protocol: one function each, from a preset to a circuit."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from zkapex_jax.circuit.model import Circuit
from zkapex_jax.circuit.relations.enrol import build_enrol
from zkapex_jax.circuit.relations.fold_kkt import build_fold_kkt
from zkapex_jax.errors import InputError
from zkapex_jax.presets import Preset

#: Every relation by the name that its tables and transcripts carry.
RELATIONS: Mapping[str, Callable[[Preset], Circuit]] = MappingProxyType({"fold_kkt": build_fold_kkt, "enrol": build_enrol})


def build(relation: str, preset: Preset) -> Circuit:
    """The circuit of one chunk of that relation at that preset's size.

    Raises:
        InputError: there is no such relation.
    """
    if relation not in RELATIONS:
        raise InputError(f"unknown relation; known are {', '.join(RELATIONS)}", code="circuit.relation", field="relation", value=relation)
    return RELATIONS[relation](preset)


__all__ = ["RELATIONS", "build", "build_enrol", "build_fold_kkt"]

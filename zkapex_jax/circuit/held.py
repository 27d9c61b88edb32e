"""Which rows of each column hold something, for pictures, documents, and the tests of what stands elsewhere.

A cell that is not named here is zero in an honest proof. A dishonest one may hold anything in a column that it commits
to: ``tests/circuit/test_unused_cells.py`` fills those cells at random and finds the sums unchanged.
"""

from collections.abc import Mapping
from types import MappingProxyType

from zkapex_jax.circuit.columns import Column, Kind
from zkapex_jax.circuit.model import Circuit, Region

_TAIL, _ACTIVE, _BOTH, _BLOCKS = ("tail",), ("active",), ("tail", "active"), ("blocks",)

#: Relation → family, or one column of it → regions in which it holds the statement's values.
HELD: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType({
    "fold_kkt": {
        "acc": _BOTH, "theta_p": _ACTIVE, "theta_u": _ACTIVE, "y.0": _BOTH, "y.1": _BOTH, "y": _ACTIVE, "fold": _ACTIVE,
        "free": _ACTIVE, "bits": _BOTH, "q": _TAIL, "v": _ACTIVE, "c": _ACTIVE, "w_sigma": _TAIL, "w_e": _TAIL, "w_q": _TAIL, "w_sigma_q": _TAIL,
        "w_e2": _TAIL, "w_const": _TAIL, "w_bits": _BOTH,
    },
    "enrol": {"acc": _BOTH, "delta": _ACTIVE, "fold": _ACTIVE, "cells": _BOTH, "c": _ACTIVE, "w": _BOTH, "w_const": _TAIL},
    "dense_kkt": dict.fromkeys(
        ("delta", "shared", "acc", "residue", "limbs_p", "limbs_u", "curvature", "theta_p", "theta_u", "free"), _BLOCKS
    ),
})  # fmt: skip

#: Relation → families that are random on the blinding rows: every committed column whose content is secret.
BLINDED: Mapping[str, frozenset[str]] = MappingProxyType({
    "fold_kkt": frozenset({"theta_p", "theta_u", "y", "fold", "bits", "q"}),
    "enrol": frozenset({"delta", "fold", "cells"}),
    "dense_kkt": frozenset({"curvature", "theta_p", "theta_u"}),
})  # fmt: skip

#: Name of the region of blinding rows in every relation.
BLINDING = "blinding"


def holds(circuit: Circuit, column: Column, region: Region) -> bool:
    """Whether the column holds values of the statement in that region; for a relation that is not listed, wherever it can."""
    families = HELD.get(circuit.relation)
    return families is None or region.name in families.get(column.name, families.get(column.family, ()))


def is_random(circuit: Circuit, column: Column, region: Region) -> bool:
    """Whether an honest prover fills the region with random field elements: blinding rows, and Halo2's own rows of advice."""
    if column.kind is Kind.ADVICE:
        return region.start >= circuit.usable_rows
    return region.name == BLINDING and column.family in BLINDED.get(circuit.relation, ())

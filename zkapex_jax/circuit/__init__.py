"""Circuits as data: builder, relations, constraint tables, cost and bounds."""

from zkapex_jax.circuit.builder import CircuitBuilder
from zkapex_jax.circuit.cost import CostSheet, cost_sheet
from zkapex_jax.circuit.emit import digest, emit, write_tables
from zkapex_jax.circuit.model import Circuit
from zkapex_jax.circuit.parse import parse
from zkapex_jax.circuit.relations import RELATIONS, build, build_dense_kkt, build_enrol, build_fold_kkt

__all__ = ["RELATIONS", "Circuit", "CircuitBuilder", "CostSheet", "build", "build_dense_kkt", "build_enrol", "build_fold_kkt",
           "cost_sheet", "digest", "emit", "parse", "write_tables"]  # fmt: skip

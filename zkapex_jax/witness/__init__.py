"""The exact integers that are proven of one chunk, and the certificate that they give."""

from zkapex_jax.witness.certificate import Certificate, certified_distance, certified_gap, true_distance
from zkapex_jax.witness.chunk import ChunkWitness, build_chunk, check_window
from zkapex_jax.witness.rules import Sums, check_budget, check_slack_widths, masked_energy, rules

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

"""Halo2 with KZG over BLS12-381 for any constraint tables, in plain Python: the proof system of `midnight-proofs` 0.8.3.

Read in this order: domain, polynomial, random, transcript (the tools); queries, circuit, openings (what the tables become); key;
permutation, lookup, vanishing, identities (the arguments); multiopen; verifier, prover (the rounds); layout, explain (a proof's bytes).
"""

from .explain import first_difference
from .key import ProvingKey, VerifyingKey
from .layout import Field, layout
from .prover import Committed, prove
from .random import ChaCha20
from .verifier import verify

__all__ = ["ChaCha20", "Committed", "Field", "ProvingKey", "VerifyingKey", "first_difference", "layout", "prove", "verify"]

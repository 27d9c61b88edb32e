"""Shared test vectors: `python -m reference_prover.vectors` writes them all and, run again, leaves no difference."""

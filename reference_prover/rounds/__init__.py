"""The rounds of the online protocol: integers, claims, columns, the sums that mu separates; then prover and verifier of a chunk's message."""

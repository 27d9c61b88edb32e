"""What proving costs, and what it depends on: one sweep a table of docs/performance.md.

`python -m experiments.performance measure` takes what is missing, out of date, or was taken while others used the machine;
`python -m experiments.performance draw` writes tables and figures from the records. A record names the settings, the digest of
the prover that was measured, the machine, and how busy others kept it. Chunks are synthetic and full, every round of the
protocol is run, and honest proofs are verified.
"""

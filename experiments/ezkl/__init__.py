"""The same KKT block proven by a general-purpose compiler for neural networks, for comparison.

ezkl 23.0.5 is a Halo2 compiler for ONNX graphs; the paper's prototype is a Halo2 circuit of the same shape. The graph is the
paper's relation of one block of B weights, over the very integers of `zkapex_jax.workflow.bench.dense_blocks`:

    station  = free   ∘ (C·(θu − θp))        public; the verifier wants each |·| within half the row sum of C
    feasible = masked ∘ θu                   public; the verifier wants zeros

C, θp and θu are committed by ezkl's polynomial commitment; the mask is a constant of the circuit. Two kinds: as ezkl comes, it
proves that every input is a 28-bit integer; without that (`unranged`, the paper's relation) its circuit has a quarter of the rows,
and says nothing about integers. Other choices favour ezkl: scale 0 (no rescaling, no other lookups), the smallest circuit that its
calibration finds, residues published rather than proven to be in range, keys made once and not counted. ezkl runs in a Python
environment of its own, for it must not meet the pinned packages of this project.
"""

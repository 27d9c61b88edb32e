"""The method on pytrees of parameters, as `optax` and `flax` have them: what `zkapex_jax` exports at its top.

Trees are matched by the paths of their leaves. `mask` and gradients may hold all leaves of the parameters, or only some
of them (the others absent or None): leaves that they do not hold are not touched. In a mask, true means that the weight
becomes zero.
"""

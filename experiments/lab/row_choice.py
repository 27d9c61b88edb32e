"""How the client makes its gradient rows, as the product names it."""

from zkapex_jax.curvature.choice import DRAWN, EXAMPLES, KINDS, SKETCH, Rows

__all__ = ["DRAWN", "EXAMPLES", "KINDS", "SKETCH", "Rows"]

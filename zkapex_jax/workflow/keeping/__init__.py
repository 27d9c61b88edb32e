"""What a provider's folder keeps, for how long, and what is removed from it."""

from zkapex_jax.workflow.keeping.rules import Keep

__all__ = ["Keep"]

"""The provider's view of the fleet: one page, served by the service's own process, with no outside asset."""

from zkapex_jax.service.dashboard.login import digest_of, new_token
from zkapex_jax.service.dashboard.router import dashboard_router

__all__ = ["dashboard_router", "digest_of", "new_token"]

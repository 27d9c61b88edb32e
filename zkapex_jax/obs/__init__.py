"""Group-OBS: the optimal change of the remaining weights when a group of weights is zeroed."""

from zkapex_jax.obs.woodbury import Compensation, group_obs

__all__ = ["Compensation", "group_obs"]

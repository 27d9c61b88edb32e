"""Group-OBS: the optimal change of the remaining weights when a group of weights is zeroed.

`compensate` is pure and jittable, on a `curvature.BlockFisher`; `group_obs` is the same on the host in float64, from which
the protocol's integers are rounded. Both solve an n × n system, whatever the number of weights.
"""

from zkapex_jax.obs.compensate import Move, compensate, multipliers, saliency
from zkapex_jax.obs.woodbury import Compensation, group_obs

__all__ = ["Compensation", "Move", "compensate", "group_obs", "multipliers", "saliency"]

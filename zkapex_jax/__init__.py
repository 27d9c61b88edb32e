"""zkapex: verifiable personalised unlearning.

The method on pytrees is here, at the top; names are imported on first use, so that `import zkapex_jax` itself is quick.
The protocol's steps on files are in `zkapex_jax.workflow`, standalone curvature in `zkapex_jax.curvature` and
`zkapex_jax.obs`.

>>> import jax.numpy as jnp, zkapex_jax
>>> params = {"w": jnp.array([1.0, 2.0, 3.0])}
>>> gradients = {"w": jnp.array([[1.0, 1.0, 0.0], [0.5, 0.4, 0.0]])}
>>> mask = zkapex_jax.top_mask({"w": jnp.array([9.0, 0.0, 1.0])}, sparsity=0.3)
>>> zkapex_jax.unlearn(params, mask, gradients)["w"].round(1)
Array([0., 3., 3.], dtype=float32)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from zkapex_jax import curvature as curvature
    from zkapex_jax import models as models
    from zkapex_jax import obs as obs
    from zkapex_jax.api.compensation import compensation, unlearn
    from zkapex_jax.api.freezing import freeze_masked
    from zkapex_jax.api.gradients import per_example_gradients
    from zkapex_jax.api.masks import apply_mask, mask_scores, top_mask
    from zkapex_jax.api.sketching import sketch_gradients
    from zkapex_jax.curvature.block_fisher import BlockFisher
    from zkapex_jax.errors import ZkapexError

_HOMES = {
    "api.compensation": ("compensation", "unlearn"),
    "api.freezing": ("freeze_masked",),
    "api.gradients": ("per_example_gradients",),
    "api.masks": ("apply_mask", "mask_scores", "top_mask"),
    "api.sketching": ("sketch_gradients",),
    "curvature.block_fisher": ("BlockFisher",),
    "errors": ("ZkapexError",),
}

#: Packages that stand on their own; the others are imported by name.
_ROOMS = ("curvature", "models", "obs")

__all__ = ["BlockFisher", "ZkapexError", "apply_mask", "compensation", "freeze_masked", "mask_scores", "per_example_gradients",
           "sketch_gradients", "top_mask", "unlearn"]  # fmt: skip


if not TYPE_CHECKING:  # to a type checker a module with __getattr__ has every name, misspelt ones too

    def __getattr__(name: str) -> Any:
        for home, names in _HOMES.items():
            if name in names:
                return getattr(import_module(f"{__name__}.{home}"), name)
        if name in _ROOMS:
            return import_module(f"{__name__}.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=import_module(__name__))


def __dir__() -> list[str]:
    return sorted({*__all__, *_ROOMS, "__doc__", "__version__"})

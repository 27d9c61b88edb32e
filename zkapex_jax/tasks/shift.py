"""A client's private domain: every image turned, its contrast changed and noise added, as by a camera of its own."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.ndimage import map_coordinates


@dataclass(frozen=True)
class DomainShift:
    """Turn by `rotation` +- `jitter` degrees (normal), scale contrast about mid-grey, add normal noise of that deviation."""

    rotation: float
    jitter: float
    contrast: float
    noise: float

    def apply(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Shifted images f32 [N, H, W] in 0 to 1; every draw comes from `rng`."""
        degrees = self.rotation + self.jitter * rng.standard_normal(len(images))
        turned = np.asarray(_rotate(jnp.asarray(images), jnp.asarray(np.deg2rad(degrees), jnp.float32)))
        noise = self.noise * rng.standard_normal(images.shape)
        return np.clip(0.5 + self.contrast * (turned - 0.5) + noise, 0.0, 1.0).astype(np.float32)


@jax.jit
def _rotate(images: jax.Array, angles: jax.Array) -> jax.Array:
    """Bilinear rotation of images [N, H, W] about their centre by angles [N] in radians, counter-clockwise; blank outside."""
    height, width = images.shape[1:]
    row, column = jnp.meshgrid(jnp.arange(height) - (height - 1) / 2, jnp.arange(width) - (width - 1) / 2, indexing="ij")

    def one(image: jax.Array, angle: jax.Array) -> jax.Array:
        cosine, sine = jnp.cos(angle), jnp.sin(angle)
        source = [cosine * row + sine * column + (height - 1) / 2, cosine * column - sine * row + (width - 1) / 2]
        return map_coordinates(image, source, order=1, mode="constant", cval=0.0)

    return jax.vmap(one)(images, angles)

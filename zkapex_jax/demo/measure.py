"""Accuracy of every model of the run, and where a mask fell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zkapex_jax.curvature import damping
from zkapex_jax.demo.clock import Stage as Running
from zkapex_jax.demo.deletion import Deletion
from zkapex_jax.demo.scene import Scene
from zkapex_jax.forget import Evaluation, evaluate
from zkapex_jax.models import unflatten
from zkapex_jax.models.order import as_tensor
from zkapex_jax.models.targets import chunk_bounds
from zkapex_jax.obs import group_obs
from zkapex_jax.presets import Preset
from zkapex_jax.quantize import forget_scale, from_fixed
from zkapex_jax.report.parts import Mask, MaskedTensor
from zkapex_jax.report.values import FORGET_SETS, SETS, STAGES, Stage

_GRID_ROWS, _GRID_COLUMNS = 16, 32


@dataclass(frozen=True)
class Measured:
    """Accuracy by stage and set, by stage and class, and the size of each set."""

    accuracy: dict[str, dict[str, float]]
    per_class: dict[str, dict[str, float]]
    examples: dict[str, int]


def measure(
    scene: Scene, deletions: Sequence[Deletion], rows: np.ndarray, preset: Preset, proven: Mapping[Stage, np.ndarray], running: Running
) -> Measured:
    """Evaluate all stages; `rows` f32 [n, W] are the clipped gradients of the first enrolment, `proven` int32 [W] the
    weights behind the stages `compensated`, `second` and `renewed`."""
    personal, first = scene.personal_weights, from_fixed(proven["compensated"])
    vectors: dict[Stage, np.ndarray] = {
        "personalised": personal,
        "masked": np.where(deletions[0].mask, 0.0, personal),
        "compensated_float": personal + compensate_float(personal, rows, deletions[0], preset),
        "second_masked": np.where(deletions[1].mask, 0.0, first),
        **{stage: from_fixed(vector) for stage, vector in proven.items()},
    }
    found: dict[str, Evaluation] = {}
    for done, name in enumerate(STAGES):
        params = unflatten(scene.personal, scene.layout, vectors[name]) if name in vectors else scene.base
        found[name] = evaluate(scene.model, params, scene.tests)
        running.step(done + 1, len(STAGES))
    return Measured(
        accuracy={name: {set_: found[name].accuracy(set_) for set_ in SETS} for name in STAGES},
        per_class={name: _per_class(found[name]) for name in STAGES},
        examples={set_: found["base"].sets[set_].examples for set_ in SETS},
    )


def compensate_float(theta: np.ndarray, rows: np.ndarray, deletion: Deletion, preset: Preset) -> np.ndarray:
    """δ float64 [W] by Group-OBS on the float curvature: γI + GᵀG + HᵀH, H scaled to the norm of typical rows of G."""
    delta = np.zeros(len(theta))
    bounds = chunk_bounds(len(theta), preset.capacity)
    for chunk in deletion.budget:
        place = slice(*bounds[chunk])
        gradients, forget = rows[:, place], deletion.rows[:, place]
        gamma = damping(gradients)
        scale = forget_scale(forget, float(np.sqrt(32 * gamma)))
        stacked = np.vstack([gradients, forget / scale]).astype(np.float64)
        delta[place] = group_obs(stacked, gamma, theta[place].astype(np.float64), deletion.mask[place]).delta
    return delta


def _per_class(evaluation: Evaluation) -> dict[str, float]:
    """Forgotten classes as their own test sets show them, the others as the client's does."""
    classes = dict(evaluation.sets["personal"].by_class)
    for set_ in FORGET_SETS:
        classes |= evaluation.sets[set_].by_class
    return {str(label): classes[label] for label in sorted(classes)}


def mask_view(scene: Scene, mask: np.ndarray) -> Mask:
    """Counts and coarse pictures of the mask, tensor by tensor."""
    tensors = [
        MaskedTensor(path=path, shape=shape, weights=int(mask[place].size), masked=int(mask[place].sum()),
                     grid=coarse(as_tensor(mask[place], shape)))
        for path, shape, place in scene.layout.slices()
    ]  # fmt: skip
    return Mask(weights=int(mask.size), masked=int(mask.sum()), share=float(mask.mean()), tensors=tensors)


def coarse(mask: np.ndarray) -> list[list[float]]:
    """Mean of a mask over the cells of a grid of at most 16 x 32; the first axis downwards, all others across."""
    flat = mask.reshape(mask.shape[0], -1).astype(np.float64) if mask.ndim > 1 else mask.reshape(1, -1).astype(np.float64)
    rows = _edges(flat.shape[0], _GRID_ROWS)
    columns = _edges(flat.shape[1], _GRID_COLUMNS)
    sums = np.add.reduceat(np.add.reduceat(flat, rows, axis=0), columns, axis=1)
    sizes = np.outer(np.diff([*rows, flat.shape[0]]), np.diff([*columns, flat.shape[1]]))
    return (sums / sizes).tolist()


def _edges(length: int, parts: int) -> list[int]:
    """Starts of at most `parts` even, non-empty parts of range(length)."""
    count = min(length, parts)
    return [length * part // count for part in range(count)]

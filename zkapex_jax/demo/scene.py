"""The people of the play: a provider's model and a client's, trained on digits or read back from an earlier attempt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np

from zkapex_jax.curvature import clip_rows, per_example_gradients
from zkapex_jax.demo.clock import Clock
from zkapex_jax.demo.options import DemoOptions, Folders
from zkapex_jax.models import TargetLayout, flatten, load_checkpoint, save_checkpoint, select_targets
from zkapex_jax.models.adapter import Model
from zkapex_jax.tasks import Task, base_model, get_task, personalise

Params = dict[str, Any]
MODEL_NAME = "digits-vit"


@dataclass(frozen=True)
class Scene:
    """Task, network, both sets of parameters and the target weights in both, [W]."""

    task: Task
    model: Model
    base: Params
    personal: Params
    layout: TargetLayout

    @property
    def base_weights(self) -> np.ndarray:
        return flatten(self.base, self.layout)

    @property
    def personal_weights(self) -> np.ndarray:
        return flatten(self.personal, self.layout)

    @property
    def parameters(self) -> int:
        """Parameters of the whole model, targeted or not."""
        return sum(int(leaf.size) for leaf in jax.tree.leaves(self.base))

    @property
    def forgotten(self) -> tuple[int, ...]:
        return self.task.config.forgotten

    @property
    def forget_text(self) -> str:
        """Digits 3 and 8; what the request says of itself."""
        names = [str(label) for label in self.forgotten]
        listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
        return f"{'Digit' if len(names) == 1 else 'Digits'} {listed}"


def set_scene(options: DemoOptions, folders: Folders, clock: Clock) -> Scene:
    """Train both models, or read them where an interrupted run of the same task and seed left them.

    Raises:
        InputError: no such task.
    """
    task = get_task(options.task, options.seed)
    kept = {side: (side / "model").is_dir() for side in (folders.provider, folders.client)}
    with clock.stage("base", _title("provider trains the base model", kept[folders.provider]), "provider") as stage:
        model, base = load_checkpoint(folders.provider / "model") if kept[folders.provider] else base_model(task, stage.step)
        if not kept[folders.provider]:
            save_checkpoint(folders.provider / "model", model, base)
    with clock.stage("personalise", _title("client personalises it", kept[folders.client]), "client") as stage:
        personal = load_checkpoint(folders.client / "model")[1] if kept[folders.client] else personalise(task, model, base, stage.step)
        if not kept[folders.client]:
            save_checkpoint(folders.client / "model", model, personal, private=True)
    return Scene(task, model, base, personal, select_targets(base, task.config.pattern))


def gradient_rows(scene: Scene, rows: int) -> np.ndarray:
    """Clipped per-example gradients f32 [n, W] of the personal loss: the client's curvature, private."""
    train = scene.task.personal_train
    chosen = {field: values[:rows] for field, values in train.items()}
    gradients = per_example_gradients(scene.model.loss, scene.personal, scene.layout, chosen)
    return clip_rows(gradients, out=gradients)


def _title(title: str, kept: bool) -> str:
    return f"{title} (kept)" if kept else title

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
    with clock.stage("base", "provider trains the base model", "provider") as stage:
        model, base = _saved(folders.provider / "model") or _trained_base(task, folders.provider / "model", stage.step)
    with clock.stage("personalise", "client personalises it", "client") as stage:
        personal = _saved_params(folders.client / "model")
        if personal is None:
            personal = personalise(task, model, base, stage.step)
            save_checkpoint(folders.client / "model", model, personal, private=True)
    return Scene(task, model, base, personal, select_targets(base, task.config.pattern))


def gradient_rows(scene: Scene, rows: int) -> np.ndarray:
    """Clipped per-example gradients f32 [n, W] of the personal loss: the client's curvature, private."""
    train = scene.task.personal_train
    chosen = {field: values[:rows] for field, values in train.items()}
    gradients = per_example_gradients(scene.model.loss, scene.personal, scene.layout, chosen)
    return clip_rows(gradients, out=gradients)


def _trained_base(task: Task, folder: Path, step: Any) -> tuple[Model, Params]:
    model, params = base_model(task, step)
    save_checkpoint(folder, model, params)
    return model, params


def _saved(folder: Path) -> tuple[Model, Params] | None:
    return load_checkpoint(folder) if folder.is_dir() else None


def _saved_params(folder: Path) -> Params | None:
    saved = _saved(folder)
    return saved[1] if saved else None

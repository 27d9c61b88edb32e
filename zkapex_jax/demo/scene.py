"""The people of the play: a provider's model and a client's, trained on digits or read back from an earlier attempt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from zkapex_jax.curvature import clip_rows, per_example_gradients
from zkapex_jax.demo.clock import Clock
from zkapex_jax.demo.options import DemoOptions, Folders
from zkapex_jax.formats.arrays import save_arrays
from zkapex_jax.formats.atomic import SECRET_MODE, make_directory
from zkapex_jax.models import TargetLayout, flatten, load_checkpoint, save_checkpoint, select_targets, unflatten
from zkapex_jax.models.adapter import Model
from zkapex_jax.models.examples import Examples
from zkapex_jax.quantize import from_fixed
from zkapex_jax.tasks import Task, base_model, get_task, personalise
from zkapex_jax.tasks.task import build_task

Params = dict[str, Any]
MODEL_NAME = "digits-vit"

#: What the second request forgets; the first one forgets the classes of the task.
SECOND_CLASSES = (5,)


@dataclass(frozen=True)
class Scene:
    """Task, network, both sets of parameters and the target weights in both, [W].

    The task forgets the classes of all requests together: none of them is in the client's data. `groups` says which
    request forgets which.
    """

    task: Task
    model: Model
    base: Params
    personal: Params
    layout: TargetLayout
    groups: tuple[tuple[int, ...], ...]

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
    def tests(self) -> dict[str, Examples]:
        """The sets that accuracy is reported on, by the names of the summary."""
        first, second = (pick(self.task.forget, group) for group in self.groups)
        return {"forget": first, "forget_second": second, "retain": self.task.retain, "personal": self.task.personal_test}

    def request_data(self, index: int) -> tuple[Examples, Examples]:
        """The provider's training images that request `index` forgets, and those that it keeps, later requests' included."""
        keep = self.task.request_retain
        for group in self.groups[index + 1 :]:
            keep = joined(keep, pick(self.task.request_forget, group))
        return pick(self.task.request_forget, self.groups[index]), keep

    def forget_text(self, index: int) -> str:
        """Digits 3 and 8; what a request says of itself."""
        names = [str(label) for label in self.groups[index]]
        listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
        return f"{'Digit' if len(names) == 1 else 'Digits'} {listed}"


def chain_task(name: str, seed: int) -> tuple[Task, tuple[tuple[int, ...], ...]]:
    """The task of that name with the classes of both requests held out of the client's data, and these classes.

    Raises:
        InputError: as `get_task`.
    """
    config = get_task(name, seed).config
    groups = (config.forgotten, SECOND_CLASSES)
    return build_task(replace(config, forgotten=config.forgotten + SECOND_CLASSES), seed), groups


def pick(examples: Examples, classes: tuple[int, ...]) -> Examples:
    """The examples of these classes, in order."""
    chosen = np.isin(examples["labels"], classes)
    return {field: values[chosen] for field, values in examples.items()}


def joined(first: Examples, second: Examples) -> Examples:
    """One set after the other."""
    return {field: np.concatenate([values, second[field]]) for field, values in first.items()}


def set_scene(options: DemoOptions, folders: Folders, clock: Clock) -> Scene:
    """Train both models, or read them where an interrupted run of the same task and seed left them.

    Raises:
        InputError: no such task.
    """
    task, groups = chain_task(options.task, options.seed)
    kept = {side: (side / "model").is_dir() for side in (folders.provider, folders.client)}
    with clock.stage("base", _title("provider trains the base model", kept[folders.provider]), "provider") as stage:
        model, base = load_checkpoint(folders.provider / "model") if kept[folders.provider] else base_model(task, stage.step)
        if not kept[folders.provider]:
            save_checkpoint(folders.provider / "model", model, base)
    with clock.stage("personalise", _title("client personalises it", kept[folders.client]), "client") as stage:
        personal = load_checkpoint(folders.client / "model")[1] if kept[folders.client] else personalise(task, model, base, stage.step)
        if not kept[folders.client]:
            save_checkpoint(folders.client / "model", model, personal, private=True)
    return Scene(task, model, base, personal, select_targets(base, task.config.pattern), groups)


def save_data(scene: Scene, folders: Folders) -> None:
    """Write the first request's data and the client's: with the two models, all that it takes to go the way by hand."""
    forget, retain = scene.request_data(0)
    provider = make_directory(folders.provider / "data")
    save_arrays(provider / "forget.safetensors", forget)
    save_arrays(provider / "retain.safetensors", retain)
    save_arrays(make_directory(folders.client / "data") / "mine.safetensors", scene.task.personal_train, mode=SECRET_MODE)


def gradient_rows(scene: Scene, theta: np.ndarray, rows: int) -> np.ndarray:
    """Clipped per-example gradients f32 [n, W] of the personal loss at weights `theta` int32 [W]: private curvature."""
    chosen = {field: values[:rows] for field, values in scene.task.personal_train.items()}
    params = unflatten(scene.personal, scene.layout, from_fixed(theta))
    gradients = per_example_gradients(scene.model.loss, params, scene.layout, chosen)
    return clip_rows(gradients, out=gradients)


def _title(title: str, kept: bool) -> str:
    return f"{title} (kept)" if kept else title

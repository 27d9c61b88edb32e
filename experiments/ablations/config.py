"""What is varied, one at a time, around a centre; values were chosen before the reported seeds were run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from experiments.digits.config import FULL as DIGITS
from experiments.digits.config import QUICK as QUICK_DIGITS
from experiments.digits.config import DigitsConfig
from experiments.glyphs.config import ALPHABET, NETWORK, GlyphsConfig, found
from experiments.glyphs.config import FULL as GLYPHS
from experiments.glyphs.config import QUICK as QUICK_GLYPHS
from experiments.glyphs.fonts import fingerprint
from experiments.lab.config import Config, digest_of
from zkapex_jax.demo.scene import SECOND_CLASSES
from zkapex_jax.errors import InputError
from zkapex_jax.presets import DEFAULT_PRESET
from zkapex_jax.tasks.catalog import EASY
from zkapex_jax.tasks.catalog import TASKS as DEMONSTRATIONS
from zkapex_jax.tasks.network import VIT_CONFIG
from zkapex_jax.tasks.task import TaskConfig

DIGITS_TASK, NEAR, GLYPHS_TASK = "digits", "digits-near", "glyphs"
TASKS = (DIGITS_TASK, NEAR, GLYPHS_TASK)
SECOND = "second-request"

#: Floats instead of integers.
FLOAT = 0


def demonstration(task: TaskConfig, base: DigitsConfig = DIGITS) -> DigitsConfig:
    """A task of the demonstration: its data and sparsity; the schedules of `base`, at the sizes that are served."""
    return replace(base, forgotten=task.forgotten, shift=task.shift, sizes=task.sizes, sparsity=task.sparsity,
                   request_retain=task.request_retain, preset=DEFAULT_PRESET)  # fmt: skip


@dataclass(frozen=True)
class AblationsConfig(Config):
    """The centre has n = `centre_rows` gradient rows and k = 12, P = 16; all else as the product. An empty axis is left out.

    `blocks`: weights a chunk at most. `damping`: γ over tr(GᵀG) / n. `client_rows`: n. `micro_batch`: examples a row, of as
    many examples in all as the centre has rows. Of `gradient_bits` and `fraction_bits`, 0 means floats. `forget_rows`: kinds of
    `lab.compensation`, with `forget_counts` and `forget_weights` of the default kind. `masks`: scores. `clusters`: of the chunks
    of a cut into `cluster_k`, the share that a clustered mask may touch.
    `near_axes`, `glyphs_axes`: what is varied on these tasks; on `digits` everything is.
    `near` are the demonstration's slightly turned digits: a client of those still knows what is to be forgotten, so that it
    can leak back; on digits on their side masking alone leaves next to nothing. `second_tasks` of the demonstration, at
    the sizes served; `second_classes`: what a second request forgets there.

    Raises:
        InputError: a task is unknown, or as `Config`.
    """

    tasks: tuple[str, ...] = (DIGITS_TASK, SECOND, NEAR, GLYPHS_TASK)
    digits: DigitsConfig = DIGITS
    near: DigitsConfig = demonstration(EASY)
    glyphs: GlyphsConfig = GLYPHS
    near_axes: tuple[str, ...] = ("block", "client-rows", "forget-rows", "forget-count", "forget-weight", "mask", "mask-plain", "sparsity")
    glyphs_axes: tuple[str, ...] = ("block", "client-rows", "forget-rows", "sparsity")
    centre_rows: int = 128
    blocks: tuple[int, ...] = (64, 576, 1280, 5376, 13568, 32768, 65536)
    damping: tuple[float, ...] = (1.0, 1 / 4, 1 / 32, 1 / 256, 1 / 4096)
    sparsity: tuple[float, ...] = (0.02, 0.04, 0.08, 0.12, 0.2, 0.3)
    client_rows: tuple[int, ...] = (16, 32, 64, 128, 256, 384)
    micro_batch: tuple[int, ...] = (1, 2, 4, 8)
    gradient_bits: tuple[int, ...] = (2, 3, 4, 8, 12, FLOAT)
    fraction_bits: tuple[int, ...] = (6, 8, 10, 12, 16, FLOAT)
    forget_rows: tuple[str, ...] = ("none", "random", "base", "masked-base", "hard", "hard-whole")
    forget_counts: tuple[int, ...] = (0, 2, 8, 32)
    forget_weights: tuple[float, ...] = (0.1, 0.3, 1.0, 3.0, 10.0)
    masks: tuple[str, ...] = ("second-order", "fisher-ratio", "importance-ratio", "saliency", "magnitude", "magnitude-largest", "random")
    cluster_k: int = 10
    clusters: tuple[float, ...] = (0.4, 0.6, 0.8, 1.0)
    second_tasks: tuple[str, ...] = tuple(DEMONSTRATIONS)
    second_classes: tuple[int, ...] = SECOND_CLASSES

    def __post_init__(self) -> None:
        super().__post_init__()
        known = (*TASKS, SECOND)
        if not self.tasks or not set(self.tasks) <= set(known):
            raise InputError(f"must be among {', '.join(known)}", code="study", field="tasks", value=self.tasks)
        if not set(self.second_tasks) <= set(DEMONSTRATIONS):
            raise InputError(f"must be among {', '.join(DEMONSTRATIONS)}", code="study", field="second_tasks", value=self.second_tasks)

    @property
    def preset(self) -> str:
        """Sizes of the centre."""
        return f"measured-k12-p16-n{self.centre_rows}"

    def axes(self, task: str) -> tuple[str, ...] | None:
        """Axes that are varied on a task; None for all."""
        return {NEAR: self.near_axes, GLYPHS_TASK: self.glyphs_axes}.get(task)

    def digest(self) -> str:
        """SHA-256 over all that fixes a unit's results; of the tasks' studies, what makes the data and the models."""
        own = {name: value for name, value in vars(self).items() if name not in ("seeds", "tasks", DIGITS_TASK, "near", GLYPHS_TASK)}
        digits = {name: _chosen(config, _DIGITS_FIELDS) for name, config in ((DIGITS_TASK, self.digits), (NEAR, self.near))}
        second = {name: _chosen(demonstration(DEMONSTRATIONS[name], self.digits), _DIGITS_FIELDS) for name in self.second_tasks}
        return digest_of({"config": own, SECOND: second, GLYPHS_TASK: _chosen(self.glyphs, _GLYPHS_FIELDS), **digits, **self.constants()})

    def constants(self) -> Mapping[str, Any]:
        """Networks, and the fonts that were found."""
        fonts_found = fingerprint(found(self.glyphs.most_fonts))
        return {"networks": {DIGITS_TASK: VIT_CONFIG, GLYPHS_TASK: NETWORK}, "alphabet": ALPHABET, "fonts": fonts_found}


_DIGITS_FIELDS = ("forgotten", "shift", "sizes", "base", "personal", "pattern", "sparsity", "request_retain")
_GLYPHS_FIELDS = ("forgotten", "shares", "printed", "sketched", "most_fonts", "base", "personal", "pattern", "sparsity", "request_retain")


def _chosen(config: Config, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(config, name) for name in names}


FULL = AblationsConfig()
QUICK = replace(
    FULL,
    tasks=(DIGITS_TASK, SECOND),
    seeds=(0, 1),
    digits=QUICK_DIGITS,
    near=demonstration(EASY, QUICK_DIGITS),
    glyphs=QUICK_GLYPHS,
    centre_rows=64,
    blocks=(576, 32768),
    damping=(1.0, 1 / 32),
    sparsity=(0.04, 0.2),
    client_rows=(16, 64),
    micro_batch=(1, 4),
    gradient_bits=(4, 8, FLOAT),
    fraction_bits=(8, 16, FLOAT),
    forget_counts=(0, 8),
    forget_weights=(1.0,),
    masks=("second-order", "random"),
    clusters=(0.6, 1.0),
    second_tasks=("easy",),
)

"""From a personalised checkpoint and its data to an enrolment: what `enrol`, `client enrol` and `re-enrol` share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zkapex_jax.cli.options import RowKind
from zkapex_jax.cli.output import Output
from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.formats.atomic import make_directory, refuse_existing
from zkapex_jax.formats.passing import passing_folder
from zkapex_jax.presets import Preset
from zkapex_jax.protocol import Base, Enrolment
from zkapex_jax.prover import OnProgress
from zkapex_jax.prover.progress import Progress
from zkapex_jax.workflow import ClientFolder
from zkapex_jax.workflow.costs.libraries import GRADIENTS, check_python_room
from zkapex_jax.workflow.memory import trim
from zkapex_jax.workflow.toolchain import Toolchain

if TYPE_CHECKING:
    from zkapex_jax.cli.inputs import LoadedModel
    from zkapex_jax.curvature import Rows
    from zkapex_jax.models.examples import Examples
    from zkapex_jax.models.layout import TargetLayout
    from zkapex_jax.workflow.enrolment.enrolling import EnrolResult

#: What a sketch keeps for a run that is killed, in the client's folder.
SKETCH_FOLDER = "sketch"


@dataclass(frozen=True)
class RowOptions:
    """Which gradient rows are enrolled: the options of the commands."""

    data: Path
    kind: RowKind
    draws: int | None
    seed: int
    micro_batch: int

    @property
    def choice(self) -> Rows:
        """Raises InputError if the number of draws has no place."""
        from zkapex_jax.curvature.choice import DEFAULT_DRAWS, EXAMPLES, SKETCH, Rows

        if self.kind == RowKind.SKETCH:
            return Rows(SKETCH, DEFAULT_DRAWS if self.draws is None else self.draws)
        if self.draws is not None:
            raise InputError("goes with --rows sketch", code="rows", field="draws", value=self.draws)
        return Rows(EXAMPLES)


def enrol_model(
    output: Output,
    tool: Toolchain,
    base: Base,
    *,
    folder: Path,
    model: Path,
    rows: RowOptions,
    client_id: str,
    provider_key: str | None,
    check: bool,
    force: bool,
) -> EnrolResult:
    """Load a checkpoint, make its gradient rows, commit, and prove. Gradient rows are gone at the end.

    Raises what `workflow.enrol` does, and InputError for a checkpoint or data set that cannot be used.
    """
    check_rows_room(tool.preset, base, rows.choice, folder)
    check_python_room("an enrolment", folder, model, GRADIENTS)
    refuse_existing(ClientFolder(folder).enrolment_proof, force=force)
    from zkapex_jax.cli.inputs import check_weights, load_model  # here: not before it is known that there is room for them
    from zkapex_jax.workflow import enrol
    from zkapex_jax.workflow.enrolment.committing import check_distance, open_base

    personal = load_model(model, base.layout.target.pattern)
    theta = check_weights(personal)
    open_base(tool, base.path, personal.layout, provider_key)
    check_distance(theta, base, np.ones(len(theta), np.bool_))
    with output.bars() as on_progress, gradient_rows(tool.preset, personal, personal.params, rows, folder, on_progress) as made:
        return enrol(
            tool, folder=folder, client_id=client_id, base=base.path, layout=personal.layout, theta=personal.theta, rows=made,
            provider_key=provider_key, check=check, force=force, on_progress=on_progress,
        )  # fmt: skip


def check_rows_room(preset: Preset, enrolled: Base | Enrolment, choice: Rows, folder: Path) -> None:
    """Refuse to begin where there is no room for an enrolment and, beside it, for what is kept of a sketch; as `check_room`."""
    from zkapex_jax.workflow import check_room

    kept = Path(folder) / SKETCH_FOLDER
    there = sum(path.stat().st_size for path in kept.glob("state-*")) if kept.is_dir() else 0
    check_room(preset, enrolled.layout, folder, beside=max(0, _kept_bytes(preset, enrolled.layout.target, choice) - there))


@contextlib.contextmanager
def gradient_rows(
    preset: Preset, personal: LoadedModel, params: Any, wanted: RowOptions, folder: Path, on_progress: OnProgress
) -> Iterator[np.ndarray]:
    """Gradient rows f32 [n, W] of the personal loss at `params`, in a file that is gone at the end of the block.

    What a sketch keeps in `folder` for a run that is killed goes when the block ends well, or says that it can never do so.

    Raises InputError for data that does not fit or is too little; StorageError if there is no room, or another command is at work.
    """
    from zkapex_jax.cli.inputs import draw, load_examples
    from zkapex_jax.curvature import create_rows, kept

    choice, held = wanted.choice, load_examples(wanted.data, personal.model)
    count = preset.client_rows if wanted.kind == RowKind.EXAMPLES else min(choice.draws, len(next(iter(held.values()))))
    examples = draw(held, count, wanted.seed, wanted.data)
    left = make_directory(folder, mode=0o700) / SKETCH_FOLDER
    with passing_folder(folder) as passing:
        rows: np.ndarray = create_rows(passing / "rows", preset.client_rows, personal.layout.weights)
        try:
            _fill(rows, preset, personal, params, examples, wanted, left, on_progress)
            trim()  # before the prover takes its share
            yield np.asarray(rows)
        except (InputError, RefusedError):
            kept.remove(left)
            raise
        kept.remove(left)


def _fill(
    rows: np.ndarray, preset: Preset, personal: LoadedModel, params: Any, examples: Examples, wanted: RowOptions, left: Path,
    on_progress: OnProgress,
) -> None:  # fmt: skip
    from zkapex_jax.curvature import clip_rows, per_example_gradients, sketched_rows
    from zkapex_jax.models.chunks import chunk_bounds

    model, layout = personal.model, personal.layout

    def told(done: int, total: int, resumed: int = 0) -> None:
        on_progress(Progress("gradients", done, total, resumed=resumed))

    if wanted.kind == RowKind.EXAMPLES:
        per_example_gradients(model.loss, params, layout, examples, wanted.micro_batch, out=rows, on_block=told)
        clip_rows(rows, out=rows)
        return
    with ClientFolder(left.parent).exclusive():
        sketched_rows(
            model, params, layout, examples, chunk_bounds(layout.weights, preset.capacity), preset.client_rows, count=wanted.choice.draws,
            seed=wanted.seed, micro_batch=wanted.micro_batch, out=rows, kept=left, on_draws=told,
        )  # fmt: skip


def _kept_bytes(preset: Preset, target: TargetLayout, choice: Rows) -> int:
    from zkapex_jax.curvature.choice import SKETCH

    if choice.kind != SKETCH:
        return 0
    from zkapex_jax.curvature.sketching import sketch_bytes  # here: it loads what there may be no room for
    from zkapex_jax.models.chunks import chunk_bounds

    return sketch_bytes(chunk_bounds(target.weights, preset.capacity), preset.client_rows)

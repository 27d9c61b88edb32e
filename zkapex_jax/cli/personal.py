"""From a personalised checkpoint and its data to an enrolment: what `zkapex enrol` and `zkapex client enrol` share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zkapex_jax.cli.output import Output
from zkapex_jax.formats.atomic import make_directory
from zkapex_jax.formats.passing import passing_folder
from zkapex_jax.protocol import Base
from zkapex_jax.workflow.toolchain import Toolchain

if TYPE_CHECKING:
    from zkapex_jax.workflow.enrolling import EnrolResult


def enrol_model(
    output: Output,
    tool: Toolchain,
    base: Base,
    *,
    folder: Path,
    model: Path,
    data: Path,
    client_id: str,
    provider_key: str | None,
    check: bool,
    seed: int,
    micro_batch: int,
    force: bool,
) -> EnrolResult:
    """Load a checkpoint, take the gradient of each of the drawn examples, commit, and prove. Gradient rows are gone at the end.

    Raises what `workflow.enrol` does, and InputError for a checkpoint or data set that cannot be used.
    """
    from zkapex_jax.cli.inputs import check_weights, draw, load_examples, load_model
    from zkapex_jax.curvature import clip_rows, create_rows, per_example_gradients
    from zkapex_jax.workflow import check_room, enrol

    check_room(tool.preset, base.layout, folder)
    personal = load_model(model, base.layout.target.pattern)
    check_weights(personal)
    examples = draw(load_examples(data, personal.model), tool.preset.client_rows, seed, data)
    with passing_folder(make_directory(folder, mode=0o700)) as passing:
        rows: np.ndarray = create_rows(passing / "rows", tool.preset.client_rows, personal.layout.weights)
        with output.bars() as on_progress:
            per_example_gradients(personal.model.loss, personal.params, personal.layout, examples, micro_batch, out=rows)
            return enrol(
                tool, folder=folder, client_id=client_id, base=base.path, layout=personal.layout, theta=personal.theta,
                rows=np.asarray(clip_rows(rows, out=rows)), provider_key=provider_key, check=check, force=force, on_progress=on_progress,
            )  # fmt: skip

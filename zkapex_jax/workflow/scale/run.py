"""ViT-B/16 or OPT-125M through every step of the protocol, on files, in the memory of a small machine.

Nothing here grows with the model but the model itself: gradient rows, moments, scores and forget rows lie in files;
rows are quantised, witnesses solved, chunks proven and verified one at a time. `folder` holds everything while the run
lasts; where it was interrupted, the same call goes on with the stage that it was in, and proving with the missing chunks.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from zkapex_jax.formats.atomic import make_directory
from zkapex_jax.prover import OnProgress, tell
from zkapex_jax.workflow.costs.need import check_whole_room
from zkapex_jax.workflow.costs.walk import kept_bytes
from zkapex_jax.workflow.folders import Provider
from zkapex_jax.workflow.memory import map_large_arrays
from zkapex_jax.workflow.scale.models import scale_model
from zkapex_jax.workflow.scale.record import Facts, Record, RecordingProver
from zkapex_jax.workflow.scale.report import scale_report
from zkapex_jax.workflow.scale.stages import Run, stages
from zkapex_jax.workflow.toolchain import Toolchain

#: Chunks of a quick run that does not say how many.
QUICK_CHUNKS = 8


def run_scale(
    tool: Toolchain,
    model: str,
    folder: Path,
    *,
    quick: bool = False,
    chunks: int | None = None,
    checkpoint: Path | None = None,
    seed: int = 0,
    on_progress: OnProgress | None = None,
) -> dict[str, Any]:
    """Run `model` (see `scale_models.SCALE_MODELS`) whole, or a sample of `chunks` chunks; `quick` samples 8 if left open.

    Weights are those of the local `checkpoint` folder, or random. Returns the table that `zkapex bench` prints: `stages`
    with seconds, µs a weight and peak memory (of the Rust process where one did the work; this process's own beside it).

    Raises:
        InputError: an unknown model, a malformed checkpoint, more chunks than there are, a `folder` of another run, or an
            honest answer that cannot meet the request. InternalError: an honest proof is refused.
        StorageError: the disk has no room, which is asked before the first stage.
    """
    map_large_arrays()
    size = scale_model(model)
    sampled = chunks if chunks is not None else QUICK_CHUNKS if quick else None
    recording = RecordingProver(tool.prover.binary, tool.prover.threads)
    run = Run(replace(tool, prover=recording), size, make_directory(folder, mode=0o700), checkpoint, sampled, seed, on_progress)
    plan = _outline(run)
    check_whole_room(tool.preset, plan["weights"], run.folder, kept_bytes(run.folder))
    record = Record(run.folder / "stages.json", {"run": plan, "chunks": sampled, "seed": seed}, recording, plan["weights"])
    with Provider.open(run.folder / "provider", create=True) as provider:
        for name, stage in stages(run, provider, record):
            tell(on_progress, name.replace("_", " "), 0, 1)
            record.run(name, stage)
            tell(on_progress, name.replace("_", " "), 1, 1)
    return scale_report(run.tool, plan, record)


def _outline(run: Run) -> Facts:
    """Sizes of the run, from the model's shapes alone where its weights are fresh."""
    _, sampled = run.load()
    return {
        "model": run.size.name, "checkpoint": str(run.checkpoint) if run.checkpoint else None, "preset": run.tool.preset.name,
        "tables_digest": run.tool.tables_digest, "srs_digest": run.tool.srs_digest, "weights": sampled.layout.weights,
        "chunks": len(sampled.chunks), "first_chunk": sampled.chunks[0], "whole_weights": sampled.whole.weights,
        "whole_chunks": len(sampled.whole.chunks), "parameters": _parameters(sampled.params),
    }  # fmt: skip


def _parameters(params: Any) -> int:
    return sum(_parameters(part) if isinstance(part, dict) else int(part.size) for name, part in params.items() if name != "sample")

"""`zkapex estimate`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zkapex_jax.cli import options
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, Cache, InsecureSrs, PresetName, Quiet, ShowProgress, SrsFile, TablesFile, Threads, option
from zkapex_jax.cli.output import Output, human_bytes, human_seconds
from zkapex_jax.errors import InputError
from zkapex_jax.models.layout import TargetLayout
from zkapex_jax.presets import Preset, get_preset
from zkapex_jax.protocol import ChunkedLayout, Request
from zkapex_jax.workflow import calibrate as calibrate_here
from zkapex_jax.workflow import estimate as estimate_cost
from zkapex_jax.workflow import require_room, room_at
from zkapex_jax.workflow.costs.disk import sketch_disk

if TYPE_CHECKING:
    from zkapex_jax.workflow.costs.estimating import Estimate
    from zkapex_jax.workflow.costs.models import GradientCost, KnownModel


@dataclass(frozen=True)
class _Scope:
    """What is asked for: the preset, all chunks, those that the mask touches, and the model if one was named."""

    preset: Preset
    layout: ChunkedLayout
    touched: range | tuple[int, ...]
    insecure: bool
    model: KnownModel | None = None


@guarded
def estimate(
    request: Annotated[
        Path | None, typer.Argument(metavar="[REQUEST]", help="A request; without one, give --weights or --model.", show_default=False)
    ] = None,
    weights: Annotated[int | None, typer.Option("--weights", min=1, metavar="N", help="Target weights.", show_default=False)] = None,
    model: Annotated[
        str | None, option("model", "NAME|DIR", "vit-b16, opt-125m, or a checkpoint folder: gradients are estimated too.")
    ] = None,
    target: Annotated[str | None, option("target", "PATTERN", "Target tensors of a checkpoint folder.")] = None,
    touched: Annotated[
        int | None,
        typer.Option("--touched", min=1, metavar="T", help="Chunks that a clustered mask touches. Default: all.", show_default=False),
    ] = None,
    calibrate: Annotated[
        bool,
        typer.Option("--calibrate/--no-calibrate", help="Walk the protocol on a few synthetic chunks here, instead of using the cost sheet."),
    ] = True,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Count the reference checker, which enrol and unlearn run unless told otherwise.")
    ] = True,
    rows: Annotated[options.RowKind, typer.Option("--rows", help="Count the disk of these gradient rows, as `zkapex enrol --rows`.")] = options.RowKind.EXAMPLES,
    folder: Annotated[Path, option("folder", "DIR", "Where the client's files will lie. Default: here.")] = Path("."),
    preset: PresetName = options.DEFAULT_PRESET,
    cache: Cache = None,
    tables: TablesFile = None,
    srs: SrsFile = None,
    insecure_srs: InsecureSrs = False,
    threads: Threads = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    progress: ShowProgress = None,
) -> None:
    """What enrolling and answering a request will cost: time, memory, disk and bytes, before anything is proven.

    Too little memory or disk is an error, before the calibration begins, and names the preset that would fit.
    """
    output = Output(as_json, quiet, progress)
    scope = _scope(request, weights, (model, target), touched, preset, insecure_srs)
    room, named, sketch = room_at(folder), scope.preset, rows == options.RowKind.SKETCH
    guess = estimate_cost(named, layout=scope.layout, touched=scope.touched, sketch=sketch)
    require_room(named, guess, scope.layout, scope.touched, room)
    gradients, measured = None, None
    if calibrate:
        tool = options.toolchain(named.name, cache, tables=tables, srs=srs, threads=threads, insecure_srs=scope.insecure)
        with output.bars() as on_progress:
            measured = calibrate_here(tool, scope.layout, check=check, on_progress=on_progress)
        gradients = _gradients(scope)
    cost = estimate_cost(named, layout=scope.layout, touched=scope.touched, measured=measured, sketch=sketch)
    require_room(named, cost, scope.layout, scope.touched, room)
    _show(output, cost, gradients, measured is not None, room.disk, room.memory, sketch_disk(named, scope.layout))


def _gradients(scope: _Scope) -> GradientCost | None:
    if scope.model is None:
        return None
    from zkapex_jax.workflow.costs.models import gradient_cost

    return gradient_cost(scope.model, scope.preset.client_rows)


def _show(output: Output, cost: Estimate, gradients: GradientCost | None, measured: bool, disk: int, memory: int | None, sketch: int) -> None:
    output.table(
        f"{cost.chunks} of {cost.all_chunks} chunks touched, {cost.weights:,} of {cost.all_weights:,} weights, preset {cost.preset}",
        ["step", "about", "memory", "paid by"],
        [
            *([["gradients", human_seconds(gradients.seconds), human_bytes(gradients.memory_bytes), "client, once"]] if gradients else []),
            *(
                [step.step, human_seconds(step.seconds), human_bytes(step.memory_bytes) if step.memory_bytes else "", step.payer]
                for step in cost.steps
            ),
        ],
    )
    totals = [
        (f"  once a fleet {human_seconds(cost.fleet_seconds)}, enrolment {human_seconds(cost.enrol_seconds)}, "
        f"answer {human_seconds(cost.answer_seconds)}, verify {human_seconds(cost.verify_seconds)}")
    ]
    output.result(
        {"preset": cost.preset, "estimate": cost, "sketch_bytes": sketch, "gradients": gradients, "free": {"memory": memory, "disk": disk}},
        *(totals if measured else []),
        f"  memory {human_bytes(cost.memory_bytes)} (prover), disk {human_bytes(cost.disk.client)} kept by the client, "
        f"{human_bytes(cost.disk_bytes)} while it enrols; {human_bytes(cost.disk.provider)} kept by the provider",
        f"  of it a sketch of gradients {human_bytes(sketch)}" if cost.disk.sketch else f"  with --rows sketch {human_bytes(sketch)} more while it enrols",
        f"  bundle {human_bytes(cost.disk.bundle)}",
        f"[dim]times: {cost.source}[/]",
    )


def _scope(
    request: Path | None, weights: int | None, model: tuple[str | None, str | None], touched: int | None, name: str, insecure: bool
) -> _Scope:
    """From the request, the model, or for `weights` weights."""
    if sum(given is not None for given in (request, weights, model[0])) != 1:
        raise InputError("give one of a request, --weights and --model", field="weights")
    if request is not None:
        if touched is not None:
            raise InputError("a request says itself which chunks it touches", field="touched", value=touched)
        parsed = Request.from_file(request)
        return _Scope(get_preset(parsed.preset), parsed.layout, tuple(parsed.touched), parsed.srs_insecure)
    preset, known = get_preset(name), _known(*model)
    target = known.layout if known else TargetLayout("weights", (("weights", (int(weights or 0),)),))
    layout = ChunkedLayout.cut(target, preset)
    count = len(layout.chunks) if touched is None else touched
    if count > len(layout.chunks):
        raise InputError(f"there are {len(layout.chunks)} chunks", code="out_of_range", field="touched", value=count)
    return _Scope(preset, layout, range(count), insecure, known)


def _known(name: str | None, target: str | None) -> Any:
    if name is None:
        if target is not None:
            raise InputError("needs --model", field="target", value=target)
        return None
    from zkapex_jax.workflow.costs.models import known_model

    return known_model(name, target)

"""`zkapex client unlearn`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from zkapex_jax.cli import options
from zkapex_jax.cli.client.saving import Saving, check_pair
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, Cache, Check, Force, Quiet, SavedFrom, SaveModel, ShowProgress, SrsFile, TablesFile, Threads, option
from zkapex_jax.cli.output import Output, human_bytes, human_seconds
from zkapex_jax.cli.remote.home import DEFAULT_HOME, ExitCode, HomeDir, connect, say_nothing
from zkapex_jax.client import Answer, Home, catch_up, fetch_requests, prepare_answer, receive, remember_model, saved_model
from zkapex_jax.errors import InputError
from zkapex_jax.protocol import Bundle, Enrolment, Request, State

if TYPE_CHECKING:
    from zkapex_jax.workflow.toolchain import Toolchain


@guarded
def client_unlearn(
    request: Annotated[
        Path | None, option("request", "FILE|ID", "A request file, or the id of one. Default: the oldest that is open.")
    ] = None,
    state: Annotated[Path | None, option("state", "FILE", "The client's state, where there is no service to ask.")] = None,
    model: SavedFrom = None,
    save_model: SaveModel = None,
    home: HomeDir = DEFAULT_HOME,
    offline: Annotated[bool, typer.Option("--offline", help="Ask nobody: work from what is in the home and what is given here.")] = False,
    check: Check = True,
    cache: Cache = None,
    tables: TablesFile = None,
    srs: SrsFile = None,
    threads: Threads = None,
    force: Force = False,
    exit_code: ExitCode = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    progress: ShowProgress = None,
) -> None:
    """Answer a request: zero the weights that it names, repair the others for your data, and prove both. Sends nothing.

    Fetches the open requests and the client's state, and refuses what the provider did not sign. If an honest answer cannot
    meet the request, it says so and writes nothing. An interrupted command goes on where it stopped, chunk by chunk.
    [bold]zkapex client send[/] sends the answer. If no request is open, it says so and changes nothing.
    """
    output, place = Output(as_json, quiet, progress), Home.open(home)
    check_pair(model, save_model)
    waiting, before = _asked(output, place, [path for path in (request, state) if path is not None], offline or not place.membership.url)
    if request is None and not waiting:
        say_nothing(output, {"request_id": None, "open": 0}, "no request is open: there is nothing to unlearn", exit_code=exit_code)
        return
    found, saving = _chosen(waiting, request), Saving.asked(model, save_model, force=force)
    tool = options.toolchain_for(Enrolment.from_file(place.folder.enrolment, verify=False), cache, tables=tables, srs=srs, threads=threads)
    answer = prepare_answer(place, found, before)
    _answer(output, place, tool, answer, check)
    if saving is not None:
        saving.save(folder=place.path, request=found.path, provider_key=found.signer, update=answer.update)
        remember_model(place, found.request_id, saving.out)
    bundle, written = Bundle.from_file(answer.bundle), saved_model(place, found.request_id)
    output.result(
        {"request_id": found.request_id, "open": len(waiting), "bundle": answer.bundle, "bytes": answer.bundle.stat().st_size, "digest": bundle.digest,
         "resumed": answer.has_bundle, "insecure": bundle.insecure, "model": save_model},
        f"answered {found.request_id} ({found.forget}): {len(found.touched)} chunks proven",
        f"  bundle  {answer.bundle}  ({human_bytes(answer.bundle.stat().st_size)}; send it with `zkapex client send`)",
        f"  model   {escape(str(written))}" if written else "  model   not written yet: run this again with --model MODEL --save-model UNLEARNED",
        *(["[yellow]insecure:[/] made with a test preset or a local reference string; it convinces nobody"] if bundle.insecure else []),
    )  # fmt: skip


def _asked(output: Output, place: Home, given: list[Path], offline: bool) -> tuple[list[Request], State]:
    """The open requests, oldest first, and the state to answer from; what came of earlier answers is settled first."""
    if not place.is_enrolled:
        raise InputError("has made no enrolment", code="not_enrolled", file=place.path, hint="run `zkapex client enrol` first")
    receive(place, [path for path in given if path.is_file()])
    if not offline:
        with connect(place, output) as service, output.bars() as on_progress:
            current = catch_up(place, service, on_progress=on_progress)
            return fetch_requests(place, service, on_progress=on_progress), current
    current = place.state()
    return [one for one in place.requests() if not current.cumulative()[one.mask()].all()], current


def _chosen(waiting: list[Request], request: Path | None) -> Request:
    """The oldest, or the one that is named. Raises InputError (`unknown_request`) if that is not open."""
    if request is None:
        return waiting[0]
    wanted = Request.from_file(request, verify=False).request_id if request.is_file() else str(request)
    for one in waiting:
        if one.request_id == wanted:
            return one
    raise InputError("no such request waits for this client", code="unknown_request", field="request", value=wanted)


def _answer(output: Output, place: Home, tool: Toolchain, answer: Answer, check: bool) -> None:
    """Make what is missing of the answer."""
    from zkapex_jax.cli.client.prove import kept_bytes
    from zkapex_jax.workflow.costs.libraries import check_python_room
    from zkapex_jax.workflow.memory import trim

    files = {"folder": place.path, "request": answer.request.path, "state": answer.state.path}
    with output.bars() as on_progress:
        if not answer.has_update:
            check_python_room("the repair", place.path)
            from zkapex_jax.workflow import unlearn  # here: it loads what there may be no room for

            made = unlearn(
                tool, **files, provider_key=answer.request.signer, out=answer.update, check=check, force=True, on_progress=on_progress
            )
            if not output.quiet and not output.as_json:
                typer.echo(f"unlearned in {human_seconds(made.seconds)}; proving")
            trim()  # before the prover takes its share
        if not answer.has_bundle:
            from zkapex_jax.workflow import check_answer_room, prove

            check_answer_room(tool.preset, answer.request.layout, answer.request.touched, place.path, kept=kept_bytes(place.folder, answer.bundle.parent), here=True)
            prove(tool, **files, update=answer.update, out=answer.bundle, force=True, on_progress=on_progress)

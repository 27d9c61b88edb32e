"""`zkapex client enrol`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from rich.markup import escape

from zkapex_jax.cli import options
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import (
    AsJson,
    Cache,
    Check,
    DataFileOnce,
    Draws,
    Force,
    MicroBatch,
    Quiet,
    RowKind,
    Rows,
    RowSeed,
    ShowProgress,
    SrsFile,
    TablesFile,
    Threads,
    option,
)
from zkapex_jax.cli.output import Output
from zkapex_jax.cli.remote.home import DEFAULT_HOME, DEFAULT_WAIT, HomeDir, Out, Wait, connect, leaving_document, say_carry, say_leaving
from zkapex_jax.client import Home, fetch_base, leaving_enrolment, send_enrolment, write_out
from zkapex_jax.errors import InputError
from zkapex_jax.protocol import Base, check_signature


@guarded
def client_enrol(
    model: Annotated[Path | None, option("model", "DIR", "Checkpoint folder of the personalised model.")] = None,
    data: DataFileOnce = None,
    home: HomeDir = DEFAULT_HOME,
    out: Out = None,
    wait: Wait = DEFAULT_WAIT,
    check: Check = True,
    rows: Rows = RowKind.EXAMPLES,
    draws: Draws = None,
    seed: RowSeed = 0,
    micro_batch: MicroBatch = 8,
    cache: Cache = None,
    tables: TablesFile = None,
    srs: SrsFile = None,
    threads: Threads = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    progress: ShowProgress = None,
) -> None:
    """Commit to a personalised model and its curvature, prove the enrolment, send both, and take the first state.

    Once, before any request. What was made is not made again: an interrupted command is run again as it was, and where the
    enrolment is whole and only the sending is left, [bold]--model[/] and [bold]--data[/] are not needed.
    """
    from zkapex_jax.cli.client.personal import RowOptions, enrol_model

    output, place = Output(as_json, quiet, progress), Home.open(home)
    if not place.is_enrolled:
        base = _base(output, place)
        tool = options.toolchain_for(base, cache, tables=tables, srs=srs, threads=threads)
        wanted = RowOptions(_need(data, "data"), rows, draws, seed, micro_batch)
        enrol_model(
            output, tool, base, folder=place.path, model=_need(model, "model"), rows=wanted, client_id=place.membership.client_id,
            provider_key=base.signer, check=check, force=force,
        )  # fmt: skip
    enrolment, proof = place.folder.enrolment, place.folder.enrolment_proof
    leaving = leaving_enrolment(enrolment, proof)
    say_leaving(output, leaving, str(out) if out else place.membership.url or "nobody yet", call=out is None)
    if out is not None:
        files = write_out(out, {enrolment.name: enrolment, proof.name: proof}, force=force)
        say_carry(output, leaving_document(leaving), files, "the provider runs `zkapex admit`; take its state with `zkapex client receive`")
        return
    with connect(place, output) as service, output.bars() as on_progress:
        sent = send_enrolment(place, service, wait=wait, on_progress=on_progress)
    output.result(
        {
            "sent": True,
            "client_id": place.membership.client_id,
            "digest": sent.digest,
            "state": sent.state.path,
            "position": sent.state.position,
        }
        | leaving_document(leaving),
        f"enrolled {place.membership.client_id}: admitted by {escape(place.membership.url)}",
        f"  state   {escape(str(sent.state.path))}  (position {sent.state.position})",
        f"  keep    {escape(str(place.folder.secret))}: it alone opens what was sent",
    )


def _base(output: Output, place: Home) -> Base:
    """The provider's base, fetched if it is not here; signed by a key that the home trusts."""
    if not place.folder.base.is_file():
        with connect(place, output) as service, output.bars() as on_progress:
            fetch_base(place, service, on_progress=on_progress)
    base = Base.from_file(place.folder.base)
    check_signature(base, place.membership.check_key(base.signer, file=base.path))
    return base


def _need(path: Path | None, name: str) -> Path:
    if path is None:
        raise InputError("is missing: there is no enrolment yet", field=name)
    return path

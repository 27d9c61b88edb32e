"""`zkapex re-enrol` and `zkapex adopt`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated


from zkapex_jax.cli import options
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import (
    AsJson,
    BaseFile,
    Cache,
    Check,
    ClientDir,
    DataFile,
    Draws,
    Force,
    MicroBatch,
    ModelDir,
    Quiet,
    RowKind,
    Rows,
    RowSeed,
    ShowProgress,
    SrsFile,
    StateFile,
    TablesFile,
    Threads,
    option,
)
from zkapex_jax.cli.output import Output, human_bytes, human_seconds
from zkapex_jax.errors import InputError
from zkapex_jax.protocol import Enrolment
from zkapex_jax.workflow import ClientFolder
from zkapex_jax.workflow import adopt as adopt_files


@guarded
def re_enrol(
    folder: ClientDir,
    model: ModelDir,
    data: DataFile,
    state: StateFile,
    base: BaseFile = None,
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
    """Client: enrol anew after a chain of requests: new gradient rows and new blinding for the weights that the ledger holds.

    Needed when `zkapex inspect CLIENT` shows few openings left; useful when there is new personal data. Everything
    forgotten stays forgotten. MODEL gives all but the target weights, which come from the client's secret. The files go to
    CLIENT/renewal: send enrolment and proof to the provider, then run `zkapex adopt` with the state that it returns.
    """
    from zkapex_jax.cli.inputs import load_model
    from zkapex_jax.cli.client.personal import RowOptions, check_rows_room, gradient_rows
    from zkapex_jax.models import unflatten
    from zkapex_jax.quantize import from_fixed
    from zkapex_jax.workflow import check_renewal, current_theta, renew

    output, client, wanted = Output(as_json, quiet, progress), ClientFolder.open(folder), RowOptions(data, rows, draws, seed, micro_batch)
    old = Enrolment.from_file(client.enrolment)
    tool = options.toolchain_for(old, cache, tables=tables, srs=srs, threads=threads)
    check_rows_room(tool.preset, old, wanted.choice, folder)
    check_renewal(tool, folder=folder, state=state, base=base, force=force)
    personal = load_model(model, old.layout.target.pattern)
    if personal.layout != old.layout.target:
        raise InputError("target tensors differ from the enrolled ones", code="mismatch_layout", file=model, field="target")
    params = unflatten(personal.params, personal.layout, from_fixed(current_theta(folder)))
    with output.bars() as on_progress, gradient_rows(tool.preset, personal, params, wanted, folder, on_progress) as made:
        result = renew(
            tool, folder=folder, state=state, rows=made, base=base, check=check, force=force, on_progress=on_progress,
        )  # fmt: skip
    output.result(
        {"client_id": old.client_id, "insecure": tool.insecure, "result": result},
        f"enrolled {old.client_id} anew and proved it, {human_seconds(result.seconds)} ({result.proof_us_per_weight:.1f} µs a weight for the proof)",
        f"  public  {result.enrolment}  and  {result.proof}  ({human_bytes(result.proof_bytes)}; send both to the provider)",
        "  then    run `zkapex adopt` with the state that the provider returns",
    )


@guarded
def adopt(
    folder: ClientDir,
    state: Annotated[Path, option("state", "FILE", "The state that the provider returned for the new enrolment.")],
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Client: after the provider admitted a re-enrolment, make it the client's own. The old rows and blinding are gone then."""
    secret = adopt_files(folder=folder, state=state)
    Output(as_json, quiet).result({"secret": secret}, f"{secret} now opens the new enrolment")

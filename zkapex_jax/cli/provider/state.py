"""`zkapex state`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, Force, ProviderDir, Quiet, option
from zkapex_jax.cli.output import Output
from zkapex_jax.formats.atomic import write_bytes
from zkapex_jax.formats.reading import read_bytes
from zkapex_jax.protocol import State
from zkapex_jax.workflow import Provider

_MAX_STATE = 1 << 34


@guarded
def state(
    provider: ProviderDir,
    client_id: Annotated[str, option("client", "ID", "The client.")],
    out: Annotated[Path | None, option("out", "FILE", "Write the client's current state here.")] = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Provider: show a client's place in the ledger, and hand out its current state."""
    with Provider.open(provider) as opened:
        record, enrolment = opened.ledger.state(client_id), opened.ledger.enrolment(client_id)
        waiting = [request.request_id for request in opened.ledger.open_requests(client_id)]
        current = opened.load(State, record.digest)
    path, forgotten = copy_state(current.path, out, force=force), int(current.cumulative().sum())
    document = {
        "client_id": client_id, "enrolment_digest": enrolment.digest, "position": record.position, "head": record.head,
        "state_digest": record.digest, "forgotten_weights": forgotten, "open_requests": waiting, "state": path,
    }  # fmt: skip
    Output(as_json, quiet).result(
        document,
        f"{client_id}: {record.position} requests accepted, {forgotten:,} weights forgotten, {len(waiting)} open",
        *(f"  open   {request_id}" for request_id in waiting),
        f"  state  {path}",
    )


def copy_state(source: Path, out: Path | None, *, force: bool) -> Path:
    """Hand a state out of the provider's folder."""
    if out is None:
        return source
    write_bytes(out, read_bytes(source, max_bytes=_MAX_STATE), force=force)
    return out

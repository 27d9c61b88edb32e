"""`zkapex client`: a provider's client, over HTTP or with files."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from zkapex_jax.cli.options import option
from zkapex_jax.cli.output import Output, human_bytes
from zkapex_jax.client import STAYS, Home, Leaving, Service, settle_key
from zkapex_jax.client.keys import Open
from zkapex_jax.client.leaving import EVERY_CALL
from zkapex_jax.client.retrying import Patience
from zkapex_jax.errors import InputError

DEFAULT_HOME = Path("zkapex-client")
_PLACE = "Home and connection"

HomeDir = Annotated[
    Path,
    typer.Option(
        "--home",
        envvar="ZKAPEX_HOME",
        metavar="DIR",
        help="The client's folder: its secrets, proofs, states and receipts.",
        rich_help_panel=_PLACE,
    ),
]
Out = Annotated[
    Path | None,
    option("out", "FOLDER", "Send nothing: write here what would be sent, to be carried to the provider by other ways.", _PLACE),
]
Wait = Annotated[
    float,
    typer.Option(
        "--wait",
        min=0,
        metavar="SECONDS",
        help="How long to wait for the verdict; run the command again to go on waiting.",
        rich_help_panel=_PLACE,
    ),
]
DEFAULT_WAIT = 600.0
ExitCode = Annotated[
    bool, typer.Option("--exit-code", help="Exit with 10, not 0, if there was nothing to do: for scripts that go on until there is nothing.")
]
#: Exit code of --exit-code; none of the errors' own.
NOTHING = 10


def connect(home: Home, output: Output) -> Service:
    """The service that the home joined; a replacement of the key that was interrupted is finished first. Raises as `opener`."""
    open_service = opener(home, output)
    if settle_key(home, open_service):
        output.note("the replacement of your key that was interrupted is finished")
    return open_service(home.key())


def opener(home: Home, output: Output) -> Open:
    """Calls of any key to the service that the home joined. Raises InputError if it knows of none."""
    url = home.membership.url
    if not url:
        raise InputError(
            "knows of no service", code="not_joined", file=home.path,
            hint="pass --out FOLDER and carry the files, or join one with `zkapex client join URL`",
        )  # fmt: skip
    return partial(Service, url, patience=Patience(say=output.note), authority=home.authority())


def say_nothing(output: Output, document: dict[str, object], *lines: str, exit_code: bool) -> None:
    """Nothing was to be done, which is no fault: a clock may have run the command. Raises typer.Exit (10) with --exit-code."""
    output.result(document, *lines)
    if exit_code:
        raise typer.Exit(NOTHING)


def say_leaving(output: Output, leaving: Sequence[Leaving], where: str, *, call: bool = True) -> None:
    """Before anything leaves: what, and what it shows; and what never does."""
    rows = [[item.what, human_bytes(item.bytes) if item.bytes is not None else "", item.shows] for item in leaving]
    output.table(f"Leaves this machine, for {where}", ["what", "size", "shows"], rows, words=(0, 2))
    output.words(f"  and {EVERY_CALL}" if call else "  by your own hands")
    output.words(f"Never leaves: {'; '.join(STAYS)}.")


def leaving_document(leaving: Sequence[Leaving]) -> dict[str, object]:
    """The same for --json."""
    return {
        "leaves": [{"what": item.what, "file": item.file, "bytes": item.bytes, "shows": item.shows} for item in leaving],
        "stays": STAYS,
    }


def say_carry(output: Output, document: dict[str, object], files: Sequence[Path], then: str) -> None:
    """What was written with --out, and what to do with it."""
    output.result(
        {"sent": False, "files": list(files)} | document,
        *(f"  wrote  {escape(str(file))}" for file in files),
        f"  then   {then}",
    )

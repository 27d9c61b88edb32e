"""`zkapex explain`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from zkapex_jax.catalogue import GROUPS, find_entry, similar_codes
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, Quiet
from zkapex_jax.cli.output import Output
from zkapex_jax.errors import InputError


def complete_code(incomplete: str) -> list[tuple[str, str]]:
    """Codes and their meanings for the shell."""
    entries = [entry for group in GROUPS for entry in group.entries if not entry.is_family]
    return [(entry.code, entry.meaning) for entry in entries if entry.code.startswith(incomplete)]


@guarded
def explain(
    code: Annotated[
        str | None,
        typer.Argument(metavar="[CODE]", help="An error's code, such as bad_digest. Default: list them all.", autocompletion=complete_code),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Say what an error's code means and what to do next; without a code, list all of them."""
    output = Output(as_json, quiet)
    if code is None:
        document = {group.name: {entry.code: entry.meaning for entry in group.entries} for group in GROUPS}
        if as_json:
            output.result(document)
        for group in GROUPS:
            output.table(group.name, ["code", "means"], [[entry.code, entry.meaning] for entry in group.entries])
        return
    entry = find_entry(code)
    if entry is None:
        close = similar_codes(code)
        raise InputError(
            "no error has this code", code="unknown_code", field="CODE", value=code,
            hint=f"did you mean {' or '.join(close)}?" if close else "run `zkapex explain` to list them all",
        )  # fmt: skip
    output.result(
        {"code": code, "meaning": entry.meaning, "next": entry.next},
        f"[bold]{escape(code)}[/]  {escape(entry.meaning)}",
        f"  do  {escape(entry.next)}",
    )

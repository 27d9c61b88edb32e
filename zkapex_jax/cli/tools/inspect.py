"""`zkapex inspect`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zkapex_jax.cli.facts import Facts, facts_of
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, Quiet
from zkapex_jax.cli.output import Output


@guarded
def inspect(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="An artefact, constraint tables, a ledger, or a folder of a provider or client."),
    ],
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Show what a file is and holds, after checking all of it. Secret values are never shown."""
    facts: Facts = facts_of(file)
    output = Output(as_json, quiet)
    secret = "  [yellow](secret: owner-only)[/]" if facts.secret else ""
    width = max((len(name) for name in facts.lines), default=0)
    output.result(
        {"file": file, "kind": facts.kind, "secret": facts.secret, "digest": facts.digest, **facts.lines},
        f"[bold]{facts.kind}[/]{secret}",
        *(
            f"  {name.replace('_', ' '):<{width}}  {_short(value)}"
            for name, value in {"digest": facts.digest, **facts.lines}.items()
            if value not in (None, "")
        ),
    )


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    return (text if len(text) <= 160 else f"{text[:157]}...").replace("[", "\\[")

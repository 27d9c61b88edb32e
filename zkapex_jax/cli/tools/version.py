"""`zkapex version`."""

from __future__ import annotations

from typing import Annotated

import typer

from zkapex_jax import __version__
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, Quiet
from zkapex_jax.cli.output import Output


@guarded
def version(
    verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", help="Version and SHA-256 of package, prover, tables, ceremony and lock files. Takes seconds."),
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Show the version; with --verbose, of everything that decides what this installation proves and accepts."""
    output = Output(as_json, quiet)
    if not verbose:
        output.result({"version": __version__}, f"zkapex {__version__}")
        return
    from zkapex_jax.workflow.versions import installed_parts, library_versions

    parts, libraries = installed_parts(), library_versions()
    output.result({"version": __version__, "parts": parts, "libraries": libraries}, f"zkapex {__version__}")
    output.table("", ["part", "SHA-256", "version"], [[part.name, part.digest or "missing", part.version] for part in parts])
    output.table("Libraries", ["library", "version"], [[name, words] for name, words in libraries.items()])

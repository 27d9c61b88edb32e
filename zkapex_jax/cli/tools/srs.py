"""`zkapex srs ensure | import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, Cache, InsecureSrs, Quiet, epilog
from zkapex_jax.cli.output import Output
from zkapex_jax.formats.cache_folder import cache_folder, using_cache
from zkapex_jax.prover import Prover, SrsFile, ensure_srs, import_srs

srs_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich", help="Reference strings (SRS): make or import one into the cache."
)
Power = Annotated[int, typer.Option("--k", min=4, max=20, metavar="K", help="The string holds 2^k powers.")]


@srs_app.command("ensure", epilog=epilog("zkapex srs ensure --k 12"))
@guarded
def ensure(
    k: Power = 12,
    cache: Cache = None,
    insecure_srs: InsecureSrs = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Have the ceremony's reference string in the cache (up to k = 12 it ships with the prover)."""
    with using_cache():
        made = ensure_srs(Prover.find(), k, cache_folder(cache), insecure=insecure_srs)
    _show(made, Output(as_json, quiet))


@srs_app.command("import", epilog=epilog("zkapex srs import transcript.json --k 14"))
@guarded
def import_(
    source: Annotated[Path, typer.Argument(metavar="JSON", help="The published ceremony transcript.")],
    k: Power = 15,
    cache: Cache = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Import a published ceremony of 2^12 to 2^15 powers; every point and the pairings are checked."""
    with using_cache():
        made = import_srs(Prover.find(), source, k, cache_folder(cache))
    _show(made, Output(as_json, quiet))


def _show(srs: SrsFile, output: Output) -> None:
    mark = " [yellow](insecure)[/]" if srs.insecure else ""
    output.result({"srs": srs}, f"{srs.path}: 2^{srs.k} powers, {srs.source}{mark}", f"  digest  {srs.digest}")

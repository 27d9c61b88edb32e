"""`zkapex tables`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from zkapex_jax.circuit import build, emit
from zkapex_jax.circuit.cost import cost_sheet
from zkapex_jax.cli import options
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, Force, PresetName, Quiet, option
from zkapex_jax.cli.output import Output, human_bytes
from zkapex_jax.formats import canonical
from zkapex_jax.formats.atomic import write_bytes
from zkapex_jax.presets import get_preset


@guarded
def tables(
    out: Annotated[Path | None, option("out", "FILE", "Write the tables here.")] = None,
    preset: PresetName = options.DEFAULT_PRESET,
    relation: Annotated[str, option("relation", "NAME", "fold_kkt (answers to requests) or enrol (enrolments).")] = "fold_kkt",
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Emit the constraint tables of a preset, and show their digest and cost."""
    sizes = get_preset(preset)
    circuit = build(relation, sizes)
    data, sheet = emit(circuit), cost_sheet(circuit)
    if out is not None:
        write_bytes(out, data, force=force)
    document = {
        "preset": preset,
        "relation": relation,
        "digest": canonical.digest(data),
        "bytes": len(data),
        "file": out,
        "insecure": sizes.insecure,
        "cost": sheet,
    }
    columns = sheet.columns
    Output(as_json, quiet).result(
        document,
        f"{preset}, {relation}: 2^{sizes.k} rows, {sizes.lanes} lanes, {sizes.capacity:,} weights a chunk{' (insecure: for tests)' if sizes.insecure else ''}",
        f"  digest   {document['digest']}",
        f"  columns  {columns.advice} advice, {columns.fixed} fixed, {columns.committed_instance} committed, {columns.plain_instance} plain; degree {sheet.degree}",
        f"  a chunk  {human_bytes(sheet.message_bytes)} of proof",
        *([f"  file     {out}  ({human_bytes(len(data))})"] if out else []),
    )

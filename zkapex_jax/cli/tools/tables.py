"""`zkapex tables`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from zkapex_jax.circuit import Circuit, build, build_dense_kkt, emit
from zkapex_jax.circuit.cost import cost_sheet
from zkapex_jax.cli import options
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, Force, PresetName, Quiet, option
from zkapex_jax.cli.output import Output, human_bytes
from zkapex_jax.errors import InputError
from zkapex_jax.formats import canonical
from zkapex_jax.formats.atomic import write_bytes
from zkapex_jax.presets import Preset, get_preset


@guarded
def tables(
    out: Annotated[Path | None, option("out", "FILE", "Write the tables here.")] = None,
    preset: PresetName = options.DEFAULT_PRESET,
    relation: Annotated[str, option("relation", "NAME", "fold_kkt (answers to requests), enrol (enrolments) or dense_kkt.")] = "fold_kkt",
    block: Annotated[int | None, option("block", "B", "Block size of dense_kkt: a multiple of 8 up to 64.")] = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Emit the constraint tables of a preset, and show their digest and cost."""
    sizes = get_preset(preset)
    circuit = _build(relation, sizes, block)
    data, sheet, insecure = emit(circuit), cost_sheet(circuit), circuit.layout.get("insecure") is True
    if out is not None:
        write_bytes(out, data, force=force)
    document = {
        "preset": preset,
        "relation": relation,
        "digest": canonical.digest(data),
        "bytes": len(data),
        "file": out,
        "insecure": insecure,
        "cost": sheet,
    }
    columns = sheet.columns
    Output(as_json, quiet).result(
        document,
        f"{preset}, {relation}: 2^{sizes.k} rows, {circuit.layout['lanes']} lanes, {circuit.layout['capacity']:,} weights a chunk{' (insecure: for tests)' if insecure else ''}",
        f"  digest   {document['digest']}",
        f"  columns  {columns.advice} advice, {columns.fixed} fixed, {columns.committed_instance} committed, {columns.plain_instance} plain; degree {sheet.degree}",
        f"  a chunk  {human_bytes(sheet.message_bytes)} of proof",
        *([f"  file     {out}  ({human_bytes(len(data))})"] if out else []),
    )


def _build(relation: str, preset: Preset, block: int | None) -> Circuit:
    """The circuit; dense blocks have the preset's number of rows and nothing else of it."""
    if (relation == "dense_kkt") != (block is not None):
        raise InputError("belongs to relation dense_kkt, which needs it", code="usage", field="block", value=block)
    return build(relation, preset) if block is None else build_dense_kkt(block, k=preset.k)

"""Cost sheets as text and JSON."""

import json

from zkapex_jax.circuit.cost import CostSheet


def to_json(sheet: CostSheet) -> str:
    """Indented JSON with sorted keys and a final newline."""
    return json.dumps(sheet.to_json(), indent=2, sort_keys=True) + "\n"


def to_text(sheet: CostSheet) -> str:
    """A table of two columns, one fact a line."""
    lines = _facts(sheet) + _estimates(sheet)
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in lines) + "\n"


def _facts(sheet: CostSheet) -> list[tuple[str, str]]:
    columns, queries, points = sheet.columns, sheet.queries, sheet.commitments
    return [
        ("relation", sheet.relation),
        ("rows", f"2^{sheet.k} = {sheet.rows:,}, {sheet.usable_rows:,} usable"),
        ("columns", f"{columns.advice} advice, {columns.fixed} fixed, "
                    f"{columns.committed_instance} committed instance, {columns.plain_instance} plain instance"),
        ("gates", f"{sheet.gates} with {sheet.polynomials} polynomials, degree {sheet.degree}, {sheet.cell_reads} cell reads"),
        ("lookups, copies", f"{sheet.lookups}, {sheet.copies}"),
        ("queries", f"{queries.advice} advice, {queries.fixed} fixed, "
                    f"{queries.committed_instance} committed instance, {queries.plain_instance} plain instance"),
        ("commitments", f"{points.advice} advice, {points.lookup} lookup, {points.permutation} permutation, "
                        f"{points.random} random, {points.quotient} quotient, {points.opening} opening"),
        ("scalars", f"{sheet.evaluations} evaluations, {sheet.point_sets} point sets"),
        ("proof", f"{sheet.proof_bytes:,} bytes"),
        ("message", f"{sheet.message_bytes:,} bytes with {sheet.round_commitments} commitments of the rounds"),
    ]  # fmt: skip


def _estimates(sheet: CostSheet) -> list[tuple[str, str]]:
    times = sheet.estimate
    if times is None:
        return []
    return [
        ("prove (estimate)", f"{times.prove_ms:,} ms, {times.prove_ns_a_weight / 1000:.1f} µs a weight"),
        ("verify (estimate)", f"{times.verify_ms:,} ms, {times.verify_ns_a_weight / 1000:.2f} µs a weight"),
    ]

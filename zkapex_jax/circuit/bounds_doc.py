"""Write docs/bounds.md from the code: ``python -m zkapex_jax.circuit.bounds_doc [PATH]``."""

import sys
from pathlib import Path

from zkapex_jax.bounds import FIELD_MODULUS, bounds_sheet
from zkapex_jax.circuit.relations import RELATIONS
from zkapex_jax.circuit.soundness import (
    NORM_HEADROOM_BITS, abort_bits, error_bits, error_terms, largest_energy, largest_gamma, total_error,
)
from zkapex_jax.formats import atomic
from zkapex_jax.presets import PRESETS, Preset

PATH = Path(__file__).parents[2] / "docs" / "bounds.md"

_HEAD = f"""# Bounds and errors

Generated from code by `python -m zkapex_jax.circuit.bounds_doc` (part of `make golden`); a test fails when it is out of date.

The circuits work modulo p = {FIELD_MODULUS}
(the order of the BLS12-381 scalar field, 255 bits). Their sums are sums of integers as long as none of them can reach p/2.
The bounds below are worst cases over ranges that the protocol proves, not over honest data. They start from nothing but
bits: at enrolment the windows of v_l give |t|, which gives |G| and |Δ|; online the windows of p_j give |δ| and |e|. A line
rests on lines above it. A preset that breaks one line cannot be constructed.

"Bits" is the least n with |quantity| < 2^n; "margin" the whole bits left below p/2.
The error is that of one Fiat–Shamir query, Halo2's own not counted. r: bits of a window at enrolment; b: of one online.
"""


def document() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(_section(preset) for preset in PRESETS.values())])


def _section(preset: Preset) -> str:
    errors = [_errors(preset, relation) for relation in reversed(RELATIONS)]
    return "\n".join([f"## Preset `{preset.name}`\n", _intro(preset), _bounds(preset), *errors, _completeness(preset)])


def _intro(preset: Preset) -> str:
    warning = "For tests: its error is far too large to prove anything.\n\n" if preset.insecure else ""
    return warning + (
        f"2^{preset.k} rows, {preset.lanes} lanes, up to {preset.capacity:,} weights a chunk, n + K = {preset.client_rows} + "
        f"{preset.forget_rows} curvature rows, J = {preset.projections}.\nEnrolment: r = {preset.range_bits}, slack of D0 of "
        f"{preset.distance_bits} bits. Online: b = {preset.window_bits}, slacks of T1, T2, D of "
        f"{', '.join(map(str, preset.slack_bits))} bits.\n"
    )


def _bounds(preset: Preset) -> str:
    rows = [[bound.relation, bound.quantity, f"{bound.bits}", f"{bound.margin_bits}", bound.source] for bound in bounds_sheet(preset)]
    return _table(["relation", "quantity", "bits", "margin", "from"], rows)


def _errors(preset: Preset, relation: str) -> str:
    rows = [[term.challenge, term.event, term.formula, f"2^−{term.bits}"] for term in error_terms(preset, relation)]
    rows.append(["", "**all together**", "", f"**2^−{error_bits(total_error(preset, relation))}**"])
    return f"Error of `{relation}`:\n\n" + _table(["challenge", "accepted although", "at most", "is below"], rows)


def _completeness(preset: Preset) -> str:
    energy, int8 = largest_energy(preset), 2**14 * preset.client_rows * preset.capacity
    return (
        f"A certificate rests on both proofs of a chunk: together below **2^−{error_bits(total_error(preset))}**.\n\n"
        f"An honest (δ, e) of norm up to 2^{preset.window_bits - NORM_HEADROOM_BITS} leaves a window with probability below "
        f"2^−{abort_bits(preset)}; at enrolment the same holds for rows with\nΣ_k ‖G_k‖² + ‖Δ‖² ≤ {energy:,} "
        f"(int8 rows of a full chunk at full swing: {int8:,}).\n"
        f"The slacks hold the rules T1 = ⌊γ²d/8⌋ and T2 = 32(n + K)γ of a full chunk for γ ≤ {largest_gamma(preset):,}.\n"
    )


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(map(_cell, line)) + " |\n" for line in lines)


def _cell(text: str) -> str:
    """Bars of absolute values would end the cell."""
    return text.replace("|", "\\|")


def main(arguments: list[str]) -> None:
    path = Path(arguments[0]) if arguments else PATH
    atomic.write_bytes(path, document().encode(), force=True)


if __name__ == "__main__":
    main(sys.argv[1:])

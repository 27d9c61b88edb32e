"""Write docs/bounds.md from the code: ``python -m zkapex_jax.circuit.bounds_doc [PATH]``."""

import sys
from pathlib import Path

from zkapex_jax.bounds import FIELD_MODULUS, GRADIENT_BITS, bounds_sheet
from zkapex_jax.circuit.soundness import NORM_HEADROOM_BITS, abort_bits, error_bits, error_terms, largest_gamma, total_error
from zkapex_jax.formats import atomic
from zkapex_jax.presets import PRESETS, Preset

PATH = Path(__file__).parents[2] / "docs" / "bounds.md"

_HEAD = f"""# Bounds and errors

Generated from code by `python -m zkapex_jax.circuit.bounds_doc` (part of `make golden`); a test fails when it is out of date.

The circuit works modulo p = {FIELD_MODULUS}
(the order of the BLS12-381 scalar field, 255 bits). Its sums are sums of integers as long as none of them can reach p/2.
The bounds below are worst cases over ranges that the protocol proves, not over honest data: |δ| and |e| < 2^b from the
projections, slacks from their bits, |G| < 2^{GRADIENT_BITS} from the enrolment proof. Where an enrolment carries no such proof, the
last range is an assumption about the client: with larger G the sum of squares can wrap around p and a certificate can be
forged. A preset that breaks one line cannot be constructed.

"Bits" is the least n with |quantity| < 2^n; "margin" the whole bits left below p/2.
The error is that of one Fiat–Shamir query, Halo2's own not counted.
"""


def document() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(_section(preset) for preset in PRESETS.values())])


def _section(preset: Preset) -> str:
    return "\n".join([f"## Preset `{preset.name}`\n", _intro(preset), _bounds(preset), _errors(preset)])


def _intro(preset: Preset) -> str:
    warning = "For tests: its error is far too large to prove anything.\n\n" if preset.insecure else ""
    return warning + (
        f"2^{preset.k} rows, {preset.lanes} lanes, up to {preset.capacity:,} weights a chunk, n + K = {preset.client_rows} + "
        f"{preset.forget_rows} curvature rows,\nb = {preset.window_bits}, slacks of T1, T2, D of "
        f"{', '.join(map(str, preset.slack_bits))} bits.\n"
    )


def _bounds(preset: Preset) -> str:
    rows = [[bound.quantity, f"{bound.bits}", f"{bound.margin_bits}", bound.source] for bound in bounds_sheet(preset)]
    return _table(["quantity", "bits", "margin", "from"], rows)


def _errors(preset: Preset) -> str:
    rows = [[term.challenge, term.event, term.formula, f"2^−{term.bits}"] for term in error_terms(preset)]
    rows.append(["", "**all together**", "", f"**2^−{error_bits(total_error(preset))}**"])
    return _table(["challenge", "accepted although", "at most", "is below"], rows) + (
        f"\nAn honest (δ, e) of norm up to 2^{preset.window_bits - NORM_HEADROOM_BITS} leaves a window with probability below "
        f"2^−{abort_bits(preset)}.\nThe slacks hold the rules T1 = ⌊γ²d/8⌋ and T2 = 32(n + K)γ of a full chunk for "
        f"γ ≤ {largest_gamma(preset):,}.\n"
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

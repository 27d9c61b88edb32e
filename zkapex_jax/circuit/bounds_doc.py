"""Write docs/bounds.md from the code: ``python -m zkapex_jax.circuit.bounds_doc [PATH]``."""

import sys
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

from zkapex_jax.bounds import FIELD_MODULUS, Bound, bounds_sheet, dense_bounds_sheet
from zkapex_jax.circuit.hardness import assumptions, security_level
from zkapex_jax.circuit.inner_error import inner_error, inner_error_terms
from zkapex_jax.circuit.model import Circuit
from zkapex_jax.circuit.relations import DENSE_SIZES, RELATIONS, build, build_sized
from zkapex_jax.circuit.soundness import (
    NORM_HEADROOM_BITS, ErrorTerm, abort_bits, error_bits, error_terms, joint_error, largest_energy, largest_gamma, total_error,
)
from zkapex_jax.formats import atomic
from zkapex_jax.presets import DEFAULT_PRESET, PRESETS, Preset, get_preset

PATH = Path(__file__).parents[2] / "docs" / "bounds.md"

_HEAD = f"""# Bounds and errors

Generated from code by `python -m zkapex_jax.circuit.bounds_doc` (part of `make golden`); a test fails when it is out of date.

The circuits work modulo p = {FIELD_MODULUS}
(the order of the BLS12-381 scalar field, 255 bits). Their sums are sums of integers as long as none of them can reach p/2.
The bounds below are worst cases over ranges that the protocol proves, not over honest data. They start from nothing but
bits: at enrolment the windows of v_l give |t|, which gives |G| and |Δ|; online the windows of p_j give |δ| and |e|. A line
rests on lines above it. A preset that breaks one line cannot be constructed.

"Bits" is the least n with |quantity| < 2^n; "margin" the whole bits left below p/2.
The error is that of one Fiat–Shamir query; a prover that tries Q of them succeeds with at most Q times it. The tables of a
preset count the rounds of this protocol; Halo2's own challenges follow at the end. r: bits of a window at enrolment; b: of one online.
"""

_INNER_HEAD = """## Halo2's own challenges

What its challenges let through, for polynomials of degree below 2^k that an algebraic prover has committed to
(`zkapex_jax/circuit/inner_error.py`). The rest of Halo2's error is an assumption, not a count: KZG commitments bind in the algebraic
group model, and BLAKE2b answers like a random oracle.
"""

_HARD_HEAD = f"""## What a forgery costs

Beside luck with a challenge there is what the protocol takes to be hard (`zkapex_jax/circuit/hardness.py`). Costs are published estimates or
generic attacks, in operations, for the preset `{DEFAULT_PRESET}`; only the one of τ depends on the preset.
"""

_LEVEL_HEAD = """The *level* is the least of all ways. `zkapex audit` computes it for the chunks and proofs that it audits. The union over chunks is counted
whole, and with it the coefficients with which the Rust verifier joins the openings of 64 chunks, 2^−128 each time.
"""

_DENSE_HEAD = """## The baseline `dense_kkt`

Ranges come from lookups instead of projections, so no line is statistical. See [relations.md](relations.md).
"""


def document() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(_section(preset) for preset in PRESETS.values()), _inner(), _hardness(), _dense()])


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
    rows = [[bound.relation, *_bound(bound)] for bound in bounds_sheet(preset)]
    return _table(["relation", "quantity", "bits", "margin", "from"], rows)


def _bound(bound: Bound) -> list[str]:
    return [bound.quantity, f"{bound.bits}", f"{bound.margin_bits}", bound.source]


def _errors(preset: Preset, relation: str) -> str:
    terms = _terms(error_terms(preset, relation), total_error(preset, relation))
    inner = error_bits(inner_error(build(relation, preset)))
    return f"Error of `{relation}` (Halo2's own challenges, below, add less than 2^−{inner}):\n\n{terms}"


def _terms(terms: Iterable[ErrorTerm], together: Fraction) -> str:
    rows = [[term.challenge, term.event, term.formula, f"2^−{term.bits}"] for term in terms]
    rows.append(["", "**all together**", "", f"**2^−{error_bits(together)}**"])
    return _table(["challenge", "accepted although", "at most", "is below"], rows)


def _hardness() -> str:
    """Assumptions by preset; what depends on its size is τ alone."""
    serving = [preset for preset in PRESETS.values() if not preset.insecure]
    rows = [[one.name, one.gains, one.estimate, f"2^{one.bits}"] for one in assumptions(get_preset(DEFAULT_PRESET))]
    levels = [[f"`{preset.name}`", *_level(preset)] for preset in serving]
    return "\n".join([_HARD_HEAD, _table(["what is held to be hard", "gains", "estimate", "costs"], rows), _LEVEL_HEAD,
                      _table(["preset", "luck, both proofs of a chunk", "luck, 1,000 chunks", "τ", "level of 1,000 chunks", "decided by"], levels)])  # fmt: skip


def _level(preset: Preset) -> list[str]:
    chunk = total_error(preset) + sum((inner_error(build(relation, preset)) for relation in RELATIONS), Fraction(0))
    held, many = assumptions(preset), 1000 * chunk + 2 * joint_error(1000)
    level, weakest = security_level(many, held)
    tau = next(one.bits for one in held if one.name.startswith("τ"))
    return [f"2^{error_bits(chunk)}", f"2^{error_bits(many)}", f"2^{tau}", f"**{level} bits**", weakest]


def _inner() -> str:
    """Halo2's challenges, for the largest circuits of the default preset."""
    preset = get_preset(DEFAULT_PRESET)
    parts = [_inner_table(f"`{relation}`, preset `{preset.name}`", build(relation, preset)) for relation in reversed(RELATIONS)]
    return "\n".join([_INNER_HEAD, *parts])


def _inner_table(title: str, circuit: Circuit) -> str:
    return f"{title}:\n\n{_terms(inner_error_terms(circuit), inner_error(circuit))}"


def _dense() -> str:
    """The baseline: bounds and Halo2's error at every measured block."""
    parts = [_DENSE_HEAD]
    for name, size in DENSE_SIZES.items():
        rows = [_bound(bound) for bound in dense_bounds_sheet(size)]
        title = f"### Block {size.block}, 2^{size.k} rows{' (toy)' if name == 'toy' else ''}"
        title += f"\n\n{size.blocks} blocks, {size.capacity} weights; weights of {size.weight_bits} bits, curvature of {size.curvature_bits}.\n"
        parts += [title, _table(["quantity", "bits", "margin", "from"], rows)]
    largest = build_sized(list(DENSE_SIZES.values())[-1])
    return "\n".join([*parts, _inner_table("Its challenges are Halo2's alone; for the largest block", largest)])


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

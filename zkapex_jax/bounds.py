"""How large each integer of the statements can be, from ranges that the protocol proves: enrolment first, then online.

Equalities are checked modulo p; they say something about integers only while no integer reaches p/2. This leaf holds
the arithmetic, so that a preset which breaks it cannot be constructed (``zkapex_jax.presets``). Plain Python integers.
"""

from dataclasses import dataclass, replace
from typing import Protocol

#: Order p of the BLS12-381 scalar field.
FIELD_MODULUS = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001

#: Forget rows are public int8.
INT8_LIMIT = 2**7

#: Base weights are public int32.
INT32_LIMIT = 2**31

#: The damping is a public integer in 1 ≤ γ ≤ 2^39.
GAMMA_MAX = 2**39

#: The limits T1, T2 and D are public integers below 2^250.
LIMIT_MAX = 2**250 - 1


class StatementSize(Protocol):
    """The sizes that the bounds depend on; ``presets.Preset`` has them."""

    @property
    def capacity(self) -> int: ...
    @property
    def rows(self) -> int: ...
    @property
    def client_rows(self) -> int: ...
    @property
    def projections(self) -> int: ...
    @property
    def range_bits(self) -> int: ...
    @property
    def distance_bits(self) -> int: ...
    @property
    def window_bits(self) -> int: ...
    @property
    def slack_bits(self) -> tuple[int, int, int]: ...


class DenseSize(Protocol):
    """The sizes that the bounds of the dense relation depend on; ``circuit.relations.dense_kkt.Dense`` has them."""

    @property
    def block(self) -> int: ...
    @property
    def curvature_bits(self) -> int: ...
    @property
    def weight_bits(self) -> int: ...
    @property
    def residue_bits(self) -> int: ...


@dataclass(frozen=True)
class Bound:
    """One integer of a statement: |quantity| ≤ ``limit``. ``source`` says which proven range gives it, ``relation`` where."""

    quantity: str
    limit: int
    source: str
    relation: str = ""

    @property
    def bits(self) -> int:
        """Smallest n with limit < 2^n."""
        return self.limit.bit_length()

    @property
    def holds(self) -> bool:
        """Whether the integer stays below p/2, so that equal modulo p means equal."""
        return 2 * self.limit < FIELD_MODULUS

    @property
    def margin_bits(self) -> int:
        """Whole bits left below p/2 (rounded down); −1 when the bound is broken."""
        return (FIELD_MODULUS // 2 // self.limit).bit_length() - 1 if self.holds else -1


def bounds_sheet(size: StatementSize) -> tuple[Bound, ...]:
    """Every integer of both statements with its bound; each line rests on lines above it.

    Worst case over all chunks of ``size``: capacity weights, every cell at the edge of its proven range.
    """
    enrol = _enrolment_cells(size) + _enrolment_sums(size)
    online = _cells(size) + _sums(size) + _slacked_sums(size)
    named = {"enrol": enrol, "fold_kkt": online}
    return tuple(replace(bound, relation=relation) for relation, bounds in named.items() for bound in bounds)


def broken_bounds(size: StatementSize) -> tuple[Bound, ...]:
    """The lines of the sheet that reach p/2; empty for a sound preset."""
    return tuple(bound for bound in bounds_sheet(size) if not bound.holds)


def dense_bounds_sheet(size: DenseSize) -> tuple[Bound, ...]:
    """Every integer of relation ``dense_kkt``; each line rests on lines above it, the first two on range lookups."""
    entry, weight = 2 ** (size.curvature_bits - 1), 2 ** (size.weight_bits - 1)
    delta, residue = 2 * weight - 1, 2 ** (size.residue_bits - 1)
    product = size.block * entry * delta
    bounds = (
        Bound("C_ij", entry, f"range lookup: a window of 2^{size.curvature_bits}"),
        Bound("θp_i, θu_i", weight, f"range lookups of limbs: a window of 2^{size.weight_bits}"),
        Bound("δ_i", delta, "θu_i − θp_i, both in one window"),
        Bound("C_ij δ_j", entry * delta, "|C| · |δ|"),
        Bound("Σ_j C_ij δ_j", product, "block · |C| · |δ|, every partial sum included"),
        Bound("r_i", residue, f"range lookups of limbs: a window of 2^{size.residue_bits}"),
        Bound("Σ_j C_ij δ_j − r_i", product + residue, "zero modulo p, so zero"),
    )
    return tuple(replace(bound, relation="dense_kkt") for bound in bounds)


def projection_limit(size: StatementSize) -> int:
    """Bound of |t_jk|: were one ≥ 2^r, each v_l would leave its window of 2^r integers with probability at least ½."""
    return 2**size.range_bits - 1


def row_limit(size: StatementSize) -> int:
    """Bound of |G_ki| and |Δ_i|: t_jk lies in a window of 2^(r+1) − 1 integers, so the same holds for cells that wide."""
    return 2 * projection_limit(size)


def gradient_limit(size: StatementSize) -> int:
    """Bound of |G_ki| over all rows of the online statement, those of the request included."""
    return max(row_limit(size), INT8_LIMIT)


def residual_limit(size: StatementSize) -> int:
    """Bound of |y_i| = |γδ_i + Σ_k G_ki σ_k| over all cells."""
    window = 2**size.window_bits - 1
    sigma = size.capacity * gradient_limit(size) * window + window
    return GAMMA_MAX * window + size.rows * gradient_limit(size) * sigma


def _enrolment_cells(size: StatementSize) -> tuple[Bound, ...]:
    row = row_limit(size)
    return (
        Bound("D0", 2**size.distance_bits - 1, "public, parsed with this limit"),
        Bound("v_l", 2 ** (size.range_bits - 1), "its bits: a window of 2^r"),
        Bound("t_jk", projection_limit(size), "projections v_l in a window of 2^r"),
        Bound("G_ki, Δ_i", row, "projections |t_jk| < 2^r"),
        Bound("θp_i", INT32_LIMIT + row, "public base weight + Δ_i"),
    )


def _enrolment_sums(size: StatementSize) -> tuple[Bound, ...]:
    cells, squares = size.projections * (size.client_rows + 1), size.capacity * row_limit(size) ** 2
    return (
        Bound("⟨b_j, G_k⟩", size.capacity * row_limit(size), "capacity · |G|, entries of b in {−1, 0, 1}"),
        Bound("⟨a_l, t⟩", cells * projection_limit(size), "J(n + 1) · |t|, entries of a in {−1, 0, 1}"),
        Bound("Σ Δ²", squares, "capacity · Δ²"),
        Bound("Σ Δ² + slack of D0", squares + 2**size.distance_bits - 1, f"slack of {size.distance_bits} bits"),
    )


def _cells(size: StatementSize) -> tuple[Bound, ...]:
    window = 2**size.window_bits - 1
    return (
        Bound("γ", GAMMA_MAX, "public, parsed with this limit"),
        Bound("T1, T2, D", LIMIT_MAX, "public, parsed with this limit"),
        Bound("G_ki", gradient_limit(size), "client rows: enrolment proof; forget rows: int8"),
        Bound("δ_i", window, "projections p_j in a window of 2^b"),
        Bound("e_k", window, "projections p_j in a window of 2^b"),
        Bound("p_j", (size.capacity + size.rows) * window, "Σ|δ_i| + Σ|e_k|, entries of R in {−1, 0, 1}"),
    )


def _sums(size: StatementSize) -> tuple[Bound, ...]:
    window = 2**size.window_bits - 1
    product = size.capacity * gradient_limit(size) * window
    return (
        Bound("⟨G_k, δ⟩", product, "capacity · |G| · |δ|"),
        Bound("σ_k", product + window, "⟨G_k, δ⟩ + e_k"),
        Bound("γδ_i", GAMMA_MAX * window, "γ · |δ|"),
        Bound("y_i", residual_limit(size), "γδ_i + Σ_k G_ki σ_k"),
        Bound("Σ f y²", size.capacity * residual_limit(size) ** 2, "capacity · y²"),
        Bound("Σ e²", size.rows * window**2, "rows · e²"),
        Bound("Σ f δ²", size.capacity * window**2, "capacity · δ²"),
    )


def _slacked_sums(size: StatementSize) -> tuple[Bound, ...]:
    sums = {bound.quantity: bound.limit for bound in _sums(size)}
    names = (("Σ f y²", "T1"), ("Σ e²", "T2"), ("Σ f δ²", "D"))
    return tuple(
        Bound(f"{quantity} + slack of {total}", sums[quantity] + 2**bits - 1, f"slack of {bits} bits")
        for (quantity, total), bits in zip(names, size.slack_bits, strict=True)
    )

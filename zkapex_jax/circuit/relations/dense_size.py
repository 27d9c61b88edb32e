"""Sizes of ``dense_kkt``: how many B × B blocks fit in 2^k rows, where their cells stand, and how wide each integer is."""

from dataclasses import dataclass

from zkapex_jax.bounds import dense_bounds_sheet
from zkapex_jax.circuit.model import LayoutValue
from zkapex_jax.errors import InputError
from zkapex_jax.presets import UNUSABLE_ROWS

#: Cells of C in one table row.
LANES = 8

#: Largest block: rows of C longer than this belong to the folded relation.
MAX_BLOCK = 64

#: Weights of at most 8 in magnitude, in units of 2^−16.
LEAST_WEIGHT_BITS = 20


@dataclass(frozen=True)
class Dense:
    """Block size B, a multiple of 8 from 8 to 64, at 2^k rows; weights have ``weight_limbs`` limbs of k − 1 bits.

    Raises:
        InputError: a size is out of range, no block fits, or an integer of the statement can reach p/2.
    """

    block: int
    k: int = 12
    weight_limbs: int = 2
    blinding_rows: int = 32

    def __post_init__(self) -> None:
        for field, low, high in (("block", LANES, MAX_BLOCK), ("k", 8, 12), ("weight_limbs", 1, 32), ("blinding_rows", 4, 64)):
            value = getattr(self, field)
            if type(value) is not int or not low <= value <= high:
                raise _refuse(field, value, f"must be an integer from {low} to {high}")
        if self.block % LANES:
            raise _refuse("block", self.block, f"must be a multiple of {LANES}")
        if not self.blocks:
            raise _refuse("k", self.k, f"2^{self.k} rows hold no block of {self.block}")
        for bound in dense_bounds_sheet(self):
            if not bound.holds:
                raise _refuse(bound.quantity, bound.limit, f"can reach p/2 ({bound.source})")

    @property
    def lanes(self) -> int:
        return LANES

    @property
    def row_length(self) -> int:
        """Table rows that one row of C takes."""
        return self.block // LANES

    @property
    def blocks(self) -> int:
        return (2**self.k - UNUSABLE_ROWS - self.blinding_rows) // (self.block * self.row_length)

    @property
    def capacity(self) -> int:
        """Weights that one proof holds."""
        return self.blocks * self.block

    @property
    def blinding_start(self) -> int:
        return self.capacity * self.row_length

    @property
    def limb_bits(self) -> int:
        """t: the range table of 2^t values takes half of the rows."""
        return self.k - 1

    @property
    def curvature_bits(self) -> int:
        return self.limb_bits

    @property
    def weight_bits(self) -> int:
        return self.weight_limbs * self.limb_bits

    @property
    def residue_bits(self) -> int:
        """The window holds every |r| ≤ ½ Σ_j |C_ij|, what rounding δ to nearest can do to a solution of Cδ = 0."""
        return self.curvature_bits - 1 + (self.block - 1).bit_length()

    @property
    def residue_top_bits(self) -> int:
        """h: bits of the residue's second limb."""
        return self.residue_bits - self.limb_bits

    @property
    def curvature_offset(self) -> int:
        return 2 ** (self.curvature_bits - 1)

    @property
    def weight_offset(self) -> int:
        return 2 ** (self.weight_bits - 1)

    @property
    def residue_offset(self) -> int:
        """R: −R ≤ (Cδ)_i < R is proven on free weights."""
        return 2 ** (self.residue_bits - 1)

    def weight_row(self, block: int, i: int) -> int:
        """Table row of weight i's own cells."""
        return (block * self.block + i + 1) * self.row_length - 1

    def cell_row(self, block: int, i: int, j: int) -> int:
        """Table row of C_ij, which stands in lane j mod 8."""
        return (block * self.block + i) * self.row_length + j // LANES

    def layout(self) -> dict[str, LayoutValue]:
        """The header of the tables: every size that a reader needs to fill the columns."""
        return {
            "block": self.block, "blocks": self.blocks, "lanes": self.lanes, "row_length": self.row_length,
            "capacity": self.capacity, "blinding_start": self.blinding_start, "blinding_rows": self.blinding_rows,
            "unusable": UNUSABLE_ROWS, "limb_bits": self.limb_bits, "curvature_bits": self.curvature_bits,
            "weight_bits": self.weight_bits, "weight_limbs": self.weight_limbs, "residue_bits": self.residue_bits,
        }  # fmt: skip


def dense_size(block: int, k: int = 12) -> Dense:
    """Blocks of that size in 2^k rows, with as many limbs as ``LEAST_WEIGHT_BITS`` takes.

    Raises:
        InputError: a size that ``Dense`` refuses.
    """
    limbs = -(-LEAST_WEIGHT_BITS // (k - 1)) if type(k) is int and k > 1 else 1
    return Dense(block, k, limbs)


#: Small enough for a prover in plain Python. Its curvature has 8 bits.
DENSE_TOY = Dense(8, k=9, weight_limbs=3, blinding_rows=16)

#: The sizes that are measured, by the name of their golden file.
DENSE_SIZES = {"toy": DENSE_TOY, **{f"{block}": dense_size(block) for block in (8, 16, 32, 64)}}


def _refuse(field: str, value: object, message: str) -> InputError:
    return InputError(message, code="dense.size", field=field, value=value)

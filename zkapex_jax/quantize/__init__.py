"""From floats to the integers of the statement: weights, gradient rows, damping."""

from zkapex_jax.quantize.fixed_point import FIXED_POINT_BITS, WEIGHT_BITS, from_fixed, to_fixed
from zkapex_jax.quantize.gamma import gamma_grid, gamma_of_rows, is_on_grid
from zkapex_jax.quantize.rows import (
    QuantizedRows,
    forget_scale,
    quantize_forget_rows,
    quantize_rows,
    typical_row_norm,
)

__all__ = [
    "FIXED_POINT_BITS",
    "WEIGHT_BITS",
    "QuantizedRows",
    "forget_scale",
    "from_fixed",
    "gamma_grid",
    "gamma_of_rows",
    "is_on_grid",
    "quantize_forget_rows",
    "quantize_rows",
    "to_fixed",
    "typical_row_norm",
]

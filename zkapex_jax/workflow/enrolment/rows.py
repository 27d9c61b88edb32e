"""A client's gradient rows on their way into the secret: checked once, quantised chunk by chunk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.formats.scratch import discard, release
from zkapex_jax.protocol import ChunkedLayout
from zkapex_jax.quantize import quantize_rows


@dataclass(frozen=True)
class ClientRows:
    """Rows float32 [n, W], perhaps mapped from disk, and which weights are still free (bool [W]): rows count as zero elsewhere.

    `consumed`: each chunk is quantised once, and its disk is given up then.
    """

    values: np.ndarray
    cut: ChunkedLayout
    free: np.ndarray
    consumed: bool = False

    @classmethod
    def checked(
        cls, rows: np.ndarray, cut: ChunkedLayout, count: int, *, free: np.ndarray | None = None, consumed: bool = False
    ) -> Self:
        """Raises InputError for another count, length or type of rows, a NaN or infinity, or a chunk of zeros alone."""
        if rows.shape != (count, cut.weights) or rows.dtype != np.float32:
            raise InputError(
                f"gradient rows must be float32 [{count}, {cut.weights}]",
                code="shape",
                field="rows",
                value=f"{rows.dtype}{list(rows.shape)}",
            )
        made = cls(rows, cut, np.ones(cut.weights, np.bool_) if free is None else free, consumed)
        for chunk in range(len(cut.chunks)):
            made._check(chunk)
        return made

    def quantised(self, chunk: int) -> np.ndarray:
        """int8 [n, d] of one chunk."""
        place = slice(*self.cut.bounds(chunk))
        piece = np.array(self.values[:, place], order="C")
        if self.consumed:
            discard(self.values[:, place])
        release(self.values)
        piece[:, ~self.free[place]] = 0
        return quantize_rows(piece).rows

    def _check(self, chunk: int) -> None:
        """Row by row: no copy of the chunk is made."""
        place, zero = slice(*self.cut.bounds(chunk)), True
        for index, row in enumerate(self.values[:, place]):
            if not np.isfinite(row).all():
                raise InputError(
                    f"gradient row {index} holds a NaN or an infinity in chunk {chunk}", code="not_finite", field="rows"
                )
            zero = zero and not row[self.free[place]].any()
        release(self.values)
        if zero:
            raise InputError(
                f"all gradient rows are zero in chunk {chunk}: the loss does not depend on its weights",
                code="zero_gradients", field="rows", hint="choose other target tensors",
            )  # fmt: skip

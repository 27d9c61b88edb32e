"""How a client makes its gradient rows: the protocol takes any integers in range, so that this is the client's affair."""

from __future__ import annotations

from dataclasses import dataclass

from zkapex_jax.errors import InputError

EXAMPLES, DRAWN, SKETCH = "examples", "drawn", "sketch"
KINDS = (EXAMPLES, DRAWN, SKETCH)

#: Draws of a sketch unless told otherwise. On source code 8,192 gave 7 points more of what masking cost than 2,048, on one seed (experiments/code/config.py).
DEFAULT_DRAWS = 8192


@dataclass(frozen=True)
class Rows:
    """`examples`: row k is the gradient at private example k, with its own label, clipped to the median norm. `drawn`: the same with
    labels drawn from the client's model. `sketch`: `draws` such gradients, summed up in as many rows as the statement has, chunk by
    chunk (`zkapex_jax.curvature.Sketch`).

    Raises:
        InputError: an unknown kind, or draws that do not fit it.
    """

    kind: str = EXAMPLES
    draws: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"must be one of {', '.join(KINDS)}", code="rows", field="kind", value=self.kind)
        if type(self.draws) is not int or (self.draws > 0) != (self.kind == SKETCH) or self.draws < 0:
            raise InputError("a sketch needs a positive number of draws, other rows none", code="rows", field="draws", value=self.draws)

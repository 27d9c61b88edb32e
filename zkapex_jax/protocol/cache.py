"""Files that only the Rust binary fills and reads: cached points of an admission, and the reference string."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from zkapex_jax.errors import InputError
from zkapex_jax.formats.tensors import TensorSpec
from zkapex_jax.protocol.artefact import Artefact
from zkapex_jax.protocol.fields import Hex32, Text, natural

UNCOMPRESSED_BYTES = 96
_KINDS = ({"c_gradients"}, {"c_base"}, {"c_free", "c_forget"})


class Points(Artefact):
    """Cache: the commitments of one enrolment, base or request, checked and uncompressed. `of` is that artefact's digest.

    Tensors: c_gradients U8 [m, n, P, 96]; or c_base U8 [m, P, 96]; or c_free U8 [t, P, 96] and c_forget U8 [t, K, P, 96].
    """

    kind: ClassVar[str] = "points"

    of: Hex32

    def expected_tensors(self, found: Mapping[str, TensorSpec]) -> dict[str, TensorSpec]:
        if set(found) not in _KINDS:
            raise InputError(
                "must hold c_gradients, or c_base, or c_free and c_forget",
                code="bad_tensor",
                field="tensors",
                value=sorted(found),
            )
        for name, spec in found.items():
            if spec.dtype != "U8" or spec.shape[-1] != UNCOMPRESSED_BYTES:
                raise InputError("must be U8 of 96 bytes a point", code="bad_tensor", field=name, value=str(spec))
        return dict(found)


class ReferenceString(Artefact):
    """Public: powers of the ceremony's secret. Tensors: g1_monomial and g1_lagrange U8 [2^k, 96]; g2 U8 [2, 192]."""

    kind: ClassVar[str] = "srs"

    k: Annotated[int, natural(1, 28)]
    source: Text
    insecure: bool = Field(strict=True)

    def expected_tensors(self, found: Mapping[str, TensorSpec]) -> dict[str, TensorSpec]:
        powers = TensorSpec("U8", (1 << self.k, UNCOMPRESSED_BYTES))
        return {"g1_monomial": powers, "g1_lagrange": powers, "g2": TensorSpec("U8", (2, 2 * UNCOMPRESSED_BYTES))}

"""Sizes of statements that are measured but not served: presets of any k, lanes and rows, known inside one block only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import MappingProxyType

from zkapex_jax import presets
from zkapex_jax.presets import DEFAULT_PRESET, Preset, get_preset
from zkapex_jax.protocol import fields


def sized(k: int, lanes: int, rows: int, forget_rows: int | None = None) -> Preset:
    """The serving sizes but for k, lanes, client rows n and, where given, forget rows K. Marked insecure, for nobody serves it.

    Raises:
        InputError: the sizes do not fit, or break the bounds sheet.
    """
    serving, name = get_preset(DEFAULT_PRESET), f"measured-k{k}-p{lanes}-n{rows}"
    forget = serving.forget_rows if forget_rows is None else forget_rows
    return Preset(
        name if forget_rows is None else f"{name}-h{forget_rows}", k, lanes, client_rows=rows, forget_rows=forget,
        projections=serving.projections, window_bits=serving.window_bits, slack_bits=serving.slack_bits,
        blinding_rows=serving.blinding_rows, srs=f"measured-{2**k}", insecure=True,
    )  # fmt: skip


@contextmanager
def known(sizes: Iterable[Preset]) -> Iterator[None]:
    """Let artefacts name `sizes` while the block runs; the program itself knows only what it serves."""
    served = presets.PRESETS
    extended = MappingProxyType({**served, **{preset.name: preset for preset in sizes}})
    presets.PRESETS = fields.PRESETS = extended
    try:
        yield
    finally:
        presets.PRESETS = fields.PRESETS = served

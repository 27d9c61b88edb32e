"""Frozen sizes of the statement. Every artefact names its preset; nothing else chooses a size."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from zkapex_jax.bounds import broken_bounds
from zkapex_jax.errors import InputError

#: Halo2 keeps this many rows at the end of every column for itself (5 blinding factors and one more).
UNUSABLE_ROWS = 6

#: Active rows come in multiples of this.
ACTIVE_STEP = 16

#: The bits of a projection row come from one 128-bit word a cell.
MAX_PROJECTIONS = 128

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,31}\Z")


@dataclass(frozen=True)
class Preset:
    """Sizes of one chunk of 2^k rows: ``rows`` tail rows, active rows, blinding rows, then Halo2's own.

    ``window_bits`` and ``slack_bits`` (of T1, T2, D) belong to the online relation; ``range_bits`` (the window of a second
    projection, so that |G|, |Δ| < 2^(range_bits + 1)) and ``distance_bits`` (the slack of D0) to the enrolment.

    Raises:
        InputError: a size is out of range, does not fit in 2^k rows, or breaks the bounds sheet.
    """

    name: str
    k: int
    lanes: int
    client_rows: int
    forget_rows: int
    projections: int
    window_bits: int
    slack_bits: tuple[int, int, int]
    blinding_rows: int
    srs: str
    insecure: bool = False
    range_bits: int = 27
    distance_bits: int = 64

    def __post_init__(self) -> None:
        _check_fields(self)
        _check_layout(self)
        _check_bounds(self)

    @property
    def rows(self) -> int:
        """Stacked curvature rows: n of the client and K of the request; also the number of tail rows."""
        return self.client_rows + self.forget_rows

    @property
    def domain(self) -> int:
        return 2**self.k

    @property
    def unusable(self) -> int:
        return UNUSABLE_ROWS

    @property
    def usable_rows(self) -> int:
        return self.domain - self.unusable

    @property
    def active_start(self) -> int:
        return self.rows

    @property
    def active_rows(self) -> int:
        """Largest multiple of 16 that leaves room for tail, blinding and Halo2's rows."""
        return (self.usable_rows - self.rows - self.blinding_rows) // ACTIVE_STEP * ACTIVE_STEP

    @property
    def blinding_start(self) -> int:
        return self.rows + self.active_rows

    @property
    def capacity(self) -> int:
        """Weights that one chunk holds."""
        return self.active_rows * self.lanes

    @property
    def bit_count(self) -> int:
        """J windows of b bits and the bits of the three slacks."""
        return self.projections * self.window_bits + sum(self.slack_bits)

    @property
    def bit_columns(self) -> int:
        return -(-self.bit_count // self.blinding_start)

    @property
    def bits_per_column(self) -> int:
        return -(-self.bit_count // self.bit_columns)

    @property
    def bit_cells(self) -> int:
        """Cells of an enrolment that hold bits: of the slack of D0 and of J second projections."""
        return self.distance_bits + self.projections * self.range_bits

    @property
    def cell_count(self) -> int:
        """Those bits and the J(n + 1) first projections t."""
        return self.bit_cells + self.projections * (self.client_rows + 1)

    @property
    def cell_columns(self) -> int:
        return -(-self.cell_count // self.blinding_start)


def _refuse(field: str, value: object, message: str) -> InputError:
    return InputError(message, code="preset", field=field, value=value)


def _check_fields(preset: Preset) -> None:
    if not isinstance(preset.name, str) or not _NAME.match(preset.name):
        raise _refuse("name", preset.name, "a preset's name is 1 to 32 of a-z, 0-9, '.' and '-'")
    ranges = {"k": (5, 20), "lanes": (2, 64), "client_rows": (1, 1024), "forget_rows": (0, 256),
              "projections": (1, MAX_PROJECTIONS), "window_bits": (2, 64), "blinding_rows": (1, 1024),
              "range_bits": (2, 64), "distance_bits": (1, 250)}  # fmt: skip
    for field, (low, high) in ranges.items():
        _check_int(field, getattr(preset, field), low, high)
    if not isinstance(preset.slack_bits, tuple) or len(preset.slack_bits) != 3:
        raise _refuse("slack_bits", preset.slack_bits, "slack_bits are three widths: of T1, T2 and D")
    for bits in preset.slack_bits:
        _check_int("slack_bits", bits, 1, 250)
    if not isinstance(preset.srs, str) or not isinstance(preset.insecure, bool):
        raise _refuse("srs", preset.srs, "srs is a name and insecure a truth value")


def _check_int(field: str, value: object, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        raise _refuse(field, value, f"preset field {field} must be an integer from {low} to {high}")


def _check_layout(preset: Preset) -> None:
    if preset.active_rows < ACTIVE_STEP:
        raise _refuse("k", preset.k, f"2^{preset.k} rows leave no room for active rows")


def _check_bounds(preset: Preset) -> None:
    for bound in broken_bounds(preset):
        raise _refuse(bound.quantity, bound.limit, f"preset {preset.name}: {bound.quantity} can reach p/2 ({bound.source})")


def _serving(name: str, k: int, lanes: int, *, srs: str = "", range_bits: int = 27) -> Preset:
    return Preset(name, k, lanes, client_rows=64, forget_rows=8, projections=128, window_bits=29,
                  slack_bits=(128, 64, 96), blinding_rows=32, srs=srs or name, range_bits=range_bits)  # fmt: skip


#: Small enough for tests. 16 projections prove nothing: it is marked insecure.
TOY = Preset("toy", 8, 4, client_rows=8, forget_rows=2, projections=16, window_bits=29,
             slack_bits=(64, 48, 56), blinding_rows=16, srs="ceremony-4096", insecure=True, distance_bits=48)  # fmt: skip

DEFAULT_PRESET = "ceremony-4096"

#: Twice the lanes share what a chunk costs once: fewer bytes and less time a weight, for models of millions of weights.
#: Half a million int8 entries at full swing need one bit more.
_WIDE = (
    _serving("ceremony-4096-wide", 12, 32, srs="ceremony-4096"),
    _serving("ceremony-16384-wide", 14, 32, srs="ceremony-16384", range_bits=28),
)

PRESETS: Mapping[str, Preset] = MappingProxyType({
    preset.name: preset
    for preset in (
        TOY, _serving("ceremony-4096", 12, 16), _serving("ceremony-16384", 14, 16), _serving("ceremony-32768", 15, 8), *_WIDE,
    )
})  # fmt: skip


def get_preset(name: str) -> Preset:
    """The preset of that name.

    Raises:
        InputError: there is none.
    """
    preset = PRESETS.get(name) if isinstance(name, str) else None
    if preset is None:
        raise _refuse("preset", name, f"unknown preset; known are {', '.join(PRESETS)}")
    return preset

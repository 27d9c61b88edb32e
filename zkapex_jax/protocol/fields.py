"""Field types of artefact headers: each carries its bounds, so that a parsed header cannot hold a wrong value."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, StringConstraints

from zkapex_jax.bounds import GAMMA_MAX
from zkapex_jax.presets import PRESETS
from zkapex_jax.quantize import is_on_grid

FIXED_POINT_BITS = 16
MAX_CHUNKS = 1 << 20
_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,79})\Z")


def natural(low: int, high: int) -> BeforeValidator:
    """Validator of an integer in low..high, given as an int or, in a file, as its canonical decimal string."""

    def parse(value: Any) -> int:
        if isinstance(value, str) and _DECIMAL.match(value):
            value = int(value)
        if type(value) is not int:
            raise ValueError("must be an integer written as a decimal string")
        if not low <= value <= high:
            raise ValueError(f"must be between {low} and {high}")
        return value

    return BeforeValidator(parse)


def now() -> str:
    """This moment in UTC, to the second, as headers write it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _timestamp(text: str) -> str:
    try:
        datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        raise ValueError("must be a UTC time such as 2026-01-31T12:00:00Z") from None
    return text


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be printable text on one line")
    return text


def _known_preset(name: str) -> str:
    if name not in PRESETS:
        raise ValueError(f"unknown preset; known are {', '.join(PRESETS)}")
    return name


def _grid(gamma: int) -> int:
    if not is_on_grid(gamma):
        raise ValueError("must be on the public grid of powers of two and three times powers of two")
    return gamma


def _strict_text(pattern: str) -> Any:
    return StringConstraints(strict=True, pattern=pattern)


ClientId = Annotated[str, _strict_text(r"^[A-Za-z0-9._-]{1,64}$"), AfterValidator(_printable)]
RequestId = Annotated[str, _strict_text(r"^[a-z0-9-]{1,64}$"), AfterValidator(_printable)]
Hex32 = Annotated[str, _strict_text(r"^[0-9a-f]{64}$"), AfterValidator(_printable)]
Hex64 = Annotated[str, _strict_text(r"^[0-9a-f]{128}$"), AfterValidator(_printable)]
OptionalHex32 = Annotated[str, _strict_text(r"^([0-9a-f]{64})?$"), AfterValidator(_printable)]
Text = Annotated[str, StringConstraints(strict=True, max_length=500), AfterValidator(_printable)]
Reason = Annotated[str, StringConstraints(strict=True, max_length=2000), AfterValidator(_printable)]
Name = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200), AfterValidator(_printable)]
Timestamp = Annotated[str, StringConstraints(strict=True), AfterValidator(_timestamp)]
PresetName = Annotated[str, StringConstraints(strict=True), AfterValidator(_known_preset)]

Gamma = Annotated[int, natural(1, GAMMA_MAX), AfterValidator(_grid)]
Distance = Annotated[int, natural(1, (1 << 250) - 1)]
Budget = Annotated[int, natural(1, (1 << 96) - 1)]
ChunkIndex = Annotated[int, natural(0, MAX_CHUNKS - 1)]
Position = Annotated[int, natural(0, 1 << 32)]
#: Of an event in a ledger's chain, from 1.
Sequence = Annotated[int, natural(1, 1 << 53)]
FixedPoint = Annotated[int, natural(FIXED_POINT_BITS, FIXED_POINT_BITS)]

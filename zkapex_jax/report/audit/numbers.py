"""Numbers of an audit as a person reads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")

#: Weights are integers in units of 2^-16.
UNIT = 2.0**-16

#: Chunks that are written out one by one; of more, the first and the last, for the page has a table of all.
SHOWN = 3

_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def power(exponent: int, base: int = 2) -> str:
    """2¹², 2⁻¹²⁶."""
    return f"{base}{str(exponent).translate(_RAISED)}"


def plural(count: int, noun: str) -> str:
    """1 chunk, 2 chunks, 1,000 weights."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def length(units: float) -> str:
    """A norm in units of 2⁻¹⁶, and in those of the weights themselves."""
    return f"{units:,.1f} units = {units * UNIT:.3g}"


def share(part: float, whole: float) -> str:
    """A percentage with two digits that count; of nothing, a dash."""
    return f"{100 * part / whole:.2g} %" if whole else "–"


def by_chunk(chunks: Sequence[Item], number: Callable[[Item], int], words: Callable[[Item], str]) -> list[str]:
    """One line a chunk with its number before it; one line in all where they say the same, or of many the first and the last."""
    said = [words(chunk) for chunk in chunks]
    if len(said) > 1 and len(set(said)) == 1:
        return [f"each of {plural(len(said), 'chunk')}: {said[0]}"]
    lines = [f"chunk {number(chunk)}: {text}" for chunk, text in zip(chunks, said, strict=True)]
    return lines if len(lines) <= SHOWN else [lines[0], lines[-1]]

"""Errors of the reference prover: each carries the file, field and value that caused it."""

from __future__ import annotations


class SpecError(Exception):
    """Base of every error that this package raises on bad input. `str()` is one sentence."""

    code = "spec"

    def __init__(self, message: str, *, field: str = "", value: object = None, file: str = "") -> None:
        self.message, self.field, self.file = _line(message, 400), _line(field, 200), file
        self.value = value if value is None else _short(value)
        super().__init__(self.message)

    def in_file(self, file: str) -> "SpecError":
        """The same error with the file it came from."""
        self.file = self.file or file
        return self

    def __str__(self) -> str:
        parts = [part for part in (self.file, self.field) if part]
        where = f"{': '.join(parts)}: " if parts else ""
        shown = "" if self.value is None else f" (got {self.value})"
        return f"{where}{self.message}{shown}"


class FieldError(SpecError):
    """A number is not a canonical field element, or zero was inverted."""

    code = "field"


class TablesError(SpecError):
    """The constraint tables are not canonical or not well formed."""

    code = "tables"


class StatementError(SpecError):
    """A public value of the statement is out of its bounds or breaks a rule."""

    code = "statement"


class WitnessError(SpecError):
    """The witness file or arrays have the wrong shape, type or range."""

    code = "witness"


class ChallengeError(SpecError):
    """A challenge must be drawn again from a changed transcript: mu was zero."""

    code = "challenge"


class CurveError(SpecError):
    """No such curve backend, or points and scalars that do not match in number."""

    code = "curve"


class PointError(SpecError):
    """Bytes that are not the one encoding of a point of the group."""

    code = "point"


class SrsError(SpecError):
    """A reference string that is malformed, or whose points are not what they are said to be."""

    code = "srs"


class ArtefactError(SpecError):
    """A file that is not the artefact that it should be, or that speaks of other things than the files beside it."""

    code = "artefact"


class ProofRefused(SpecError):
    """Bytes that are not a proof of the statement: wrong length, a bad point or scalar, an identity or an opening that fails. Also a
    signature that is missing or wrong, and what is marked insecure where that is not allowed."""

    code = "refused"


def _line(text: str, limit: int) -> str:
    """Printable, and not long: parts of it may come from a hostile file."""
    text = "".join(char if char.isprintable() else "?" for char in text[: limit + 1])
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _short(value: object, limit: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"

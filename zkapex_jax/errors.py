"""Errors of the whole project: each carries values, and `str()` of one is a single sentence.

Exit codes, the same in Python and in the Rust binary:

====  =================  ==========================================================
code  class              meaning
====  =================  ==========================================================
0     (none)             success; a proof was accepted
2     `InputError`       a file, option or value from outside is wrong
3     `RefusedError`     well-formed, but refused: a proof, signature or rule fails
4     `StorageError`     disk full, read-only directory, file exists, cannot read
5     `InternalError`    a bug or a missing part of the installation
130   (Ctrl-C)           interrupted by the user; nothing half-written remains
====  =================  ==========================================================
"""

from __future__ import annotations

import os
from typing import ClassVar

#: Longest value, field and message of an error, in characters: parts of them may come from a hostile file.
_SHOWN, _FIELD, _MESSAGE = 120, 200, 500


class ZkapexError(Exception):
    """Base class. `file`, `field` and `value` say where; `hint` says what to do about it; `refusal` is the file of a signed one.

    `code` is a stable word for machines (`bad_digest`, `replay`, ...); it defaults to the class's own.
    """

    exit_code: ClassVar[int] = 5
    default_code: ClassVar[str] = "error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        file: str | os.PathLike[str] | None = None,
        field: str | None = None,
        value: object = None,
        hint: str | None = None,
    ) -> None:
        self.message = shorten(message, _MESSAGE, keep="\n")
        super().__init__(self.message)
        self.code = code or self.default_code
        self.file = None if file is None else os.fspath(file)
        self.field = None if field is None else shorten(field, _FIELD)
        self.value = value
        self.hint = hint
        self.refusal: str | None = None

    def __str__(self) -> str:
        where = ": ".join(part for part in (self.file, self.field) if part)
        text = f"{where}: {self.message}" if where else self.message
        if self.value is not None:
            text += f" (got {shorten(self.value)})"
        said = (text, self.hint, f"the signed refusal is in {self.refusal}" if self.refusal else None)
        return "; ".join(part for part in said if part)

    def in_file(self, file: str | os.PathLike[str]) -> ZkapexError:
        """Name the file, if no inner reader has named one already; returns self, for `raise e.in_file(p)`."""
        if self.file is None:
            self.file = os.fspath(file)
        return self

    def to_dict(self) -> dict[str, object]:
        """For `--json`: only the parts that are set; the value as text."""
        parts = {"code": self.code, "message": self.message, "file": self.file, "field": self.field}
        parts |= {"value": None if self.value is None else shorten(self.value), "hint": self.hint, "refusal": self.refusal}
        return {key: part for key, part in parts.items() if part is not None} | {"exit_code": self.exit_code}


class InputError(ZkapexError):
    """A file, option or value from outside is malformed, out of bounds, or of another kind than asked for."""

    exit_code = 2
    default_code = "bad_input"


class RefusedError(ZkapexError):
    """Well-formed, but the protocol says no: failed proof, wrong signer, replay, broken rule of the ledger."""

    exit_code = 3
    default_code = "refused"


class StorageError(ZkapexError):
    """The operating system refused to read or write: disk full, permission, file already there."""

    exit_code = 4
    default_code = "storage"


class InternalError(ZkapexError):
    """Not the user's fault: a bug, or an installation that lacks a part."""

    exit_code = 5
    default_code = "internal"


BY_EXIT_CODE: dict[int, type[ZkapexError]] = {
    error.exit_code: error for error in (InputError, RefusedError, StorageError, InternalError)
}


def shorten(value: object, limit: int = _SHOWN, *, keep: str = "") -> str:
    """At most `limit` characters, printable or in `keep`: values come from hostile files, and end on terminals."""
    text = (value if isinstance(value, str) else repr(value))[: limit + 1]
    text = "".join(char if char.isprintable() or char in keep else "?" for char in text)
    return text if len(text) <= limit else text[: limit - 1] + "…"

"""The artefact container: a safetensors file whose metadata holds a canonical JSON header that names every tensor's SHA-256.

The SHA-256 of the header is the artefact's digest: it binds all of the file. Whatever is not exactly of the form of
docs/formats.md is refused: other fields, other tensors, other bytes.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable, Mapping

import numpy as np

from . import safetensors, strict_json
from .errors import ArtefactError, TablesError, WitnessError

VERSION = "1"
DTYPES = {"U8": np.uint8, "I8": np.int8, "I32": np.int32, "I64": np.int64}
MAX_DEPTH = 64  # of a header
MAX_SIZE = 1 << 40  # of an axis
_HEX = re.compile(r"[0-9a-f]*")


@dataclass(frozen=True)
class Fields:
    """An object of a header, and where in the file it stands. Each method gives a typed value or raises ArtefactError."""

    file: str
    where: str
    values: Mapping[str, Any]

    def error(self, message: str, name: str, value: object = None) -> ArtefactError:
        """What is wrong with a field."""
        return ArtefactError(message, file=self.file, field=f"{self.where}.{name}" if self.where else name, value=value)

    def only(self, names: Iterable[str]) -> "Fields":
        """Itself, if it has exactly these fields."""
        for name in sorted(set(names) ^ set(self.values)):
            raise self.error("unknown field" if name in self.values else "missing", name)
        return self

    def get(self, name: str) -> Any:
        if name not in self.values:
            raise self.error("missing", name)
        return self.values[name]

    def child(self, name: str) -> "Fields":
        """An object within."""
        value = self.get(name)
        if not isinstance(value, dict):
            raise self.error("an object is needed", name, value)
        return Fields(self.file, f"{self.where}.{name}" if self.where else name, value)

    def items(self, name: str) -> list[Any]:
        value = self.get(name)
        if not isinstance(value, list):
            raise self.error("a list is needed", name, value)
        return value

    def text(self, name: str, low: int = 0, high: int = 500) -> str:
        """Printable text of `low` to `high` characters."""
        value = self.get(name)
        if not isinstance(value, str) or not value.isprintable() or not low <= len(value) <= high:
            raise self.error(f"{low} to {high} printable characters are needed", name, value)
        return value

    def match(self, name: str, pattern: str) -> str:
        """Text of this form, whole."""
        value = self.get(name)
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise self.error(f"must be of the form {pattern}", name, value)
        return value

    def expect(self, name: str, wanted: str | bool) -> None:
        """Raises ArtefactError unless the field has this value."""
        if self.get(name) != wanted or type(self.get(name)) is not type(wanted):
            raise self.error(f"must be {wanted}", name, self.get(name))

    def flag(self, name: str) -> bool:
        value = self.get(name)
        if not isinstance(value, bool):
            raise self.error("true or false is needed", name, value)
        return value

    def digest(self, name: str) -> bytes:
        """32 bytes from 64 lower-case hex digits."""
        return bytes.fromhex(self.match(name, "[0-9a-f]{64}"))

    def integer(self, name: str, low: int, high: int) -> int:
        """A decimal string in [low, high]."""
        return self._integer(name, self.get(name), low, high)

    def integers(self, name: str, low: int, high: int) -> tuple[int, ...]:
        """A list of them."""
        return tuple(self._integer(f"{name}[{i}]", value, low, high) for i, value in enumerate(self.items(name)))

    def _integer(self, name: str, value: Any, low: int, high: int) -> int:
        try:
            return strict_json.integer(value, name, low, high + 1)
        except TablesError as error:
            raise self.error(error.message, name, value) from error


@dataclass(frozen=True)
class Container:
    """One artefact: its header (without `tensors`, format and version), its tensors, and what names and signs it."""

    file: str
    digest: bytes
    header: bytes
    fields: Fields
    tensors: Mapping[str, np.ndarray]
    signature: bytes | None

    def expect_tensors(self, wanted: Mapping[str, tuple[str, tuple[int, ...]]]) -> None:
        """Raises ArtefactError unless the file holds exactly tensors of these names, dtypes and shapes."""
        for name in sorted(set(wanted) ^ set(self.tensors)):
            raise self.error("the tensor is missing" if name in wanted else "the tensor does not belong here", name)
        for name, (dtype, shape) in wanted.items():
            found = self.tensors[name]
            if found.dtype != np.dtype(DTYPES[dtype]) or found.shape != shape:
                raise self.error(f"must be {dtype} {list(shape)}", name, (str(found.dtype), found.shape))

    def error(self, message: str, field: str, value: object = None) -> ArtefactError:
        return ArtefactError(message, file=self.file, field=field, value=value)


def read(path: Path, kind: str) -> Container:
    """The artefact of this kind in a file; tensors whose length varies are still to be judged. Raises ArtefactError."""
    try:
        return parse(path.read_bytes(), kind, str(path))
    except OSError as error:
        raise ArtefactError("cannot be read", file=str(path), value=error.strerror) from error


def parse(data: bytes, kind: str, file: str) -> Container:
    """As `read`, from the bytes of a file. Raises ArtefactError."""
    try:
        tensors, metadata = safetensors.parse(data)
    except WitnessError as error:
        raise ArtefactError(error.message, file=file, field=error.field, value=error.value) from error
    if "zkapex" not in metadata or not set(metadata) <= {"zkapex", "signature"}:
        raise ArtefactError("metadata holds the header and perhaps a signature", file=file, field="__metadata__", value=sorted(metadata))
    header, values = _header(metadata["zkapex"], file)
    fields = Fields(file, "", values)
    fields.expect("format", f"zkapex.{kind}")
    fields.expect("version", VERSION)
    _check_tensors(fields.child("tensors"), tensors)
    rest = {name: value for name, value in values.items() if name not in ("format", "version", "tensors")}
    signature = _signature(metadata.get("signature"), file)
    return Container(file, hashlib.sha256(header).digest(), header, Fields(file, "", rest), tensors, signature)


def _header(text: str, file: str) -> tuple[bytes, dict[str, Any]]:
    try:
        header = text.encode("utf-8")
        value = strict_json.load(header)
    except UnicodeEncodeError as error:
        raise ArtefactError("not text", file=file, field="header", value=str(error)) from error
    except TablesError as error:
        raise ArtefactError(error.message, file=file, field="header", value=error.value) from error
    if not isinstance(value, dict) or _depth(value) > MAX_DEPTH:
        raise ArtefactError(f"an object of at most {MAX_DEPTH} levels is needed", file=file, field="header")
    return header, value


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0)


def _check_tensors(stated: Fields, tensors: Mapping[str, np.ndarray]) -> None:
    """Every tensor is stated, and every statement is true."""
    stated.only(tensors)
    for name, array in tensors.items():
        entry = stated.child(name).only(("dtype", "shape", "sha256"))
        dtype = entry.match("dtype", "|".join(DTYPES))
        shape = entry.integers("shape", 0, MAX_SIZE)
        if array.dtype != np.dtype(DTYPES[dtype]) or array.shape != shape or not 1 <= array.ndim <= 4:
            raise stated.error("the file holds another dtype or shape than the header states", name, (str(array.dtype), array.shape))
        if hashlib.sha256(array.tobytes()).digest() != entry.digest("sha256"):
            raise stated.error("the bytes do not match their SHA-256: the file was altered", name)


def _signature(text: str | None, file: str) -> bytes | None:
    if text is not None and (len(text) != 128 or not _HEX.fullmatch(text)):
        raise ArtefactError("a signature is 128 lower-case hex digits", file=file, field="signature", value=text)
    return None if text is None else bytes.fromhex(text)

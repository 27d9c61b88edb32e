"""The artefact container: one safetensors file whose metadata holds a canonical JSON header.

`__metadata__` = {"zkapex": header, optional "signature": hex Ed25519}. The header names the kind (`format`), its
version, the fields of the kind, and for every tensor its dtype, shape and SHA-256; so SHA-256(header) names the whole
artefact: its digest. A reader refuses a file where header and tensors disagree in anything.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.formats import canonical
from zkapex_jax.formats.reading import BLOCK, open_input
from zkapex_jax.formats.safetensors_header import RawFile, read_header
from zkapex_jax.formats.tensors import TensorSpec

VERSION = "1"
SIGNATURE_CONTEXT = b"zkapex.signature/1\0"
_HEX64 = re.compile(r"[0-9a-f]{64}\Z")
_HEX128 = re.compile(r"[0-9a-f]{128}\Z")
_KIND = re.compile(r"zkapex\.([a-z][a-z0-9_-]{0,31})\Z")


@dataclass(frozen=True)
class Container:
    """A parsed artefact file. Tensor bytes stay on disk; each read checks them against the header's SHA-256."""

    path: Path
    kind: str
    fields: Mapping[str, Any]
    header: bytes
    signature: bytes | None
    specs: Mapping[str, TensorSpec]
    _hashes: Mapping[str, str]
    _offsets: Mapping[str, int]

    @property
    def digest(self) -> str:
        """SHA-256 of the header bytes, hex."""
        return canonical.digest(self.header)

    def tensor(self, name: str) -> np.ndarray:
        """One whole tensor, read and checked. Raises InputError if absent or altered."""
        spec = self._spec(name)
        array = np.empty(spec.shape, spec.numpy_dtype)
        with open_input(self.path) as file:
            file.seek(self._offsets[name])
            if array.size and file.readinto(memoryview(array).cast("B")) != spec.nbytes:
                raise self._altered(name)
        if hashlib.sha256(memoryview(array).cast("B") if array.size else b"").hexdigest() != self._hashes[name]:
            raise self._altered(name)
        return array

    def verify(self, name: str) -> None:
        """Check one tensor's SHA-256 in blocks of 1 MiB."""
        left, state = self._spec(name).nbytes, hashlib.sha256()
        with open_input(self.path) as file:
            file.seek(self._offsets[name])
            while left and (block := file.read(min(left, BLOCK))):
                state.update(block)
                left -= len(block)
        if state.hexdigest() != self._hashes[name]:
            raise self._altered(name)

    def verify_all(self) -> None:
        """Check every tensor's SHA-256."""
        for name in self.specs:
            self.verify(name)

    def require(self, expected: Mapping[str, TensorSpec]) -> None:
        """Refuse missing tensors, extra tensors, and other dtypes or shapes than `expected`."""
        for name in expected.keys() - self.specs.keys():
            raise InputError("tensor is missing", code="bad_tensor", file=self.path, field=name)
        for name in self.specs.keys() - expected.keys():
            raise InputError("tensor does not belong in this artefact", code="bad_tensor", file=self.path, field=name)
        for name, spec in expected.items():
            if self.specs[name] != spec:
                raise InputError(
                    f"tensor must be {spec}", code="bad_tensor", file=self.path, field=name, value=str(self.specs[name])
                )

    def _spec(self, name: str) -> TensorSpec:
        if name not in self.specs:
            raise InputError("tensor is missing", code="bad_tensor", file=self.path, field=name)
        return self.specs[name]

    def _altered(self, name: str) -> InputError:
        return InputError("bytes do not match their SHA-256: truncated or altered", code="bad_digest", file=self.path, field=name)


def open_container(path: str | os.PathLike[str], kind: str | None = None) -> Container:
    """Parse and cross-check an artefact's header; `kind` None accepts any. Tensor bytes are checked when read.

    Raises InputError for a file that is not an artefact, is of another kind or version, or contradicts itself.
    """
    try:
        with open_input(path) as file:
            raw = read_header(file)
        return _parse(Path(path), raw, kind)
    except InputError as error:
        raise error.in_file(path) from error.__cause__


def _parse(path: Path, raw: RawFile, kind: str | None) -> Container:
    header, signature = _metadata(raw.metadata)
    fields = canonical.loads(header)
    found = _check_kind(fields, kind)
    specs, hashes = _declared(fields.pop("tensors", None))
    if specs != raw.specs:
        name = sorted(n for n in specs.keys() | raw.specs.keys() if specs.get(n) != raw.specs.get(n))[0]
        raise InputError("tensor in the file differs from what the header declares", code="bad_tensor", field=name)
    return Container(path, found, fields, header, signature, specs, hashes, raw.offsets)


def _metadata(metadata: Mapping[str, str]) -> tuple[bytes, bytes | None]:
    if "zkapex" not in metadata or not metadata.keys() <= {"zkapex", "signature"}:
        raise InputError("is a safetensors file but no zkapex artefact", code="wrong_kind")
    signature = metadata.get("signature")
    if signature is not None and not _HEX128.match(signature):
        raise InputError("signature must be 128 hex digits", code="bad_signature", field="signature")
    try:
        header = metadata["zkapex"].encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError("header is not valid Unicode", code="bad_json") from error
    return header, None if signature is None else bytes.fromhex(signature)


def _check_kind(fields: Any, kind: str | None) -> str:
    text = fields.get("format") if isinstance(fields, dict) else None
    match = _KIND.match(text) if isinstance(text, str) else None
    if match is None:
        raise InputError("header names no artefact kind", code="wrong_kind", field="format", value=text)
    if kind is not None and match[1] != kind:
        raise InputError(f"must be a zkapex.{kind} artefact", code="wrong_kind", field="format", value=text)
    if fields.get("version") != VERSION:
        raise InputError(
            f"only version {VERSION} is understood here", code="wrong_version", field="version", value=fields.get("version")
        )
    return match[1]


def _declared(tensors: Any) -> tuple[dict[str, TensorSpec], dict[str, str]]:
    if not isinstance(tensors, dict):
        raise InputError("header must declare its tensors", code="bad_tensor", field="tensors")
    specs, hashes = {}, {}
    for name, entry in tensors.items():
        if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "sha256"} or not isinstance(entry["shape"], list):
            raise InputError("needs exactly dtype, shape and sha256", code="bad_tensor", field=f"tensors.{name}")
        shape = tuple(canonical.parse_int(size, low=0, high=1 << 40, field=f"tensors.{name}.shape") for size in entry["shape"])
        specs[name] = TensorSpec(entry["dtype"] if isinstance(entry["dtype"], str) else "?", shape)
        if not isinstance(entry["sha256"], str) or not _HEX64.match(entry["sha256"]):
            raise InputError("must be 64 hex digits", code="bad_digest", field=f"tensors.{name}.sha256")
        hashes[name] = entry["sha256"]
    return specs, hashes

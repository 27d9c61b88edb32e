"""Write an artefact in one pass over its tensors: the header is rewritten in place once the digests are known."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.formats import canonical
from zkapex_jax.formats.atomic import PUBLIC_MODE, atomic_file
from zkapex_jax.formats.container import VERSION
from zkapex_jax.formats.scratch import release
from zkapex_jax.formats.tensors import LazyTensor, TensorSpec, data_order, file_header, spec_of

Signer = Callable[[bytes], bytes]
_BLANK_HASH = "0" * 64
_BLANK_SIGNATURE = "0" * 128


def write_container(
    path: str | os.PathLike[str],
    kind: str,
    fields: Mapping[str, Any],
    tensors: Mapping[str, np.ndarray | LazyTensor],
    *,
    sign: Signer | None = None,
    force: bool = False,
    mode: int = PUBLIC_MODE,
) -> str:
    """Write one artefact atomically and return its digest (64 hex digits).

    `fields` are the header's fields without format, version and tensors. `sign` maps header bytes to 64 signature
    bytes. Raises InputError for values that the format does not hold, StorageError if the file cannot be written.
    """
    specs = {name: item.spec if isinstance(item, LazyTensor) else spec_of(item) for name, item in tensors.items()}
    blank = _file_header(kind, fields, specs, dict.fromkeys(specs, _BLANK_HASH), sign=(lambda _: bytes(64)) if sign else None)
    with atomic_file(path, force=force, mode=mode) as file:
        file.write(blank[0])
        hashes = {name: _write_tensor(file, name, tensors[name], specs[name]) for name in data_order(specs)}
        final, header = _file_header(kind, fields, specs, hashes, sign=sign)
        if len(final) != len(blank[0]):
            raise InputError("signature must be 64 bytes", code="bad_signature")
        file.seek(0)
        file.write(final)
    return canonical.digest(header)


def _file_header(
    kind: str, fields: Mapping[str, Any], specs: Mapping[str, TensorSpec], hashes: Mapping[str, str], *, sign: Signer | None
) -> tuple[bytes, bytes]:
    tensors = {name: {"dtype": spec.dtype, "shape": list(spec.shape), "sha256": hashes[name]} for name, spec in specs.items()}
    header = canonical.dumps({**fields, "format": f"zkapex.{kind}", "version": VERSION, "tensors": tensors})
    metadata = {"zkapex": header.decode("utf-8")}
    if sign is not None:
        metadata["signature"] = sign(header).hex()
    return file_header(metadata, specs), header


def _write_tensor(file: BinaryIO, name: str, item: np.ndarray | LazyTensor, spec: TensorSpec) -> str:
    state, written = hashlib.sha256(), 0
    for piece in item.pieces() if isinstance(item, LazyTensor) else (item,):
        if spec_of(piece).dtype != spec.dtype:  # a cast would reduce values silently
            raise InputError(f"a piece of tensor {name} is {piece.dtype}, not {spec.dtype}", code="bad_tensor")
        data = np.ascontiguousarray(piece, dtype=spec.numpy_dtype)
        view = memoryview(data).cast("B") if data.size else b""
        state.update(view)
        file.write(view)
        written += len(view)
        release(piece)
    if written != spec.nbytes:
        raise InputError(f"tensor {name} got {written} bytes for {spec}", code="bad_tensor")
    return state.hexdigest()

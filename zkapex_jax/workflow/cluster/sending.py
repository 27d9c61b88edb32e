"""Files put into the cluster's object store in blocks, once each, when the first worker lacks them."""

from __future__ import annotations

import hashlib
from typing import Any

from zkapex_jax.errors import InputError
from zkapex_jax.formats.reading import open_input
from zkapex_jax.workflow.cluster.store import BLOCK_BYTES, SentFile


class Sender:
    """Holds the references that keep the blocks in the object store."""

    def __init__(self, ray: Any) -> None:
        self._ray = ray
        self._sent: dict[str, list[Any]] = {}

    def blocks(self, file: SentFile) -> list[Any]:
        """References to the blocks of a file. Raises InputError if it has changed since it was looked at."""
        if file.digest not in self._sent:
            references, whole = [], hashlib.sha256()
            with open_input(file.path) as source:
                while block := source.read(BLOCK_BYTES):
                    whole.update(block)
                    references.append(self._ray.put(block))
            if whole.hexdigest() != file.digest:
                raise InputError("changed while it was in use", code="changed", file=file.path)
            self._sent[file.digest] = references
        return self._sent[file.digest]

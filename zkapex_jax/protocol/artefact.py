"""Base of the typed artefacts: a frozen header whose fields are bounded, over a container whose tensors are declared."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError

from zkapex_jax.errors import InputError, InternalError
from zkapex_jax.formats.atomic import PUBLIC_MODE, SECRET_MODE
from zkapex_jax.formats.container import Container, open_container
from zkapex_jax.formats.container_writer import Signer, write_container
from zkapex_jax.formats.tensors import LazyTensor, TensorSpec
from zkapex_jax.protocol.fields import Hex32, Name

POINT_BYTES = 48


class Header(BaseModel):
    """Frozen; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> Self:
        """Typed value of header fields. Raises InputError naming the first field that is wrong."""
        try:
            return cls.model_validate(dict(fields))
        except ValidationError as error:
            raise _first_error(error) from None


class ModelRef(Header):
    """Which model an artefact is about. `base_digest` is the digest of the provider's base artefact.

    In the base artefact itself it is SHA-256 of the base target weights in fixed point (`base.weights_digest`).
    """

    name: Name
    architecture: Name
    base_digest: Hex32


class Artefact(Header):
    """One artefact kind. Subclasses add header fields and say which tensors belong."""

    kind: ClassVar[str]
    is_secret: ClassVar[bool] = False
    _container: Container | None = PrivateAttr(None)

    def expected_tensors(self, found: Mapping[str, TensorSpec]) -> dict[str, TensorSpec]:
        """Every tensor that belongs, with its exact spec; `found` serves kinds whose sizes vary."""
        raise NotImplementedError

    def check_contents(self) -> None:
        """Checks that need tensor bytes, after their digests were checked; the default has none."""

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], *, verify: bool = True) -> Self:
        """Parse and check a file. With `verify` false, tensor digests are checked only as each tensor is read."""
        container = open_container(path, cls.kind)
        try:
            artefact = cls._of(container)
            if verify:
                container.verify_all()
                artefact.check_contents()
        except InputError as error:
            raise error.in_file(path) from error.__cause__
        return artefact

    @classmethod
    def _of(cls, container: Container) -> Self:
        fields = {name: value for name, value in container.fields.items() if name not in ("format", "version")}
        artefact = cls.parse(fields)
        container.require(artefact.expected_tensors(container.specs))
        artefact._container = container
        return artefact

    def to_file(
        self,
        path: str | os.PathLike[str],
        tensors: Mapping[str, np.ndarray | LazyTensor],
        *,
        sign: Signer | None = None,
        force: bool = False,
    ) -> Self:
        """Write atomically (owner-only if the kind is secret) and return the artefact as bound to its file."""
        mode = SECRET_MODE if self.is_secret else PUBLIC_MODE
        write_container(path, self.kind, self.model_dump(), tensors, sign=sign, force=force, mode=mode)
        return type(self).from_file(path, verify=False)

    @property
    def container(self) -> Container:
        if self._container is None:
            raise InternalError(f"this {self.kind} was not read from a file")
        return self._container

    @property
    def path(self) -> Path:
        return self.container.path

    @property
    def digest(self) -> str:
        """SHA-256 of the header bytes: names the whole artefact."""
        return self.container.digest

    def tensor(self, name: str) -> np.ndarray:
        """One tensor, checked against its digest."""
        return self.container.tensor(name)


def _first_error(error: ValidationError) -> InputError:
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    words = {"missing": "field is missing", "extra_forbidden": "field does not belong in this artefact"}
    message = words.get(first["type"], first["msg"].removeprefix("Value error, "))
    value = None if first["type"] == "missing" else first["input"]
    return InputError(message[:1].lower() + message[1:], code="bad_field", field=field or None, value=value)


def chunk_name(stem: str, chunk: int) -> str:
    """Tensor name of one chunk's part, e.g. `h.00003`."""
    return f"{stem}.{chunk:05}"

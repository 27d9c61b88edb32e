"""Short signed statements of a provider: canonical JSON with an Ed25519 signature inside. Receipts, and heads of the ledger."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.formats import canonical
from zkapex_jax.formats.atomic import write_bytes
from zkapex_jax.formats.reading import read_bytes
from zkapex_jax.protocol.artefact import Header
from zkapex_jax.protocol.fields import Hex32, Hex64, Timestamp
from zkapex_jax.protocol.signing import SigningKey, verify

MAX_BYTES = 64 << 10


class Statement(Header):
    """One kind of statement. `format` and `version` stand in the bytes, and are not fields: each kind has one of each.

    Signed are `zkapex.<kind>/<version>\\0` and the canonical JSON of all but the signature, so that no kind passes for another.
    """

    kind: ClassVar[str]
    version: ClassVar[int] = 1

    provider: Hex32
    time: Timestamp
    signature: Hex64

    @classmethod
    def sign(cls, key: SigningKey, fields: Mapping[str, Any]) -> Self:
        """A statement of these fields (all but provider and signature). Raises InputError if one is wrong."""
        draft = cls.parse({**fields, "provider": key.public, "signature": "0" * 128})
        signature = key.sign_as(draft._context(), draft._body()).hex()
        return draft.model_copy(update={"signature": signature})

    @classmethod
    def from_bytes(cls, data: bytes, file: str | os.PathLike[str] | None = None) -> Self:
        """Parse the bytes; `file` is what errors name. Raises InputError. The signature is not checked here."""
        try:
            return cls._of(canonical.loads(data.removesuffix(b"\n"), max_bytes=MAX_BYTES))
        except InputError as error:
            raise (error if file is None else error.in_file(file)) from error.__cause__

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Self:
        """Read and parse a file. Raises InputError or StorageError."""
        return cls.from_bytes(read_bytes(path, max_bytes=MAX_BYTES), path)

    @classmethod
    def _of(cls, document: Any) -> Self:
        if not isinstance(document, dict):
            raise InputError("must be an object", code="wrong_kind")
        fields = dict(document)
        if fields.pop("format", None) != f"zkapex.{cls.kind}":
            raise InputError(f"is not a {cls.words()}", code="wrong_kind", field="format", value=document.get("format"))
        if fields.pop("version", None) != str(cls.version):
            raise InputError(
                f"is of another version than {cls.version}", code="wrong_version", field="version", value=document.get("version")
            )
        return cls.parse(fields)

    @classmethod
    def words(cls) -> str:
        """The kind as text calls it."""
        return cls.kind.replace("-", " ")

    def to_bytes(self) -> bytes:
        """The file: canonical JSON and a newline."""
        return canonical.dumps(self._document() | {"signature": self.signature}) + b"\n"

    def to_file(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Write atomically. Raises StorageError."""
        write_bytes(path, self.to_bytes(), force=force)

    def check_signature(self, provider_key: str, file: str | os.PathLike[str] | None = None) -> None:
        """Raise RefusedError unless `provider_key` (hex) signed this, and it names that key."""
        if self.provider != provider_key:
            raise RefusedError(
                f"{self.words()} is of another provider", code="other_signer", file=file, field="provider", value=self.provider
            )
        if not verify(bytes.fromhex(provider_key), self._context() + self._body(), bytes.fromhex(self.signature)):
            raise RefusedError(f"signature of the {self.words()} is wrong", code="bad_signature", file=file, field="signature")

    def _context(self) -> bytes:
        return f"zkapex.{self.kind}/{self.version}\0".encode("ascii")

    def _body(self) -> bytes:
        return canonical.dumps(self._document())

    def _document(self) -> dict[str, Any]:
        return self.model_dump(exclude={"signature"}) | {"format": f"zkapex.{self.kind}", "version": self.version}

"""Ed25519 signatures of requests and base models: the key in an owner-only PEM file, the signature over the artefact's header bytes."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.formats.atomic import SECRET_MODE, refuse_existing, write_bytes, write_text
from zkapex_jax.formats.container import SIGNATURE_CONTEXT
from zkapex_jax.formats.reading import read_bytes
from zkapex_jax.protocol.base import Base
from zkapex_jax.protocol.request import Request

_HEX = re.compile(r"[0-9a-f]{64}\Z")
_MAX_KEY_FILE = 16 << 10
#: Ed25519's field, and y of the eight points whose order divides the cofactor. A key among them signs everything.
_P = 2**255 - 19
_Y_OF_ORDER_8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022
_SMALL_Y = frozenset({0, 1, _P - 1, _Y_OF_ORDER_8, _P - _Y_OF_ORDER_8})


@dataclass(frozen=True)
class SigningKey:
    """A provider's private key. `public`: its public half, 64 hex digits; the key itself never prints."""

    _key: Ed25519PrivateKey = field(repr=False)

    @property
    def public(self) -> str:
        return self._key.public_key().public_bytes_raw().hex()

    def sign(self, header: bytes) -> bytes:
        """64 bytes: Ed25519 over `b"zkapex.signature/1\\0" + header`."""
        return self.sign_as(SIGNATURE_CONTEXT, header)

    def sign_as(self, context: bytes, message: bytes) -> bytes:
        """64 bytes: Ed25519 over context + message. A context ends in a zero byte, and none is the start of another."""
        return self._key.sign(context + message)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a PEM file. Raises InputError if it is no Ed25519 key or others than its owner may read it."""
        data = read_bytes(path, max_bytes=_MAX_KEY_FILE)
        _check_private(Path(path))
        try:
            key = serialization.load_pem_private_key(data, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise InputError("is not an unencrypted PEM private key", code="bad_key", file=path) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise InputError("must be an Ed25519 key", code="bad_key", file=path)
        return cls(key)


def generate_key(path: str | os.PathLike[str], *, force: bool = False) -> SigningKey:
    """Make a key: `path` holds the private half (mode 0600), `path` + `.pub` the public one as hex."""
    public_path = f"{os.fspath(path)}.pub"
    refuse_existing(public_path, force=force)
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_bytes(path, pem, force=force, mode=SECRET_MODE)
    signing_key = SigningKey(key)
    write_text(public_path, signing_key.public + "\n", force=force)
    return signing_key


def load_public(source: str | os.PathLike[str]) -> str:
    """A public key as hex, from hex text or from a `.pub` file. Raises InputError."""
    text = os.fspath(source)
    if not _HEX.match(text):
        text = _read_public(text)
    return check_public(text)


def check_public(text: str) -> str:
    """Refuse anything but 64 hex digits of an Ed25519 public key, canonical and not of small order."""
    try:
        if _HEX.match(text) and _is_sound(bytes.fromhex(text)):
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
            return text
    except ValueError:
        pass
    raise InputError("is not an Ed25519 public key in hex", code="bad_key", value=text)


def check_signature(signed: Request | Base, provider_key: str) -> None:
    """Raise RefusedError unless `provider_key` (hex) signed this artefact, and it names that key as its signer."""
    container = signed.container
    if signed.signer != provider_key:
        raise RefusedError(
            f"{signed.kind} is signed by another key than the provider's",
            code="other_signer", file=container.path, field="signer", value=signed.signer,
        )  # fmt: skip
    if container.signature is None:
        raise RefusedError(f"{signed.kind} is not signed", code="unsigned", file=container.path, field="signature")
    if not verify(bytes.fromhex(provider_key), SIGNATURE_CONTEXT + container.header, container.signature):
        raise RefusedError("signature is wrong: altered", code="bad_signature", file=container.path, field="signature")


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature holds, strictly: canonical points, neither key nor R of small order, no cofactor.

    The library's check has no cofactor and compares R as bytes; it takes small points, which are refused here. The other
    verifiers of the project agree on every input (``vectors/signatures``).
    """
    if not (_is_sound(public) and _is_sound(signature[:32])):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _is_sound(point: bytes) -> bool:
    """y below p, and not that of a small point; whether there is such a point, the library says."""
    y = int.from_bytes(point, "little") & (1 << 255) - 1
    return y < _P and y not in _SMALL_Y


def _read_public(path: str) -> str:
    try:
        return read_bytes(path, max_bytes=_MAX_KEY_FILE).decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise InputError("is not a public key file", code="bad_key", file=path) from error


def _check_private(path: Path) -> None:
    if stat.S_IMODE(os.stat(path).st_mode) & 0o077:
        raise InputError("private key is readable by others", code="bad_key", file=path, hint=f"run `chmod 600 {path}`")

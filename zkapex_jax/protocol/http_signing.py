"""Signed calls between client and provider: HTTP message signatures (RFC 9421) by Ed25519, bodies by Content-Digest (RFC 9530).

A signature covers the method, the authority, the path, the query, and of a call with a body its digest; of a piece of an
upload its offset too. It carries the time, a nonce that serves once, and the public key, which is the caller's name here.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    MappingKeyResolver,
    algorithms,
)

from zkapex_jax.errors import InputError, RefusedError, ZkapexError
from zkapex_jax.protocol.signing import SigningKey, check_public

#: The signed `tag`: a signature made for another purpose does not pass here.
TAG = "zkapex-http/1"
#: Seconds that a signed call is good for; its nonce is remembered so long, and the clocks' difference more.
WINDOW = 300
#: Seconds that the two clocks may differ.
SKEW = 30
UPLOAD_OFFSET, CONTENT_DIGEST = "upload-offset", "content-digest"
_ALWAYS = ("@method", "@authority", "@path", "@query")
#: Most characters of the two headers of a signature; ours have about 350 and 100. Parsing costs time before anybody is known.
_MOST_CHARACTERS = 1024
_LABEL = "zkapex"
_BODILESS = {"GET", "HEAD", "DELETE"}
_NONCE = re.compile(r"[0-9a-f]{32}\Z")
_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):\Z")


@dataclass
class _Message:
    """What the library signs: method in capitals, absolute URL, headers."""

    method: str
    url: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Caller:
    """Who signed a call: public key (hex), and the nonce, which must not have served before `expires` (Unix seconds).

    `body_digest`: SHA-256 that the body must have, hex; None for a call without one.
    """

    public: str
    nonce: str
    expires: int
    body_digest: str | None


def content_digest(body: bytes) -> str:
    """Value of the header Content-Digest."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode('ascii')}:"


def sign_call(
    key: SigningKey,
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    *,
    created: int | None = None,
    nonce: str | None = None,
) -> dict[str, str]:
    """Headers of the call, names in small letters, signed: those given, Content-Digest of a body, Signature-Input, Signature.

    `url` is absolute. Every attempt at a call needs a signature of its own, for a nonce serves once.
    """
    message = _Message(method.upper(), url, {name.lower(): value for name, value in (headers or {}).items()})
    if message.method not in _BODILESS:
        message.headers[CONTENT_DIGEST] = content_digest(body or b"")
    signer = HTTPMessageSigner(
        signature_algorithm=algorithms.ED25519,
        key_resolver=MappingKeyResolver(public_keys={}, private_keys={key.public: key._key}),
    )
    signer.sign(
        message, key_id=key.public, created=datetime.fromtimestamp(created if created is not None else int(time.time()), UTC),
        nonce=nonce or secrets.token_hex(16), label=_LABEL, tag=TAG, include_alg=False, covered_component_ids=_covered(message),
        use_existing_digest=CONTENT_DIGEST in message.headers,
    )  # fmt: skip
    return {name.lower(): value for name, value in message.headers.items()}


def check_call(method: str, url: str, headers: Mapping[str, str]) -> Caller:
    """Who signed a call. The caller of this function holds the body against `body_digest`, and the nonce against its store.

    Raises:
        InputError: the call is not signed, or its signature or Content-Digest cannot be read.
        RefusedError: the signature is wrong, too old, of the future, or does not cover what it must.
    """
    message = _Message(method.upper(), url, {name.lower(): value for name, value in headers.items()})
    if "signature" not in message.headers or "signature-input" not in message.headers:
        raise InputError("call is not signed", code="unsigned_call", field="Signature", hint="sign it with the client's key")
    for name in ("signature", "signature-input"):
        if len(message.headers[name]) > _MOST_CHARACTERS:
            raise InputError(f"may have {_MOST_CHARACTERS} characters at most", code="bad_call", field=name.title(), value=len(message.headers[name]))
    digest = None if message.method in _BODILESS else _body_digest(message.headers.get(CONTENT_DIGEST))
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=_NamedKey())
    verifier.max_clock_skew = timedelta(seconds=SKEW)
    try:
        result = verifier.verify(
            message, max_age=timedelta(seconds=WINDOW), expect_tag=TAG, expect_label=_LABEL, require_components=_covered(message)
        )[0]  # fmt: skip
    except InvalidSignature as error:
        raise _refusal(error) from error
    nonce = result.nonce or ""
    if not _NONCE.match(nonce):
        raise InputError("call needs a nonce of 32 hex digits", code="bad_call", field="Signature-Input", value=nonce)
    created = int(result.parameters["created"])
    return Caller(str(result.parameters["keyid"]), nonce, created + WINDOW + 2 * SKEW, digest)


class _NamedKey(HTTPSignatureKeyResolver):
    """The key that the call names: whether it is anybody's is for the caller of `check_call` to ask."""

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(check_public(key_id)))

    def resolve_private_key(self, key_id: str) -> Any:
        raise InputError("no private keys here", code="bad_call", value=key_id)


def _covered(message: _Message) -> tuple[str, ...]:
    body = () if message.method in _BODILESS else (CONTENT_DIGEST,)
    return (*_ALWAYS, *body, *((UPLOAD_OFFSET,) if UPLOAD_OFFSET in message.headers else ()))


def _body_digest(value: str | None) -> str:
    found = _DIGEST.match(value or "")
    if found is None:
        raise InputError(
            "call needs a Content-Digest of sha-256 alone", code="bad_call", field="Content-Digest", value=value
        )
    return base64.b64decode(found[1]).hex()


def _refusal(error: InvalidSignature) -> ZkapexError:
    """The library says why in words; what a client can do about it differs for the clock alone."""
    words = str(error)
    if words.startswith("Signature age") or "time in the" in words:
        return RefusedError(
            "signature of the call is too old or from the future", code="stale_call", field="created",
            hint="set this machine's clock, and sign every attempt anew",
        )  # fmt: skip
    return RefusedError("signature of the call is wrong", code="bad_call_signature", field="Signature", value=words or None)

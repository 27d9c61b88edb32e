"""Keys, signed statements and signed calls: what a stranger hands over before anything else is looked at."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from http_message_signatures import HTTPMessageSignaturesException

from fuzz_folder import folder
from fuzz_seeds import CLIENT, KEY, SIGNER, TIME
from fuzz_shapes import signed
from fuzz_targets import Fault, Reader, Target
from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.formats import canonical
from zkapex_jax.protocol import SigningKey
from zkapex_jax.protocol.http_signing import check_call, sign_call
from zkapex_jax.protocol.ledger_head import LedgerHead
from zkapex_jax.protocol.receipts import read_receipt
from zkapex_jax.protocol.signing import load_public

URL = "http://127.0.0.1:8740/v1/me"


def private(data: bytes) -> None:
    with folder().holding({"provider.key": data}) as path:
        key = SigningKey.load(path / "provider.key")
    if data.strip() and key.public in repr(key.sign(b"")):
        raise Fault("a key prints itself")


def public(data: bytes) -> None:
    """Canonical, or refused: one key has one name."""
    with folder().holding({"provider.key.pub": data}) as path:
        text = load_public(path / "provider.key.pub")
    if bytes.fromhex(text).hex() != text or text.encode() != data.strip():
        raise Fault("a public key is read as another")


def statement(from_file: Callable[[Path], Any]) -> Reader:
    """Parsed, written as the same bytes, and its signature checked against the key of the corpus."""

    def read(data: bytes) -> None:
        with folder().holding({"statement.json": data}) as path:
            found = from_file(path / "statement.json")
        if found.to_bytes() != data.removesuffix(b"\n") + b"\n":
            raise Fault(f"a {found.words()} is written otherwise than it was read")
        found.check_signature(SIGNER)

    return read


def call(data: bytes) -> None:
    """A signed call whose headers were altered afterwards: {"method", "url", "headers", "body", "created", "after"}."""
    method, url, headers, body, after = parts(data)
    try:
        made = sign_call(SigningKey(KEY), method, url, headers, body, nonce="0" * 32)
    except HTTPMessageSignaturesException as error:
        raise InputError("no client could sign this") from error
    caller = check_call(method, url, made | after)
    if caller.public != SIGNER or any(made.get(name) != value for name, value in after.items() if name in ("signature", "content-digest")):
        raise Fault("an altered call passes")


def parts(data: bytes) -> tuple[str, str, dict[str, str], bytes, dict[str, str]]:
    """Raises InputError where the bytes describe no call: nothing is asked then."""
    try:
        told = json.loads(data)
        texts = {name: str(value) for name, value in dict(told["headers"]).items()}
        after = {str(name).lower(): str(value) for name, value in dict(told["after"]).items()}
        return str(told["method"]).upper(), str(told["url"]), texts, str(told["body"]).encode("utf-8", "replace"), after
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError) as error:
        raise InputError("describes no call") from error


def seeds(put: Any) -> None:
    """`put(target, name, bytes)`."""
    pem = lambda key: key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    put("private-key", "ed25519", pem(KEY))
    put("private-key", "another", pem(Ed25519PrivateKey.from_private_bytes(bytes(range(32)))))
    put("public-key", "file", SIGNER.encode() + b"\n")
    put("public-key", "bare", SIGNER.encode())
    said = {"client_id": CLIENT, "time": TIME, "provider": SIGNER, "version": "1", "ledger": {"sequence": "7", "head": "ab" * 32}}
    for name, fields in _receipts().items():
        put("receipt", name, canonical.dumps(signed(said | fields)))
    head = {"sequence": "9", "head": "cd" * 32, "time": TIME, "provider": SIGNER, "format": "zkapex.ledger-head", "version": "1"}
    put("head", "head", canonical.dumps(signed(head)))
    for name, told in CALLS.items():
        put("call", name, canonical.dumps(told))


def _receipts() -> dict[str, dict[str, Any]]:
    """What each kind says, beside what all of them say."""
    digests = {f"{name}_digest": f"{number:02x}" * 32 for number, name in enumerate(("request", "enrolment", "bundle"))}
    receipt = digests | {"format": "zkapex.receipt", "request_id": "r-1", "state_before": "66" * 32}
    verdict = {"accepted": True, "reason": "", "insecure": True}
    enrolment = {"enrolment_digest": "01" * 32, "proof_digest": "04" * 32, "base_digest": "05" * 32, "state_before": "", "state_after": "66" * 32}
    refusal = {"of": "bundle", "digest": "02" * 32, "enrolment_digest": "01" * 32, "request_digest": "00" * 32, "state_digest": "66" * 32}
    return {
        "accepted": receipt | {"verdict": verdict, "state_after": "77" * 32},
        "refused": receipt | {"verdict": verdict | {"accepted": False, "reason": "proof of chunk 3 is wrong"}, "state_after": "66" * 32},
        "enrolled": enrolment | {"format": "zkapex.enrolment-receipt", "insecure": False},
        "unseen": refusal | {"format": "zkapex.refusal", "code": "replay", "reason": "was answered before", "insecure": False},
    }  # fmt: skip


def _call(method: str, body: str = "", headers: dict[str, str] | None = None, **after: str) -> dict[str, Any]:
    return {"method": method, "url": URL, "headers": headers or {}, "body": body, "after": after}


CALLS = {
    "get": _call("GET"), "post": _call("POST", '{"a":"b"}'), "patch": _call("PATCH", "piece", {"Upload-Offset": "0"}),
    "offset": _call("PATCH", "piece", {"Upload-Offset": "0"}, **{"upload-offset": "1"}), "signature": _call("GET", signature="zkapex=:AAAA:"), "two": _call("POST", "x", {"content-digest": "sha-256=:AAAA:"}),
    "input": _call("GET", **{"signature-input": f'zkapex=("@method" "@path");created={int(time.time())};keyid="{SIGNER}";tag="zkapex-http/1"'}),
}  # fmt: skip
_REFUSALS = (InputError, RefusedError)
SIGNED = (
    Target("private-key", "text", 1 << 11, {"product": private}, _REFUSALS),
    Target("public-key", "text", 1 << 9, {"product": public}, _REFUSALS),
    Target("receipt", "statement", 1 << 12, {"product": statement(read_receipt)}, _REFUSALS),
    Target("head", "statement", 1 << 11, {"product": statement(LedgerHead.from_file)}, _REFUSALS),
    Target("call", "json", 1 << 12, {"product": call}, _REFUSALS),
)

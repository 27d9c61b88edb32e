"""A client replaces its key: the new one signs that it takes the place of the old one, for this client, at this service.

The call that carries this is signed by the old key (`http_signing`), its body included, so that each key has agreed to the other.
"""

from __future__ import annotations

from dataclasses import dataclass

from zkapex_jax.errors import RefusedError
from zkapex_jax.formats import canonical
from zkapex_jax.protocol.signing import SigningKey, check_public, verify

#: What the new key signs begins so: a signature made for another purpose does not pass here.
CONTEXT = b"zkapex.key-rotation/1\0"


@dataclass(frozen=True)
class Succession:
    """`successor` takes the place of `public`, both keys hex, as the key of `client_id` at `service` (host, or host:port)."""

    client_id: str
    service: str
    public: str
    successor: str

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        return canonical.dumps({"client_id": self.client_id, "public": self.public, "service": self.service, "successor": self.successor})


def prove_possession(key: SigningKey, succession: Succession) -> str:
    """128 hex digits: the new key's signature of the succession."""
    return key.sign_as(CONTEXT, succession.to_bytes()).hex()


def check_possession(succession: Succession, proof: str) -> None:
    """Raises InputError for a successor that is no sound key, RefusedError unless it signed this succession."""
    public = bytes.fromhex(check_public(succession.successor))
    try:
        signature = bytes.fromhex(proof)
    except ValueError:
        signature = b""
    if len(signature) != 64 or not verify(public, CONTEXT + succession.to_bytes(), signature):
        raise RefusedError("the new key has not signed that it takes the place of this one", code="bad_possession", field="proof")

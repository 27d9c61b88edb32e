"""Ed25519: the test vectors of RFC 8032, agreement with another implementation, and every altered part refused."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_prover.artefacts_signature import CONTEXT, ORDER, P, signed, verify

#: RFC 8032, section 7.1: public key, message, signature.
RFC = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("public", "message", "signature"), RFC)
def test_the_vectors_of_the_standard(public: str, message: str, signature: str) -> None:
    key, text, proof = map(bytes.fromhex, (public, message, signature))
    assert verify(key, text, proof)
    for at in range(64):
        assert not verify(key, text, proof[:at] + bytes([proof[at] ^ 1 << at % 8]) + proof[at + 1 :])
    assert not verify(key, text + b"\0", proof)
    assert not verify(bytes([key[0] ^ 1]) + key[1:], text, proof)


@pytest.mark.parametrize(("public", "message", "signature"), RFC)
def test_forms_that_are_not_canonical_are_refused(public: str, message: str, signature: str) -> None:
    key, text, proof = map(bytes.fromhex, (public, message, signature))
    larger = int.from_bytes(proof[32:], "little") + ORDER  # the same scalar mod the order
    assert larger < 1 << 256 and not verify(key, text, proof[:32] + larger.to_bytes(32, "little"))
    assert not verify(key, text, proof[:-1]) and not verify(key[:-1], text, proof) and not verify(key, text, proof + b"\0")


def test_a_key_beyond_the_field_is_refused() -> None:
    """y = 1 is the neutral element; p + 1 says the same number. The first is a point, so that a signature of it could hold."""
    trivial = (1).to_bytes(32, "little") + bytes(32)  # R = the neutral element, S = 0
    assert verify((1).to_bytes(32, "little"), b"anything", trivial)
    assert not verify((P + 1).to_bytes(32, "little"), b"anything", trivial)
    assert not verify((1 | 1 << 255).to_bytes(32, "little"), b"anything", trivial)  # x = 0 has no odd root


@settings(max_examples=15)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
def test_another_implementation_agrees(seed: bytes, header: bytes) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public = key.public_key().public_bytes_raw()
    assert signed(public, header, key.sign(CONTEXT + header))
    assert not signed(public, header, key.sign(header))

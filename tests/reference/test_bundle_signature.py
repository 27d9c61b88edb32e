"""Ed25519: the test vectors of RFC 8032, agreement with another implementation, and every altered part refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_prover.artefacts_signature import CONTEXT, ORDER, signed, verify
from reference_prover.vectors import signatures
from reference_prover.vectors.signatures import STANDARD
from zkapex_jax.errors import InputError
from zkapex_jax.protocol import signing

CASES = json.loads((Path(__file__).parents[2] / "vectors/signatures/ed25519.json").read_text())

@pytest.mark.parametrize(("public", "message", "signature"), STANDARD)
def test_the_vectors_of_the_standard(public: str, message: str, signature: str) -> None:
    key, text, proof = map(bytes.fromhex, (public, message, signature))
    assert verify(key, text, proof)
    for at in range(64):
        assert not verify(key, text, proof[:at] + bytes([proof[at] ^ 1 << at % 8]) + proof[at + 1 :])
    assert not verify(key, text + b"\0", proof)
    assert not verify(bytes([key[0] ^ 1]) + key[1:], text, proof)


@pytest.mark.parametrize(("public", "message", "signature"), STANDARD)
def test_forms_that_are_not_canonical_are_refused(public: str, message: str, signature: str) -> None:
    key, text, proof = map(bytes.fromhex, (public, message, signature))
    larger = int.from_bytes(proof[32:], "little") + ORDER  # the same scalar mod the order
    assert larger < 1 << 256 and not verify(key, text, proof[:32] + larger.to_bytes(32, "little"))
    assert not verify(key, text, proof[:-1]) and not verify(key[:-1], text, proof) and not verify(key, text, proof + b"\0")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_both_verifiers_say_what_the_vectors_say(case: dict) -> None:
    parts = [bytes.fromhex(case[name]) for name in ("public", "message", "signature")]
    wanted = case.get("valid", False)
    assert signatures.agrees(case) and signing.verify(*parts) == wanted
    if case.get("why") in ("small", "canonical") and not case["name"].startswith(("R ", "all zero")):
        with pytest.raises(InputError, match="is not an Ed25519 public key"):
            signing.check_public(case["public"])


def test_small_points_are_those_that_the_product_refuses() -> None:
    assert len(signatures.small_points()) == 8
    assert {int.from_bytes(point, "little") % (1 << 255) for point in signatures.small_points()} == signing._SMALL_Y


@settings(max_examples=15)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
def test_another_implementation_agrees(seed: bytes, header: bytes) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public = key.public_key().public_bytes_raw()
    assert signed(public, header, key.sign(CONTEXT + header))
    assert not signed(public, header, key.sign(header))

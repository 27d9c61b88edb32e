"""Vectors of Ed25519: what a strict verifier without cofactor accepts, and what laxer ones would accept besides."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from ..artefacts_signature import ORDER, P, Extended, add, base, decode, encode, extended, multiply, verify
from .writing import Stream

#: RFC 8032, section 7.1: public key, message, signature.
STANDARD = [
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


@dataclass(frozen=True)
class Case:
    name: str
    public: bytes
    message: bytes
    signature: bytes
    why: str = ""  # what is wrong; empty where it is valid

    def row(self) -> dict[str, Any]:
        found = {"name": self.name, "public": self.public.hex(), "message": self.message.hex(), "signature": self.signature.hex()}
        return found | ({"why": self.why} if self.why else {"valid": True})


class Signer:
    """A scalar and its point; nonces from a stream. `key` may be the point plus a small one: then signatures hold by chance."""

    def __init__(self, label: str, torsion: Extended | None = None) -> None:
        self.stream = Stream(f"signatures/{label}")
        self.scalar = self.stream.below(ORDER - 1) + 1
        point = multiply(self.scalar, extended(base()))
        self.public = encode(add(point, torsion) if torsion else point)

    def sign(self, message: bytes, shift: Extended | None = None, nonce: int | None = None) -> bytes:
        """R = [nonce]B + shift, S = nonce + k·scalar."""
        r = self.stream.below(ORDER) if nonce is None else nonce
        point = multiply(r, extended(base()))
        commitment = encode(add(point, shift) if shift else point)
        return commitment + ((r + challenge(commitment, self.public, message) * self.scalar) % ORDER).to_bytes(32, "little")


def challenge(commitment: bytes, public: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(commitment + public + message).digest(), "little") % ORDER


def cases(_: Path) -> dict[str, Any]:
    """File name -> content."""
    return {"ed25519.json": [case.row() for case in (*honest(), *altered(), *weak(), *mixed())]}


def honest() -> list[Case]:
    standard = [Case(f"RFC 8032, test {i + 1}", *map(bytes.fromhex, row)) for i, row in enumerate(STANDARD)]
    signer, message = Signer("honest"), Stream("signatures/long").bytes(1000)
    return [*standard, Case("1,000 bytes", signer.public, message, signer.sign(message))]


def altered() -> list[Case]:
    good = honest()[1]
    commitment, scalar = good.signature[:32], int.from_bytes(good.signature[32:], "little")
    of = lambda name, why, **changes: replace(good, name=name, why=why, **changes)
    return [
        of("another message", "equation", message=b"\x73"),
        of("another key", "equation", public=honest()[0].public),
        of("another R", "equation", signature=honest()[0].signature[:32] + good.signature[32:]),
        of("S + 1", "equation", signature=commitment + (scalar + 1).to_bytes(32, "little")),
        of("S + the order", "scalar", signature=commitment + (scalar + ORDER).to_bytes(32, "little")),
        of("a high bit of S", "scalar", signature=commitment + (scalar | 1 << 255).to_bytes(32, "little")),
        of("all zero", "small", signature=bytes(64)),
        of("R is no point", "point", signature=(2).to_bytes(32, "little") + good.signature[32:]),
        of("the key is no point", "point", public=(2).to_bytes(32, "little")),
        of("y of the key is not below p", "canonical", public=(P + 3).to_bytes(32, "little")),
    ]


def small_points() -> list[bytes]:
    """The eight points whose order divides the cofactor, by their encodings: multiples of one of order 8."""
    found: list[Extended] = []
    for y in range(2, 100):
        point = decode(y.to_bytes(32, "little"))
        torsion = multiply(ORDER, extended(point)) if point else None
        if torsion and encode(multiply(4, torsion)) != encode(multiply(8, torsion)):
            found = [multiply(i, torsion) for i in range(8)]
            break
    return sorted(encode(point) for point in found)


def weak() -> list[Case]:
    """Equations that hold although nobody knows a scalar: the key or R is small."""
    result = []
    for number, public in enumerate(small_points()):
        message, signature = _forged(public)
        result.append(Case(f"a key of small order, {number}", public, message, signature, "small"))
    for number, (public, same) in enumerate(_other_encodings()):
        message, signature = _forged(same)
        result.append(Case(f"a small key in another form, {number}", public, message, signature, "canonical"))
    signer = Signer("small R")
    return [*result, Case("R of small order", signer.public, b"x", signer.sign(b"x", nonce=0), "small")]


def _forged(public: bytes) -> tuple[bytes, bytes]:
    """A message and a signature, S = 0 and R small, for which the equation holds."""
    key = decode(public)
    for text, commitment in product(range(256), small_points()):
        message = bytes([text])
        if key and encode(multiply(8 * ORDER - challenge(commitment, public, message), extended(key))) == commitment:
            return message, commitment + bytes(32)
    raise ValueError("none of 256 messages fits, of which each should with probability 1/8 or more")


def _other_encodings() -> list[tuple[bytes, bytes]]:
    """(what is not canonical, the canonical form of the same point): y + p for y = 0, 1, and x = 0 with a sign."""
    sign = 1 << 255
    pairs = [(P, 0), (P | sign, sign), (P + 1, 1), (P + 1 | sign, 1), (1 | sign, 1), (P - 1 | sign, P - 1)]
    return [(other.to_bytes(32, "little"), same.to_bytes(32, "little")) for other, same in pairs]


def mixed() -> list[Case]:
    """A key with a small part: [k] of the small part decides. With cofactor all of these would hold."""
    torsion = extended(decode(next(one for one in small_points() if _order(one) == 8)) or (0, 1))
    signer = Signer("mixed", torsion)
    holds, fails = [], []
    for text in range(64):
        message = bytes([text])
        signature = signer.sign(message)
        (holds if challenge(signature[:32], signer.public, message) % 8 == 0 else fails).append((message, signature))
    plain = Signer("shifted R")
    return [
        Case("a key with a small part that vanishes", signer.public, *holds[0]),
        Case("a key with a small part", signer.public, *fails[0], "equation"),
        Case("R with a small part", plain.public, b"x", plain.sign(b"x", shift=torsion), "equation"),
    ]


def _order(point: bytes) -> int:
    known = extended(decode(point) or (0, 1))
    return next(i for i in (1, 2, 4, 8) if encode(multiply(i, known)) == encode(extended((0, 1))))


def agrees(row: dict[str, Any]) -> bool:
    """Whether the verifier of this package says of a row what the row says."""
    found = verify(*(bytes.fromhex(row[name]) for name in ("public", "message", "signature")))
    return found == row.get("valid", False)

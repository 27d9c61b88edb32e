"""Ed25519 signatures, verified as RFC 8032 says, in plain integers.

Strict: S is below the group order, points are canonically encoded, and neither key nor R is of small order (such a key signs
everything); the equation is the one without cofactor, [S]B = R + [k]A. All verifiers of the project agree: vectors/signatures.
"""

from __future__ import annotations

import hashlib

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
CONTEXT = b"zkapex.signature/1\0"
_ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)

Affine = tuple[int, int]
Extended = tuple[int, int, int, int]  # (X, Y, Z, T): x = X/Z, y = Y/Z, xy = T/Z
_IDENTITY: Extended = (0, 1, 1, 0)


def signed(public: bytes, header: bytes, signature: bytes) -> bool:
    """Whether this key (32 bytes) signed this header of an artefact (signature 64 bytes)."""
    return verify(public, CONTEXT + header, signature)


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature of the message is valid under the key."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, commitment = decode(public), decode(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or s >= ORDER or is_weak(key) or is_weak(commitment):
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    return equal(multiply(s, extended(base())), add(extended(commitment), multiply(k, extended(key))))


def is_weak(point: Affine) -> bool:
    """Whether the point's order divides 8, the cofactor."""
    return equal(multiply(8, extended(point)), _IDENTITY)


def base() -> Affine:
    """The generator: y = 4/5, x even."""
    return _with_x(4 * pow(5, -1, P) % P, 0) or (0, 1)


def decode(data: bytes) -> Affine | None:
    """32 bytes, little endian: y, and in the top bit the parity of x. None where there is no such point."""
    number = int.from_bytes(data, "little")
    y, parity = number & (1 << 255) - 1, number >> 255
    return _with_x(y, parity) if y < P else None


def _with_x(y: int, parity: int) -> Affine | None:
    """x^2 = (y^2 - 1) / (d y^2 + 1); p = 5 mod 8, so a root is a power, perhaps times the root of -1."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * _ROOT_OF_MINUS_ONE % P
    if x * x % P != square or (x == 0 and parity):
        return None
    return (P - x if x & 1 != parity else x), y


def encode(point: Extended) -> bytes:
    """32 bytes, the inverse of `decode`."""
    inverse = pow(point[2], -1, P)
    return (point[1] * inverse % P | (point[0] * inverse % P & 1) << 255).to_bytes(32, "little")


def extended(point: Affine) -> Extended:
    """With Z = 1."""
    x, y = point
    return x, y, 1, x * y % P


def add(left: Extended, right: Extended) -> Extended:
    """The complete addition law of RFC 8032, section 5.1.4."""
    a = (left[1] - left[0]) * (right[1] - right[0]) % P
    b = (left[1] + left[0]) * (right[1] + right[0]) % P
    c = 2 * left[3] * right[3] * D % P
    d = 2 * left[2] * right[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar: int, point: Extended) -> Extended:
    """Double and add."""
    result = _IDENTITY
    for bit in bin(scalar)[2:]:
        result = add(result, result)
        if bit == "1":
            result = add(result, point)
    return result


def equal(left: Extended, right: Extended) -> bool:
    """Whether both are one point."""
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0

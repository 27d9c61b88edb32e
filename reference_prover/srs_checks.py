"""What makes a reference string sound: the digests of the shipped ceremony, and the checks of any other.

Not the name of a file decides but its digest. With two Lagrange points exchanged a selector would act on another row, and with
another power the proof system opens polynomials at values that they do not have; so whatever was not checked before is checked here.
"""

from __future__ import annotations

import secrets

from .commitment import Srs
from .curve.fourier import root_of_unity
from .errors import SrsError
from .field import MODULUS, inverse, powers

CEREMONY = "ethereum-kzg-4096"
#: Digests of the shipped ceremony's files, k = 1, 2, ..., 12. The Rust program has the same in `srs/trust.rs`.
CEREMONY_DIGESTS = tuple(
    bytes.fromhex(digest)
    for digest in (
        "0c94f9cd6dfd37aea67c5d33408fa896ff208f2378d65c796bce76a33629f087",
        "063c7b31c43f1da4989cbe316bea6ebebc66cc36015d2aae203cccb98b410f16",
        "ace95bb368437dbc060e5c8b2ef46007c98f5ebefe364e8f9bab123039c97034",
        "ab7b441f7b7b5ce559a05b02ef7c0c9afe467f029339be5ec59447d922db0275",
        "da2c495270cd02fdd49c85ca498594a3aeb7e1d9b39d0c0d576ea91f47dd3e85",
        "1bda4e8d3dc75795e18dfb356267a8f63fadb41d2000a4a7af4254709f6c6d40",
        "0aa93dae885b62889e0d883e72f79d3c7194d1f111e18c44c87e5681582a6fa6",
        "da3648fd9bb3464ffa7988f08f18610d67b23da89a7ba0c7a0eb595591b9690d",
        "8264a3927e2f3477fb41dd434c0058ebbfc175e68206381674db040757e9e427",
        "57e0126eb178fe2670590616f332e466af9a59d6ec6ddd759a17a85a9f9845fe",
        "b3a79c3feedcf41eef5a59b44b9f98681ccfc0253815375888cececb9b14d13e",
        "561b6b77274683b4c8e6885799c3d10fb9d797563f90901227a971511b694028",
    )
)
#: Sizes of the published transcripts; `ceremony-<2^k>` is what the Rust program calls an import of one.
IMPORTED = {k: f"ceremony-{1 << k}" for k in range(12, 16)}


def is_shipped(k: int, digest: bytes) -> bool:
    """Whether a file is the shipped ceremony's: its digest names every byte of points that were fully checked."""
    return 1 <= k <= len(CEREMONY_DIGESTS) and digest == CEREMONY_DIGESTS[k - 1]


def check_source(k: int, digest: bytes, source: str, insecure: bool) -> None:
    """A file that names the shipped ceremony must have its digest; of the others only an import of a published ceremony may go
    without the mark: that nobody knows its tau, no reader can tell. Raises SrsError."""
    if is_shipped(k, digest):
        return
    if source == CEREMONY:
        raise SrsError("not the file of the ceremony that it names: its digest is another", field="source", value=digest.hex())
    if not insecure and IMPORTED.get(k) != source:
        raise SrsError("from elsewhere than a published ceremony, so it must be marked insecure", field="insecure", value=source)


def check_points(srs: Srs) -> None:
    """The points, each of its group, none at infinity, are consecutive powers of one tau and their Lagrange form, where `srs.g2`
    is the generator. Raises SrsError.

    Both at one secret random r. Of the polynomial f(X) = sum_i r^i X^i the commitment is A = sum_i r^i g_i; its value on the row
    of w is (r^n - 1) / (r w - 1), so A must also be the sum of these times the Lagrange points: where one is another point, the
    two differ by a polynomial in r of degree below n, that is but for n of the 2^255 values of r. Likewise
    sum_(i<n-1) r^i (g_(i+1) - tau·g_i) is a polynomial in r, and by A it is (A - g_0)/r - tau·(A - r^(n-1) g_(n-1)).
    """
    curve, size = srs.curve, srs.size
    if not curve.equal(srs.g1_monomial[0], curve.generator()):
        raise SrsError("the first power is not the generator", field="g1_monomial")
    r = _challenge(size)
    weights = powers(r, size)
    committed = srs.commit(weights)
    shifted = curve.add(committed, curve.negate(srs.g1_monomial[0]))
    last = curve.multiply(srs.g1_monomial[-1], weights[-1])
    base = curve.multiply(curve.add(committed, curve.negate(last)), r)
    if not curve.pairing_check([(shifted, srs.g2), (curve.negate(base), srs.s_g2)]):
        raise SrsError("the points are not consecutive powers of one tau", field="g1_monomial")
    top = pow(r, size, MODULUS) - 1
    values = [top * inverse((r * w - 1) % MODULUS) % MODULUS for w in powers(root_of_unity(srs.k), size)]
    if not curve.equal(committed, curve.msm(srs.g1_lagrange, values)):
        raise SrsError("the Lagrange points do not belong to the powers", field="g1_lagrange")


def _challenge(size: int) -> int:
    """A random r from the operating system, neither 0 nor a root of unity of the domain."""
    while True:
        r = secrets.randbelow(MODULUS)
        if r and pow(r, size, MODULUS) != 1:
            return r

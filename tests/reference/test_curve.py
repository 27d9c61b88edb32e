"""Both backends against each other and against py_ecc's own group."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from py_ecc import optimized_bls12_381 as oracle

from reference_prover.curve import ARKWORKS, PY_ECC, Curve, curve, decode_hiding, encoding, group, twist
from reference_prover.curve.msm import msm, window
from reference_prover.errors import CurveError, FieldError, PointError
from reference_prover.field import MODULUS

PLAIN = curve(PY_ECC)
SCALARS = st.one_of(st.integers(0, 3), st.integers(MODULUS - 3, MODULUS - 1), st.integers(0, MODULUS - 1))


def of_oracle(scalar: int) -> bytes:
    """scalar·G as py_ecc computes it, uncompressed."""
    point = oracle.multiply(oracle.G1, scalar)
    return encoding.write_g1_uncompressed(None if oracle.is_inf(point) else tuple(int(c) for c in oracle.normalize(point)))


def of(backend: Curve, scalar: int) -> object:
    return backend.multiply(backend.generator(), scalar)


@pytest.fixture(params=[PY_ECC, ARKWORKS])
def backend(request: pytest.FixtureRequest) -> Curve:
    if request.param == ARKWORKS:
        pytest.importorskip("py_arkworks_bls12381")
    return curve(request.param)


def test_constants_are_those_of_the_curve() -> None:
    assert group.Q == oracle.field_modulus and MODULUS == oracle.curve_order
    assert group.U**4 - group.U**2 + 1 == MODULUS and (group.U + 1) ** 2 * MODULUS // 3 - group.U == group.Q
    assert group.BETA != 1 and pow(group.BETA, 3, group.Q) == 1
    assert encoding.write_g1_uncompressed(group.GENERATOR[:2]) == of_oracle(1)


@pytest.mark.parametrize("scalar", [0, 1, 2, 3, 2**64, group.U**2, MODULUS // 2, MODULUS - 2, MODULUS - 1])
def test_multiples_are_those_of_py_ecc(backend: Curve, scalar: int) -> None:
    assert backend.encode_uncompressed(of(backend, scalar)) == of_oracle(scalar)


@given(left=st.integers(0, 6), right=st.integers(0, 6), scale=st.integers(1, group.Q - 1))
def test_addition_has_no_bad_case(left: int, right: int, scale: int) -> None:
    """Doubling, opposite points, the neutral element, and any representative of a point."""
    points = [group.multiply(group.GENERATOR, i) for i in range(7)]
    points += [group.negate(point) for point in points]
    for a in (points[left], points[left + 7]):
        x, y, z = points[right]
        b = (x * scale**2 % group.Q, y * scale**3 % group.Q, z * scale % group.Q)
        total = group.add(a, b)
        expected = (left if a is points[left] else -left) + right
        wanted = group.multiply(group.GENERATOR, abs(expected))
        assert group.equal(total, wanted if expected >= 0 else group.negate(wanted))
        assert group.equal(group.add(b, a), total) and group.equal(b, points[right])
        assert group.equal(group.double(b), group.add(b, b))


@given(scalars=st.lists(st.tuples(SCALARS, st.integers(0, 20)), max_size=12))
def test_msm_is_the_sum_of_products(scalars: list[tuple[int, int]]) -> None:
    points = [group.multiply(group.GENERATOR, multiple) for _, multiple in scalars]
    expected = sum(scalar * multiple for scalar, multiple in scalars) % MODULUS
    assert group.equal(msm(points, [scalar for scalar, _ in scalars]), group.multiply(group.GENERATOR, expected))


def test_msm_of_both_backends(backend: Curve) -> None:
    scalars = [pow(5, i, MODULUS) for i in range(70)] + [0, 1, MODULUS - 1]
    multiples = [i * i for i in range(len(scalars))]
    points = [of(backend, multiple) for multiple in multiples]
    expected = sum(s * m for s, m in zip(scalars, multiples)) % MODULUS
    assert backend.equal(backend.msm(points, scalars), of(backend, expected))
    assert backend.equal(backend.sum(points), of(backend, sum(multiples)))
    assert backend.is_identity(backend.msm([], [])) and backend.is_identity(backend.sum([]))
    assert backend.is_identity(backend.add(points[3], backend.negate(points[3])))
    assert not backend.equal(points[3], points[4])


def test_windows_grow_with_the_points() -> None:
    assert window(1, 255) < window(20, 255) < window(1000, 255) < window(100_000, 255)
    assert window(1000, 3) <= 3


@pytest.mark.parametrize("scalar", [-1, MODULUS, MODULUS + 5, 1 << 256])
def test_scalars_are_never_reduced(backend: Curve, scalar: int) -> None:
    with pytest.raises(FieldError):
        backend.multiply(backend.generator(), scalar)
    with pytest.raises(FieldError):
        backend.msm([backend.generator()], [scalar])


def test_a_scalar_too_few_is_refused(backend: Curve) -> None:
    with pytest.raises(CurveError, match="as many"):
        backend.msm([backend.generator()] * 2, [1])


def test_pairings(backend: Curve) -> None:
    """e(6G, H)·e(-2G, 3H) = 1, but not with another point, and not alone; e(O, H) = 1."""
    h = backend.generator_g2()
    three = twist_multiple(backend, 3)
    assert backend.pairing_check([(of(backend, 6), h), (backend.negate(of(backend, 2)), three)])
    assert not backend.pairing_check([(of(backend, 7), h), (backend.negate(of(backend, 2)), three)])
    assert not backend.pairing_check([(of(backend, 1), h)])
    assert backend.pairing_check([]) and backend.pairing_check([(backend.identity(), three)])


def twist_multiple(backend: Curve, scalar: int) -> object:
    return backend.decode_g2(encoding.write_g2_uncompressed(twist.multiple(scalar)), "multiple of the generator")


@given(value=st.tuples(st.integers(0, group.Q - 1), st.integers(0, group.Q - 1)))
def test_square_roots_in_the_extension(value: tuple[int, int]) -> None:
    for square in (twist.times(value, value), (value[0] ** 2 % group.Q, 0), (-(value[0] ** 2) % group.Q, 0)):
        root = twist.square_root(square)
        assert root is not None and twist.times(root, root) == square
    root = twist.square_root(value)
    assert (root is None) == (pow(value[0] ** 2 + value[1] ** 2, (group.Q - 1) // 2, group.Q) == group.Q - 1)


@given(x=st.integers(0, group.Q - 1))
def test_the_subgroup_is_what_p_annihilates(x: int) -> None:
    """Almost every point of the curve lies outside; its multiple by the cofactor lies inside."""
    square = (x**3 + 4) % group.Q
    y = pow(square, (group.Q + 1) // 4, group.Q)
    if y * y % group.Q == square:
        point = (x, y, 1)
        inside = group.multiply(point, MODULUS)[2] == 0
        assert group.in_subgroup(x, y) == inside
        cleared = group.affine(group.multiply(point, (group.U + 1) ** 2 // 3))
        assert cleared is None or group.in_subgroup(*cleared)


@given(scalar=st.integers(0, 1000))
def test_encodings_round_trip(scalar: int) -> None:
    point = of(PLAIN, scalar)
    for data in (PLAIN.encode(point), PLAIN.encode_uncompressed(point)):
        assert PLAIN.equal(PLAIN.decode(data, "point"), point)


def test_backends_write_the_same_bytes(backend: Curve) -> None:
    for scalar in (0, 1, 2, MODULUS - 1, 12345):
        assert backend.encode(of(backend, scalar)) == PLAIN.encode(of(PLAIN, scalar))
        for data in (PLAIN.encode(of(PLAIN, scalar)), PLAIN.encode_uncompressed(of(PLAIN, scalar))):
            assert backend.equal(backend.decode(data, "point"), of(backend, scalar))


def test_infinity_hides_nothing(backend: Curve) -> None:
    assert backend.equal(decode_hiding(backend, backend.encode(backend.generator()), "c_theta"), backend.generator())
    with pytest.raises(PointError, match="c_theta.*infinity"):
        decode_hiding(backend, backend.encode(backend.identity()), "c_theta")


def test_backends_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CurveError, match="bn254"):
        curve("bn254")
    monkeypatch.setitem(sys.modules, "py_arkworks_bls12381", None)
    monkeypatch.delitem(sys.modules, "reference_prover.curve.arkworks", raising=False)
    assert curve().name == PY_ECC
    with pytest.raises(CurveError, match="audit-fast"):
        curve(ARKWORKS)

"""The field's edges, with galois as oracle for the arithmetic."""

import galois
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_prover import field
from reference_prover.errors import FieldError
from reference_prover.field import GENERATOR, MODULUS

GF = galois.GF(MODULUS, primitive_element=GENERATOR, verify=False)
elements = st.integers(0, MODULUS - 1)


@given(elements, elements, st.integers(0, 2**300))
def test_arithmetic_agrees_with_galois(a, b, exponent):
    left, right = GF(a), GF(b)
    assert (a + b) % MODULUS == int(left + right)
    assert (a - b) % MODULUS == int(left - right)
    assert a * b % MODULUS == int(left * right)
    assert pow(a, exponent, MODULUS) == int(left ** (exponent % (MODULUS - 1))) or a == 0
    if b:
        assert field.inverse(b) == int(GF(1) / right)


def test_generator_and_two_adicity():
    root = pow(GENERATOR, (MODULUS - 1) >> field.TWO_ADICITY, MODULUS)
    assert pow(root, 1 << (field.TWO_ADICITY - 1), MODULUS) == MODULUS - 1


@given(elements)
def test_round_trips(a):
    assert field.parse(str(a)) == a
    assert field.from_bytes(field.to_bytes(a)) == a
    assert field.from_signed(field.to_signed(a)) == a
    assert abs(field.to_signed(a)) <= MODULUS // 2


@given(elements, st.integers(0, 20), elements)
def test_powers(base, count, first):
    assert field.powers(base, count, first) == [first * pow(base, i, MODULUS) % MODULUS for i in range(count)]


def test_zero_has_no_inverse():
    with pytest.raises(FieldError):
        field.inverse(0)


BAD_TEXT = ["", "-1", "+1", "01", " 1", "1 ", "1.0", "1e3", "0x1", "1_0", "١", str(MODULUS), str(MODULUS + 1), "9" * 78, "9" * 500, None, 1, True]


@pytest.mark.parametrize("text", BAD_TEXT, ids=repr)
def test_bad_text(text):
    with pytest.raises(FieldError) as caught:
        field.parse(text, "value")
    assert caught.value.field == "value"


@pytest.mark.parametrize("value", [-1, MODULUS, MODULUS + 1, 1 << 256, True, 1.0, "1", None], ids=repr)
def test_bad_elements(value):
    for refuse in (field.element, field.to_bytes, field.inverse):
        with pytest.raises(FieldError):
            refuse(value)


@pytest.mark.parametrize("data", [b"", bytes(31), bytes(33), MODULUS.to_bytes(32, "little"), b"\xff" * 32], ids=len)
def test_bad_bytes(data):
    with pytest.raises(FieldError):
        field.from_bytes(data)


@pytest.mark.parametrize("value, fits", [(MODULUS // 2, True), (-(MODULUS // 2), True), (MODULUS // 2 + 1, False), (-(MODULUS // 2) - 1, False)])
def test_signed_integers_stay_below_half_of_p(value, fits):
    if fits:
        assert field.to_signed(field.from_signed(value)) == value
    else:
        with pytest.raises(FieldError):
            field.from_signed(value)

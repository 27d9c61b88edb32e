"""The tools of the proof system against their definitions: domain, transforms, division, the ChaCha stream, the transcript."""

import hashlib

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reference_prover.curve import curve
from reference_prover.errors import FieldError, ProofRefused, SpecError
from reference_prover.field import GENERATOR, MODULUS, to_bytes
from reference_prover.plonk.domain import DELTA, ZETA, Domain, batch_inverse
from reference_prover.plonk.layout import Field
from reference_prover.plonk.multiopen import interpolated
from reference_prover.plonk.polynomial import Coefficients, Evaluations, combine, fft, from_coset, interpolate, to_coset
from reference_prover.plonk.random import ChaCha20, OperatingSystem, scalar, scalars
from reference_prover.plonk.transcript import Reader, Transcript, Writer
from reference_prover.plonk.vanishing import piece_weights, pieces, quotient, quotient_value

ELEMENTS = st.integers(0, MODULUS - 1)
DOMAINS = st.builds(Domain, st.integers(3, 5), st.integers(3, 6))
FIELDS = [Field("one", "point", 0, 48), Field("one", "scalar", 48, 32)]


def naive(coefficients, point):
    return sum(value * pow(point, power, MODULUS) for power, value in enumerate(coefficients)) % MODULUS


def columns(domain):
    return st.lists(ELEMENTS, min_size=domain.n, max_size=domain.n)


@given(DOMAINS)
def test_domains(domain):
    assert pow(domain.omega, domain.n, MODULUS) == 1 != pow(domain.omega, domain.n // 2, MODULUS)
    assert len(domain.coset) >= domain.n * domain.pieces > len(domain.coset) // 2
    assert ZETA != 1 == pow(ZETA, 3, MODULUS)
    assert all(domain.vanishing(point) for point in domain.coset)
    assert not any(domain.vanishing(row) for row in domain.rows)
    assert [domain.rotate(1, rotation) for rotation in (0, 1, -1)] == [1, domain.rows[1], domain.rows[-1]]


def test_cells_have_distinct_names():
    domain = Domain(5, 3)
    names = [pow(DELTA, column, MODULUS) * row % MODULUS for column in range(40) for row in domain.rows]
    assert len(set(names)) == len(names)
    assert pow(DELTA, (MODULUS - 1) >> 32, MODULUS) == 1 and pow(GENERATOR, (MODULUS - 1) // 2, MODULUS) == MODULUS - 1


@given(st.data(), DOMAINS, ELEMENTS)
def test_lagrange_is_interpolation(data, domain, point):
    assume(domain.vanishing(point))
    cells = data.draw(columns(domain))
    value = interpolate(domain, Evaluations(cells)).at(point)
    weights = domain.lagrange(point, range(domain.n))
    assert value == sum(cell * weight for cell, weight in zip(cells, weights)) % MODULUS == interpolated(domain.rows, cells, point)
    assert domain.lagrange(point, [-1, domain.n + 2]) == [weights[-1], weights[2]]


def test_lagrange_refuses_rows_and_batches_refuse_zero():
    domain = Domain(3, 3)
    with pytest.raises(FieldError):
        domain.lagrange(domain.rows[2], [2])
    with pytest.raises(FieldError):
        batch_inverse([3, 0, 5])
    assert batch_inverse([]) == [] and batch_inverse([2, 7]) == [pow(2, -1, MODULUS), pow(7, -1, MODULUS)]


@given(st.data(), DOMAINS)
def test_transforms_are_evaluations(data, domain):
    cells = data.draw(columns(domain))
    polynomial = interpolate(domain, Evaluations(cells))
    assert [naive(polynomial.values, row) for row in domain.rows] == cells == fft(polynomial.values, domain.omega)
    on_coset = to_coset(domain, polynomial)
    assert on_coset.values == [naive(polynomial.values, point) for point in domain.coset]
    assert from_coset(domain, on_coset).values == polynomial.padded(len(domain.coset)).values


@given(st.lists(ELEMENTS, min_size=2, max_size=9), ELEMENTS, ELEMENTS)
def test_division(values, root, point):
    polynomial = Coefficients(values)
    divided = polynomial.divided_by(root)
    assert len(divided.values) == len(values) - 1
    assert polynomial.at(point) == naive(values, point) == (divided.at(point) * (point - root) + polynomial.at(root)) % MODULUS
    assert combine([polynomial, polynomial], root).at(point) == (1 + root) * polynomial.at(point) % MODULUS


@given(st.data(), DOMAINS, ELEMENTS)
def test_quotients_and_their_blinded_pieces(data, domain, point):
    size = (domain.n - 1) * domain.pieces
    wanted = Coefficients(data.draw(st.lists(ELEMENTS, min_size=size, max_size=size)))
    values = [wanted.at(one) * domain.vanishing(one) % MODULUS for one in domain.coset]
    found = quotient(domain, type(to_coset(domain, Coefficients([0] * domain.n)))(values))
    assert found == wanted
    blinded = pieces(domain, found, ChaCha20(bytes(32)))
    assert all(len(piece.values) == domain.n for piece in blinded) and blinded != pieces(domain, found, ChaCha20(bytes(31) + b"\1"))
    assert blinded[0].values[-1] != 0 == blinded[-1].values[-1]
    assert sum(weight * piece.at(point) for weight, piece in zip(piece_weights(domain, point), blinded)) % MODULUS == wanted.at(point)
    if domain.vanishing(point):
        assert quotient_value(domain, point, wanted.at(point) * domain.vanishing(point) % MODULUS) == wanted.at(point)
    with pytest.raises(ProofRefused):
        quotient_value(domain, domain.rows[1], 1)


def test_the_stream_is_chacha20():
    known = "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586"
    second = "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f"
    stream = ChaCha20(bytes(32))
    assert (stream.bytes(4) + stream.bytes(124)).hex() == known + second
    for refuse in (lambda: ChaCha20(bytes(31)), lambda: stream.bytes(3)):
        with pytest.raises(SpecError):
            refuse()


def test_scalars_are_drawn_by_rejection():
    class Fixed:
        def __init__(self, *draws):
            self.draws = list(draws)

        def bytes(self, count):
            assert count == 32
            return self.draws.pop(0)

    top = (1 << 255).to_bytes(32, "little")
    source = Fixed(to_bytes(MODULUS - 1)[:31] + b"\x73", MODULUS.to_bytes(32, "little"), b"\xff" * 32, (5 | 1 << 255).to_bytes(32, "little"), top)
    assert scalars(source, 3) == [MODULUS - 1, 5, 0]
    assert len({scalar(OperatingSystem()) for _ in range(8)}) == 8


def test_the_transcript_by_hand():
    points = curve("py_ecc")
    transcript = Transcript(points, bytes(range(64)))
    transcript.absorb_point(points.generator())
    transcript.absorb_column([3, 4])
    state = hashlib.blake2b(key=b"Domain separator for transcript", digest_size=64)
    state.update(b"\1" + bytes(range(64)) + b"\1" + points.encode(points.generator()))
    state.update(b"".join(b"\1" + to_bytes(value) for value in (2, 3, 4)) + b"\0")
    first = int.from_bytes(state.digest(), "little") % MODULUS
    state.update(b"\0")
    assert [transcript.challenge(), transcript.challenge()] == [first, int.from_bytes(state.digest(), "little") % MODULUS]
    with pytest.raises(SpecError):
        Transcript(points, bytes(63))


def test_writer_and_reader_agree_and_keep_to_the_layout():
    points, outer = curve("py_ecc"), bytes(64)
    trace = []
    writer = Writer(points, outer, FIELDS, trace)
    with pytest.raises(SpecError):
        Writer(points, outer, FIELDS).proof()
    writer.write_point(points.generator())
    writer.write_scalar(9)
    proof = writer.proof()
    assert [field for field, _ in trace] == FIELDS and b"".join(data for _, data in trace) == proof
    with pytest.raises(SpecError):
        writer.write_scalar(1)
    with pytest.raises(SpecError):
        Writer(points, outer, FIELDS).write_scalar(1)
    reader = Reader(points, outer, FIELDS, proof)
    assert points.equal(reader.read_point(), points.generator()) and reader.read_scalar() == 9
    assert reader.challenge() == writer.challenge()
    with pytest.raises(SpecError):
        reader.read_scalar()
    for bad in (b"", proof[:-1], proof + b"\0"):
        with pytest.raises(ProofRefused):
            Reader(points, outer, FIELDS, bad)
    with pytest.raises(ProofRefused) as caught:
        Reader(points, outer, FIELDS, bytes(48) + proof[48:]).read_point()
    assert "one: point" in str(caught.value)

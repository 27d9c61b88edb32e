"""Reference strings: the ceremony's, files of the Rust program, commitments against their definition."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_prover import safetensors
from reference_prover import srs as reference_strings
from reference_prover.curve import PY_ECC, curve, twist
from reference_prover.curve.encoding import parse_g1, parse_g2, write_g2_uncompressed
from reference_prover.curve.fourier import lagrange_points, root_of_unity
from reference_prover.errors import CurveError, FieldError, SrsError
from reference_prover.field import MODULUS, inverse
from reference_prover.srs import CEREMONY, CEREMONY_DATA, CEREMONY_S_G2, Srs
from reference_prover.srs_checks import CEREMONY_DIGESTS, check_points, check_source, is_shipped

ROOT = Path(__file__).parents[2]
PROVER = ROOT / "prover" / "target" / "release" / "zkapex-prover"
PLAIN = curve(PY_ECC)
K = 4


@pytest.fixture(scope="module")
def ceremony() -> Srs:
    return reference_strings.from_ceremony(K, PLAIN)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not PROVER.exists():
        pytest.skip("the Rust program is not built")
    path = tmp_path_factory.mktemp("srs") / "ceremony.srs"
    subprocess.run([PROVER, "srs", "ceremony", "--k", str(K), "--out", path], check=True, capture_output=True)
    return path


def of_known_tau(tau: int, k: int) -> list[object]:
    return [PLAIN.multiply(PLAIN.generator(), pow(tau, j, MODULUS)) for j in range(1 << k)]


def test_the_pinned_tau_is_the_ceremonys() -> None:
    assert (CEREMONY_DATA / "g2_monomial.bin").read_bytes()[96:192] == CEREMONY_S_G2


def test_both_languages_pin_the_same_digests(ceremony: Srs) -> None:
    """The Rust program's tests make the ceremony of each size and compare its digest with these."""
    text = (ROOT / "prover" / "src" / "srs" / "trust.rs").read_text()
    assert tuple(bytes.fromhex(digest) for digest in re.findall(r'"([0-9a-f]{64})"', text)) == CEREMONY_DIGESTS
    assert ceremony.digest == CEREMONY_DIGESTS[K - 1]
    assert not is_shipped(0, CEREMONY_DIGESTS[-1]) and not is_shipped(13, CEREMONY_DIGESTS[-1])


def test_imports_go_without_the_mark_under_their_own_name() -> None:
    """By header alone: whether an import's tau is known, no reader can tell; its points are checked all the same."""
    for k in range(12, 16):
        check_source(k, bytes(32), f"ceremony-{1 << k}", False)
        for source in (f"ceremony-{2 << k}", f"ceremony-0{1 << k}", "insecure-local"):
            with pytest.raises(SrsError, match="must be marked insecure"):
                check_source(k, bytes(32), source, False)
            check_source(k, bytes(32), source, True)
    for k in (11, 16):
        with pytest.raises(SrsError, match="must be marked insecure"):
            check_source(k, bytes(32), f"ceremony-{1 << k}", False)


@pytest.mark.parametrize("name", [PY_ECC, "arkworks"])
@pytest.mark.parametrize("k", [1, 3])
def test_points_are_checked_together(name: str, k: int) -> None:
    """Each single point that is another one of the group is found, in both forms, and each other tau."""
    if name != PY_ECC:
        pytest.importorskip("py_arkworks_bls12381")
    backend, tau = curve(name), 123456789
    powers = [backend.multiply(backend.generator(), pow(tau, j, MODULUS)) for j in range(1 << k)]
    h, x = (backend.decode_g2(write_g2_uncompressed(twist.multiple(scalar)), "g2") for scalar in (1, tau))
    sound = Srs(k, bytes(32), "elsewhere", True, powers, lagrange_points(backend, powers), h, x, backend)
    check_points(sound)
    for field in ("g1_monomial", "g1_lagrange"):
        for at in range(1 << k):
            points = list(getattr(sound, field))
            points[at] = backend.add(points[at], backend.generator())
            with pytest.raises(SrsError, match="generator|powers"):
                check_points(replace(sound, **{field: points}))
    for scalar in (1, tau + 1, MODULUS - tau):
        with pytest.raises(SrsError, match="consecutive powers"):
            other = backend.decode_g2(write_g2_uncompressed(twist.multiple(scalar)), "g2")
            check_points(replace(sound, s_g2=other))


@pytest.mark.parametrize("name", [PY_ECC, "arkworks"])
def test_a_file_of_the_rust_program_is_the_ceremony(ceremony: Srs, file: Path, name: str) -> None:
    if name != PY_ECC:
        pytest.importorskip("py_arkworks_bls12381")
    backend = curve(name)
    read = reference_strings.read(file, backend)
    assert (read.k, read.source, read.insecure, read.digest) == (K, CEREMONY, False, ceremony.digest)
    for ours, theirs in ((ceremony.g1_monomial, read.g1_monomial), (ceremony.g1_lagrange, read.g1_lagrange)):
        assert [PLAIN.encode(point) for point in ours] == [backend.encode(point) for point in theirs]


def test_the_ceremony_is_checked_point_by_point_once_and_then_known_by_digest(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here each point of the shipped file, and all together; a reader looks at the digest alone, but at every point of any other file."""
    arrays, _ = safetensors.parse(file.read_bytes())
    for name in ("g1_monomial", "g1_lagrange"):
        for row in arrays[name]:
            assert parse_g1(row.tobytes(), name, subgroup=True) is not None
    check_points(reference_strings.read(file, PLAIN))
    asked: list[Srs] = []
    monkeypatch.setattr(reference_strings, "_check", lambda srs, _: asked.append(srs))
    assert is_shipped(K, reference_strings.read(file, PLAIN).digest) and asked == []
    other = tmp_path / "other.srs"
    subprocess.run([PROVER, "srs", "insecure", "--k", str(K), "--out", other], check=True, capture_output=True)
    for times in (1, 2):
        reference_strings.read(other, PLAIN)
        assert len(asked) == times, "no digest vouches for it: every reading checks"


@pytest.mark.slow
def test_every_point_of_the_largest_shipped_file_is_checked() -> None:
    pytest.importorskip("py_arkworks_bls12381")
    whole = reference_strings.from_ceremony(12, curve("arkworks"))
    check_points(whole)
    assert whole.digest == CEREMONY_DIGESTS[11] and len(whole.g1_monomial) == len(whole.g1_lagrange) == 4096


@pytest.mark.parametrize("k", [1, 2, 3])
def test_lagrange_points_are_lagrange_polynomials_at_tau(k: int) -> None:
    """L_i(tau) = omega^i (tau^n - 1) / (n (tau - omega^i)), written out."""
    tau, size, omega = 123456789, 1 << k, root_of_unity(k)
    assert pow(omega, size // 2, MODULUS) == MODULUS - 1
    for i, point in enumerate(lagrange_points(PLAIN, of_known_tau(tau, k))):
        at = pow(omega, i, MODULUS)
        value = at * (pow(tau, size, MODULUS) - 1) * inverse(size * (tau - at) % MODULUS) % MODULUS
        assert PLAIN.equal(point, PLAIN.multiply(PLAIN.generator(), value))


def test_points_that_are_no_power_of_two_are_refused() -> None:
    for count in (0, 3, 6):
        with pytest.raises(CurveError, match="power of two"):
            lagrange_points(PLAIN, of_known_tau(5, 3)[:count])
    with pytest.raises(CurveError):
        root_of_unity(33)


RUNS = st.lists(st.tuples(st.sampled_from([0, 1, 2, MODULUS - 1]), st.integers(1, 6)), max_size=8)


@given(runs=RUNS)
def test_runs_are_committed_as_their_cells(ceremony: Srs, runs: list[tuple[int, int]]) -> None:
    values = [value for value, length in runs for _ in range(length)][: ceremony.size]
    expected = PLAIN.sum([PLAIN.multiply(point, value) for point, value in zip(ceremony.g1_lagrange, values)])
    assert PLAIN.equal(ceremony.commit_lagrange(values), expected)


@given(coefficients=st.lists(st.integers(0, MODULUS - 1), max_size=1 << K))
def test_values_and_coefficients_commit_alike(ceremony: Srs, coefficients: list[int]) -> None:
    omega = root_of_unity(K)
    values = [sum(c * pow(omega, i * j, MODULUS) for j, c in enumerate(coefficients)) % MODULUS for i in range(ceremony.size)]
    assert PLAIN.equal(ceremony.commit(coefficients), ceremony.commit_lagrange(values))


@pytest.mark.parametrize("commit", [Srs.commit, Srs.commit_lagrange])
def test_what_does_not_fit_is_refused(ceremony: Srs, commit: object) -> None:
    with pytest.raises(SrsError, match="at most 16"):
        commit(ceremony, [1] * 17)
    for value in (-1, MODULUS):
        with pytest.raises(FieldError):
            commit(ceremony, [0, value])


@pytest.mark.parametrize("k", [0, 13, -1])
def test_the_ceremony_has_no_other_sizes(k: int) -> None:
    with pytest.raises(SrsError, match="from 1 to 12"):
        reference_strings.from_ceremony(k, PLAIN)


@pytest.mark.parametrize("at", [0, 3])
def test_swapped_powers_of_the_ceremony_are_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, at: int) -> None:
    """A point of the group in another place, or the first two powers of tau·H swapped."""
    for name in ("g1_monomial.bin", "g2_monomial.bin"):
        data = (CEREMONY_DATA / name).read_bytes()
        (tmp_path / name).write_bytes(data)
    data = (tmp_path / "g1_monomial.bin").read_bytes()
    swapped = data[: at * 48] + data[(at + 1) * 48 : (at + 2) * 48] + data[at * 48 : (at + 1) * 48] + data[(at + 2) * 48 :]
    (tmp_path / "g1_monomial.bin").write_bytes(swapped)
    monkeypatch.setattr(reference_strings, "CEREMONY_DATA", tmp_path)
    with pytest.raises(SrsError, match="generator|consecutive"):
        reference_strings.from_ceremony(3, PLAIN)


def test_missing_and_short_data_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(reference_strings, "CEREMONY_DATA", tmp_path)
    with pytest.raises(SrsError, match="g1_monomial.bin: cannot be read"):
        reference_strings.from_ceremony(2, PLAIN)
    (tmp_path / "g1_monomial.bin").write_bytes((CEREMONY_DATA / "g1_monomial.bin").read_bytes()[:100])
    with pytest.raises(SrsError, match="192 bytes"):
        reference_strings.from_ceremony(2, PLAIN)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(SrsError, match="nowhere.srs: cannot be read"):
        reference_strings.read(tmp_path / "nowhere.srs", PLAIN)
    (tmp_path / "empty.srs").write_bytes(b"")
    with pytest.raises(SrsError, match="empty.srs"):
        reference_strings.read(tmp_path / "empty.srs", PLAIN)


def test_points_of_g2_have_two_forms() -> None:
    point = parse_g2(CEREMONY_S_G2, "tau")
    assert point is not None and parse_g2(write_g2_uncompressed(point), "tau") == point

"""The driver of `zkapex-prover relation`, with the binary itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from prover_sample import OUTER, SEED, X, Y, columns, tables

from zkapex_jax.bounds import FIELD_MODULUS
from zkapex_jax.errors import InputError, RefusedError, StorageError
from zkapex_jax.formats.arrays import load_arrays, save_arrays
from zkapex_jax.prover import Prover, relation_check, relation_prove, relation_verify, write_columns, write_public

INFINITY = bytes([0xC0]) + bytes(47)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tables, SRS, columns and a proof of them."""
    folder = tmp_path_factory.mktemp("relation")
    Prover.find().srs_ceremony(4, folder / "srs")
    tables(folder)
    write_columns(folder / "columns", columns())
    relation_prove(
        folder / "sample.tables.json", folder / "srs", folder / "columns", OUTER, folder / "proof", public=folder / "public"
    )
    return folder


def prove(made: Path, out: Path, seed: bytes | None = None):
    return relation_prove(made / "sample.tables.json", made / "srs", made / "columns", OUTER, out, seed=seed)


def verify(made: Path, public: Path, outer: bytes = OUTER, proof: Path | None = None):
    return relation_verify(made / "sample.tables.json", made / "srs", public, outer, proof or made / "proof")


def test_an_honest_proof_is_accepted(made: Path, tmp_path: Path) -> None:
    proof = prove(made, tmp_path / "proof")
    assert proof.bytes == (tmp_path / "proof").stat().st_size == int(proof.facts["proof_bytes"])
    assert not proof.insecure_blinding
    assert list(proof.commitments) == ["x"] and len(proof.commitments["x"]) == 48
    assert 0 < sum(proof.stages.values()) <= proof.seconds * 1.001
    assert 0 <= proof.key < FIELD_MODULUS and proof.peak_rss > 0
    write_public(tmp_path / "public", proof.commitments, {"y": Y})
    verdict = verify(made, tmp_path / "public", proof=tmp_path / "proof")
    assert verdict.accepted and verdict.reason == "" and verdict.seconds > 0
    written = load_arrays(made / "public")
    assert all(np.array_equal(array, written[name]) for name, array in load_arrays(tmp_path / "public").items())


def test_proofs_repeat_themselves_only_from_a_seed(made: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    names = [tmp_path / name for name in ("one", "two", "three", "four")]
    proofs = [prove(made, name, seed) for name, seed in zip(names, (SEED, SEED, SEED[::-1], None), strict=True)]
    assert [proof.insecure_blinding for proof in proofs] == [True, True, True, False]
    assert capfd.readouterr().err.count("INSECURE BLINDING") == 3
    one, two, three, four = (name.read_bytes() for name in names)
    assert one == two and len({one, three, four, (made / "proof").read_bytes()}) == 4


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda c, y: (c, [*y[:-1], 5]), id="another plain value"),
        pytest.param(lambda c, y: (c, [*y, 0]), id="a plain row more"),
        pytest.param(lambda c, y: ({"x": INFINITY}, y), id="commitment of zeros"),
    ],
)
def test_another_statement_is_refused(made: Path, tmp_path: Path, change) -> None:
    point = load_arrays(made / "public")["x"].tobytes()
    commitments, plain = change({"x": point}, Y)
    write_public(tmp_path / "public", commitments, {"y": plain})
    verdict = verify(made, tmp_path / "public")
    assert not verdict.accepted and "refused" in verdict.reason


def test_another_digest_or_proof_is_refused(made: Path, tmp_path: Path) -> None:
    good = (made / "proof").read_bytes()
    assert not verify(made, made / "public", outer=OUTER[::-1]).accepted
    for index, bad in enumerate([b"", good[:-1], good + b"\0", bytes([good[0] ^ 1]) + good[1:], b"\xff" * len(good)]):
        (tmp_path / str(index)).write_bytes(bad)
        assert not verify(made, made / "public", proof=tmp_path / str(index)).accepted, index


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"a": (2, 5)}, "gate sample.product[0] row 2"),
        ({"y": (3, 8)}, "lookup sample.range row 3"),
        ({"y": (9, 8)}, "lookup sample.range row 9"),
        ({"x": (1, 1), "a": (1, 2)}, "copy a row 1"),
    ],
)
def test_violations_are_named(made: Path, tmp_path: Path, change: dict[str, tuple[int, int]], line: str) -> None:
    values = columns()
    for name, (row, value) in change.items():
        values[name] += [0] * (row + 1 - len(values[name]))
        values[name][row] = value
    write_columns(tmp_path / "columns", values)
    assert relation_check(made / "sample.tables.json", made / "columns") == []
    assert line in relation_check(made / "sample.tables.json", tmp_path / "columns")
    try:
        proof = relation_prove(
            made / "sample.tables.json", made / "srs", tmp_path / "columns", OUTER, tmp_path / "proof", public=tmp_path / "public"
        )
    except InputError as error:
        assert line.startswith("lookup") and error.field == "columns"
    else:
        assert proof.bytes and not verify(made, tmp_path / "public", proof=tmp_path / "proof").accepted


def scalar(value: int) -> np.ndarray:
    return np.frombuffer(value.to_bytes(32, "little"), np.uint8).reshape(1, 32)


@pytest.mark.parametrize(
    ("name", "array", "field"),
    [
        ("x", None, "x"),
        ("z", scalar(1), "z"),
        ("x", scalar(FIELD_MODULUS), "x[0]"),
        ("a", scalar((1 << 256) - 1), "a[0]"),
        ("y", np.zeros((11, 32), np.uint8), "y"),
        ("y", np.zeros((2, 31), np.uint8), "y"),
        ("y", np.zeros(32, np.uint8), "y"),
        ("a", np.zeros((4, 8), np.int32), "a"),
    ],
)
def test_bad_columns_are_named(made: Path, tmp_path: Path, name: str, array: np.ndarray | None, field: str) -> None:
    arrays = load_arrays(made / "columns") | {name: array}
    save_arrays(tmp_path / "columns", {name: array for name, array in arrays.items() if array is not None})
    for run in (
        lambda: relation_check(made / "sample.tables.json", tmp_path / "columns"),
        lambda: relation_prove(made / "sample.tables.json", made / "srs", tmp_path / "columns", OUTER, tmp_path / "proof"),
    ):
        with pytest.raises(InputError) as caught:
            run()
        assert (caught.value.file, caught.value.field) == (str(tmp_path / "columns"), field)
    assert not (tmp_path / "proof").exists()


@pytest.mark.parametrize("point", [bytes(48), b"\xff" * 48, b"\x80" + bytes(46) + b"\x01", INFINITY[:-1] + b"\1"])
def test_bad_commitments_are_input_errors(made: Path, tmp_path: Path, point: bytes) -> None:
    write_public(tmp_path / "public", {"x": point}, {"y": Y})
    with pytest.raises(InputError) as caught:
        verify(made, tmp_path / "public")
    assert caught.value.field == "x"


def test_values_are_never_reduced(tmp_path: Path) -> None:
    for value in (-1, FIELD_MODULUS, 1 << 256):
        with pytest.raises(InputError, match=r"x\[1\]"):
            write_columns(tmp_path / "columns", {"x": [0, value]})
    with pytest.raises(TypeError):
        write_columns(tmp_path / "columns", {"x": [0.5]})
    with pytest.raises(InputError, match="48 bytes"):
        write_public(tmp_path / "public", {"x": bytes(47)}, {})
    with pytest.raises(InputError, match="at once"):
        write_public(tmp_path / "public", {"x": INFINITY}, {"x": X})
    assert not list(tmp_path.iterdir())
    write_columns(tmp_path / "columns", {"x": []})
    with pytest.raises(StorageError):
        write_columns(tmp_path / "columns", {"x": []})


def test_arguments_of_the_wrong_size(made: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="outer"):
        verify(made, made / "public", outer=OUTER[:-1])
    with pytest.raises(InputError, match="insecure_blinding_seed"):
        prove(made, tmp_path / "proof", SEED[:-1])


def test_an_insecure_srs_is_refused_unless_allowed(made: Path, tmp_path: Path) -> None:
    Prover.find().srs_insecure(4, tmp_path / "srs")
    table = made / "sample.tables.json"
    relation_prove(table, tmp_path / "srs", made / "columns", OUTER, tmp_path / "proof", public=tmp_path / "public")
    with pytest.raises(RefusedError, match="insecure"):
        relation_verify(table, tmp_path / "srs", tmp_path / "public", OUTER, tmp_path / "proof")
    verdict = relation_verify(table, tmp_path / "srs", tmp_path / "public", OUTER, tmp_path / "proof", allow_insecure=True)
    assert verdict.accepted
    with pytest.raises(InputError, match="powers"):
        Prover.find().srs_ceremony(5, tmp_path / "larger")
        relation_prove(table, tmp_path / "larger", made / "columns", OUTER, tmp_path / "proof")

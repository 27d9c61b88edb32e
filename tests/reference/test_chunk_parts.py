"""The parts of a chunk's message: its commitments, its randomness, and public commitments compared all at once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_prover import chunk_blinding
from reference_prover import tables as table_format
from reference_prover.bundle_files import are_commitments, commit_active, lane_matrix
from reference_prover.chunk import Commitments, parse_message
from reference_prover.chunk_blinding import Source, expand
from reference_prover.curve import Curve, curve
from reference_prover.errors import PointError, ProofRefused, SpecError, StatementError
from reference_prover.field import MODULUS
from reference_prover.layout import Layout, of_tables
from reference_prover.srs import Srs, from_ceremony
from reference_prover.vectors.chunk_twins import AT_INFINITY, bad_points


@cache
def world() -> tuple[Curve, Srs, Layout]:
    backend = curve()
    tables = Path(__file__).parents[2] / "vectors" / "tables" / "toy.tables.json"
    return backend, from_ceremony(8, backend), of_tables(table_format.read(tables))


def some_points(count: int) -> Commitments:
    backend, _, _ = world()
    return Commitments.of(backend, [backend.multiply(backend.generator(), i + 2) for i in range(count)])


def test_a_message_is_its_sections_and_the_rest() -> None:
    sent = some_points(4)
    sections, proof = parse_message(world()[0], b"".join(sent.data) + b"rest", [1, 0, 3])
    assert [one.data for one in sections] == [sent.data[:1], (), sent.data[1:]] and proof == b"rest"
    assert parse_message(world()[0], b"".join(sent.data), [4])[1] == b""


@pytest.mark.parametrize("missing", [1, 47, 48, 192])
def test_a_message_that_ends_within_its_commitments_is_refused(missing: int) -> None:
    with pytest.raises(ProofRefused):
        parse_message(world()[0], b"".join(some_points(4).data)[:-missing], [2, 2])


@pytest.mark.parametrize("data", [*bad_points().values(), AT_INFINITY], ids=[*bad_points(), "infinity"])
def test_a_commitment_that_is_no_point_is_refused(data: bytes) -> None:
    sent = some_points(2).data
    with pytest.raises(ProofRefused, match="section 1"):
        parse_message(world()[0], sent[0] + data + sent[1], [1, 2])


@pytest.mark.parametrize("size", [0, 47, 49, 96])
def test_commitments_are_compressed(size: int) -> None:
    with pytest.raises(PointError, match="48 bytes"):
        Commitments.decode(world()[0], [some_points(1).data[0].ljust(96, b"\0")[:size]], "label", hiding=False)


def test_infinity_is_allowed_only_where_nothing_is_hidden() -> None:
    backend = world()[0]
    assert backend.is_identity(Commitments.decode(backend, [AT_INFINITY], "free", hiding=False).points[0])
    with pytest.raises(PointError, match="infinity"):
        Commitments.decode(backend, [AT_INFINITY], "theta_p", hiding=True)
    with pytest.raises(StatementError):
        some_points(3).require(4, "free")


@settings(max_examples=10)
@given(st.data())
def test_public_commitments_are_told_from_all_others(data: st.DataObject) -> None:
    backend, srs, size = world()
    rng = np.random.default_rng(data.draw(st.integers(0, 1 << 32)))
    values = rng.integers(-(1 << 28), 1 << 28, (2, data.draw(st.integers(1, size.capacity))))
    columns = [lane for row in values for lane in lane_matrix(size, row)]
    points = [commit_active(srs, size, column) for column in columns]
    assert are_commitments(srs, size, Commitments.of(backend, points), columns)
    at = data.draw(st.integers(0, len(points) - 1))
    other = [*points[:at], backend.add(points[at], srs.g1_lagrange[data.draw(st.integers(0, srs.size - 1))]), *points[at + 1 :]]
    assert not are_commitments(srs, size, Commitments.of(backend, other), columns)


def test_blinding_repeats_from_its_seed_and_from_nothing_less() -> None:
    seed = bytes(range(32))
    base = expand(seed, "theta", 1, 2, 3, 4)
    assert base == expand(seed, "theta", 1, 2, 3, 4) and all(0 <= value < MODULUS for value in base)
    others = [("gradient", 1, 2, 3), ("theta", 2, 1, 3), ("theta", 1, 3, 2), ("theta", 1, 2, 4)]
    assert len({tuple(expand(seed, *place, 4)) for place in others} | {tuple(base)}) == 5
    assert expand(bytes(32), "theta", 1, 2, 3, 4) != base
    for short in (b"", seed[:31], seed + b"\0"):
        with pytest.raises(SpecError, match="32 bytes"):
            expand(short, "theta", 1, 2, 3, 4)
        with pytest.raises(SpecError, match="32 bytes"):
            Source(short).fresh(0, 1, 1)
    assert chunk_blinding.gradients(seed, 5, 2, 2, 3)[1][0] == expand(seed, "gradient", 5, 1, 0, 3)


def test_the_operating_systems_randomness_does_not_repeat() -> None:
    assert Source().proof(0) is None and Source().fresh(0, 2, 3) != Source().fresh(0, 2, 3)
    seeded = Source(bytes(32))
    assert seeded.fresh(3, 2, 3) == Source(bytes(32)).fresh(3, 2, 3) != seeded.fresh(4, 2, 3)
    draws = [seeded.proof(chunk).bytes(32) for chunk in (3, 3, 4)]
    assert draws[0] == draws[1] != draws[2]

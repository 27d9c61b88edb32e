"""What both sessions ask of their files: that they speak of one another, and that public commitments are what they say.

A public column has no blinding, so anyone can recompute its commitment. All those of a chunk are compared at once: with random 128-bit
weights r_i, sum_i r_i C_i is the commitment of sum_i r_i column_i; if one differs, that holds with probability 2^-128.
"""

from __future__ import annotations

import secrets
from typing import Mapping, Sequence

import numpy as np

from .artefacts_parts import Cut
from .chunk import Commitments
from .containers import Container
from .curve import Curve, Point
from .errors import PointError
from .exact import combine
from .field import MODULUS
from .layout import Frame
from .srs import Srs

WEIGHT_BITS = 128


def expect_digest(file: Container, field: str, found: bytes, wanted: bytes) -> None:
    """Raises ArtefactError unless a file names the digest of the one beside it."""
    if found != wanted:
        raise file.error(f"made for another {field.removesuffix('_digest').replace('_', ' ')}: expected {wanted.hex()}", field, found.hex())


def expect_made(file: Container, found: tuple[bytes, bytes], wanted: tuple[bytes, bytes]) -> None:
    """The same of tables and reference string."""
    for field, one, other in zip(("tables_digest", "srs_digest"), found, wanted, strict=True):
        expect_digest(file, field, one, other)


def expect_cut(file: Container, found: Cut, wanted: Cut) -> None:
    """Raises ArtefactError unless the file speaks of the same tensors, cut into the same chunks."""
    if found.header != wanted.header:
        raise file.error("the target weights or chunks are not those of the enrolment", "layout", found.weights)


def expect_client(file: Container, found: str, wanted: str) -> None:
    if found != wanted:
        raise file.error(f"the enrolment is {wanted}'s", "client_id", found)


def expect_model(file: Container, found: Mapping[str, str], base: bytes, wanted: Mapping[str, str], wanted_base: bytes) -> None:
    """Raises ArtefactError unless the file is about the same model, by name and by the digest of its base."""
    expect_digest(file, "model.base_digest", base, wanted_base)
    if found != wanted:
        raise file.error(f"must be that of the enrolment, {dict(wanted)}", "model", dict(found))


def expect_flag(file: Container, field: str, found: bool, wanted: bool) -> None:
    """Raises ArtefactError unless a mark of insecurity is true."""
    if found != wanted:
        raise file.error("the mark does not match preset and reference string", field, found)


def commitments(file: Container, curve: Curve, name: str, index: int, *, hiding: bool) -> Commitments:
    """The points in slice `index` of a U8 tensor [.., 48], strictly decoded. Raises PointError naming the file."""
    data = file.tensors[name][index].reshape(-1, file.tensors[name].shape[-1])
    try:
        return Commitments.decode(curve, (row.tobytes() for row in data), f"{name}[{index}]", hiding=hiding)
    except PointError as error:
        raise error.in_file(file.file)


def lane_matrix(layout: Frame, values: np.ndarray) -> np.ndarray:
    """A chunk's values [d] by lane: [P, A], pads 0."""
    padded = np.zeros(layout.capacity, dtype=values.dtype)
    padded[: len(values)] = values
    return padded.reshape(layout.active_rows, layout.lanes).T


def are_commitments(srs: Srs, layout: Frame, points: Commitments, columns: Sequence[np.ndarray]) -> bool:
    """Whether point i commits to column i: integers [A] below 2^31 on the active rows, without blinding."""
    weights = [secrets.randbits(WEIGHT_BITS) for _ in points.points]
    combined = [value % MODULUS for value in combine(np.stack(columns), weights)]
    left = srs.curve.msm(points.points, weights)
    return srs.curve.equal(left, srs.commit_lagrange([0] * layout.active_start + combined))


def commit_active(srs: Srs, layout: Frame, column: np.ndarray) -> Point:
    """The commitment to one such column."""
    return srs.commit_lagrange([0] * layout.active_start + [int(value) % MODULUS for value in column])

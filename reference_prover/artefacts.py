"""The artefacts of one client, read from files into typed values: enrolment, state, bundle, and the proof of an enrolment.

Each reader takes the layout of the tables, which fixes lanes, rows and widths, and raises ArtefactError for anything that
docs/formats.md does not allow. Whether the artefacts belong together is for the sessions to judge.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Mapping

import numpy as np

from . import containers
from .artefacts_parts import CLIENT, Cut, read_cut, read_made, read_messages, read_model, unpack_mask
from .containers import Container, Fields
from .layout import Frame
from .plonk.layout import POINT
from .statement import GAMMA_LIMIT

MAX_POSITION = 1 << 32
FIXED_POINT_BITS = 16


@dataclass(frozen=True)
class Enrolment:
    """`made`: digests of tables and reference string. c_theta U8 [m, P, 48], c_gradients U8 [m, n, P, 48]."""

    file: Container
    client: str
    cut: Cut
    model: Mapping[str, str]
    base: bytes
    made: tuple[bytes, bytes]
    srs_insecure: bool
    gamma: tuple[int, ...]

    @classmethod
    def read(cls, path: Path, layout: Frame) -> "Enrolment":
        file = containers.read(path, "enrolment")
        names = "client_id model layout preset tables_digest srs_digest srs_insecure gamma fixed_point_bits nonce created"
        fields = file.fields.only(names.split())
        cut, (model, base) = read_cut(fields, layout), read_model(fields)
        fields.digest("nonce")
        fields.integer("fixed_point_bits", FIXED_POINT_BITS, FIXED_POINT_BITS)
        file.expect_tensors(
            {
                "c_theta": ("U8", (len(cut.chunks), layout.lanes, POINT)),
                "c_gradients": ("U8", (len(cut.chunks), layout.client_rows, layout.lanes, POINT)),
            }
        )
        client, gamma, insecure = fields.match("client_id", CLIENT), _gamma(fields, cut), fields.flag("srs_insecure")
        return cls(file, client, cut, model, base, read_made(fields, layout), insecure, gamma)


@dataclass(frozen=True)
class State:
    """What the ledger holds of a client: c_theta U8 [m, P, 48], and bool [W], true where forgotten."""

    file: Container
    client: str
    enrolment: bytes
    cut: Cut
    cumulative: np.ndarray

    @classmethod
    def read(cls, path: Path, layout: Frame) -> "State":
        file = containers.read(path, "state")
        fields = file.fields.only(("client_id", "enrolment_digest", "position", "head", "layout"))
        cut = read_cut(fields, layout)
        fields.integer("position", 0, MAX_POSITION)
        fields.digest("head")
        file.expect_tensors({"c_theta": ("U8", (len(cut.chunks), layout.lanes, POINT)), "cumulative": ("U8", (-(-cut.weights // 8),))})
        return cls(file, fields.match("client_id", CLIENT), fields.digest("enrolment_digest"), cut, unpack_mask(file, "cumulative", cut))


@dataclass(frozen=True)
class Bundle:
    """The answer to a request: messages of the chunks that it touches."""

    file: Container
    client: str
    request: bytes
    enrolment: bytes
    state: bytes
    made: tuple[bytes, bytes]
    insecure: bool
    chunks: tuple[int, ...]

    @classmethod
    def read(cls, path: Path, layout: Frame) -> "Bundle":
        file = containers.read(path, "bundle")
        names = "client_id request_digest enrolment_digest state_digest tables_digest srs_digest preset insecure chunks"
        fields = file.fields.only(names.split())
        digests = (fields.digest(name) for name in ("request_digest", "enrolment_digest", "state_digest"))
        chunks, made = read_messages(file), read_made(fields, layout)
        return cls(file, fields.match("client_id", CLIENT), *digests, made, fields.flag("insecure"), chunks)


@dataclass(frozen=True)
class EnrolmentProof:
    """Messages of every chunk of an enrolment. `state`: what a re-enrolment replaces, None for a first one."""

    file: Container
    client: str
    enrolment: bytes
    base: bytes
    state: bytes | None
    enrol_tables: bytes
    srs: bytes
    insecure: bool
    chunks: tuple[int, ...]

    @classmethod
    def read(cls, path: Path, layout: Frame) -> "EnrolmentProof":
        file = containers.read(path, "enrolment-proof")
        names = "client_id preset srs_digest enrolment_digest base_digest state_digest enrol_tables_digest insecure chunks"
        fields = file.fields.only(names.split())
        fields.expect("preset", layout.preset)
        state = fields.digest("state_digest") if fields.get("state_digest") != "" else None
        digests = (fields.digest(name) for name in ("enrol_tables_digest", "srs_digest"))
        client, chunks = fields.match("client_id", CLIENT), read_messages(file)
        return cls(
            file, client, fields.digest("enrolment_digest"), fields.digest("base_digest"), state, *digests, fields.flag("insecure"), chunks
        )


def _gamma(fields: Fields, cut: Cut) -> tuple[int, ...]:
    """One damping a chunk, on the public grid 2^j, 3*2^j: a coarse grid leaks little of the size of the gradients."""
    gamma = fields.integers("gamma", 1, GAMMA_LIMIT)
    if len(gamma) != len(cut.chunks):
        raise fields.error("one damping a chunk is needed", "gamma", len(gamma))
    for value in gamma:
        if value // (value & -value) not in (1, 3):
            raise fields.error("not on the grid 2^j, 3*2^j", "gamma", value)
    return gamma

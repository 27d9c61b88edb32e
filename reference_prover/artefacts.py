"""The artefacts of one client, read from files into typed values: enrolment, state, bundle, and the proof of an enrolment.

Each reader takes the layout of the tables, which fixes lanes, rows and widths, and raises ArtefactError for anything that
docs/formats.md does not allow. Whether the artefacts belong together is for the sessions to judge.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Mapping

import numpy as np

from . import containers
from .containers import Container, Fields
from .layout import Frame
from .plonk.layout import POINT
from .statement import GAMMA_LIMIT

MAX_CHUNKS, MAX_WEIGHTS, MAX_TENSORS = 1 << 20, 1 << 40, 1 << 16
MAX_MESSAGE = 1 << 20
MAX_POSITION = 1 << 32
FIXED_POINT_BITS = 16
CLIENT = r"[A-Za-z0-9._-]{1,64}"
TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
PATH = r"[A-Za-z0-9_.-]{1,128}(/[A-Za-z0-9_.-]{1,128}){0,31}"


@dataclass(frozen=True)
class Cut:
    """The W target weights as one vector, cut into chunks. `header`: the object as the file has it."""

    chunks: tuple[int, ...]
    weights: int
    header: Mapping[str, Any]

    def part(self, values: np.ndarray, chunk: int) -> np.ndarray:
        """A chunk's part of a vector over all weights."""
        start = sum(self.chunks[:chunk])
        return values[start : start + self.chunks[chunk]]


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


def read_cut(fields: Fields, layout: Frame) -> Cut:
    """`layout`: sorted tensors, their sizes' sum, and the preset's own cut: ceil(W / capacity) chunks that differ by at most one,
    larger first."""
    inner = fields.child("layout").only(("pattern", "tensors", "weights", "chunks"))
    inner.text("pattern", high=1024)
    entries = inner.items("tensors")
    if not 1 <= len(entries) <= MAX_TENSORS:
        raise inner.error(f"1 to {MAX_TENSORS} tensors are needed", "tensors", len(entries))
    paths, total = [], 0
    for index, entry in enumerate(entries):
        one = Fields(inner.file, f"layout.tensors[{index}]", entry if isinstance(entry, dict) else {}).only(("path", "shape"))
        paths.append(one.match("path", PATH))
        shape = one.integers("shape", 1, MAX_WEIGHTS)
        if not 1 <= len(shape) <= 8:
            raise one.error("1 to 8 axes are needed", "shape", shape)
        total += prod(shape)
    if paths != sorted(set(paths)):
        raise inner.error("must be sorted by path, each once", "tensors")
    weights, chunks = inner.integer("weights", 1, MAX_WEIGHTS), inner.integers("chunks", 1, layout.capacity)
    if weights != total:
        raise inner.error(f"must be the sum of the tensors' sizes, {total}", "weights", weights)
    count = -(-weights // layout.capacity)
    small, larger = divmod(weights, count)
    if count > MAX_CHUNKS or chunks != (small + 1,) * larger + (small,) * (count - larger):
        raise inner.error(f"{weights} weights are cut evenly into {count} chunks, larger ones first", "chunks", len(chunks))
    return Cut(chunks, weights, inner.values)


def read_model(fields: Fields) -> tuple[Mapping[str, str], bytes]:
    """(name and architecture, base digest)."""
    model = fields.child("model").only(("name", "architecture", "base_digest"))
    fields.match("created", TIME)
    return {name: model.text(name, 1, 200) for name in ("name", "architecture")}, model.digest("base_digest")


def read_made(fields: Fields, layout: Frame) -> tuple[bytes, bytes]:
    """Digests of tables and reference string; the preset must be that of the tables."""
    fields.expect("preset", layout.preset)
    return fields.digest("tables_digest"), fields.digest("srs_digest")


def read_messages(file: Container) -> tuple[int, ...]:
    """`chunks`, rising, and one tensor `proof.NNNNN` for each, of a size that a message can have."""
    chunks = file.fields.integers("chunks", 0, MAX_CHUNKS - 1)
    if not chunks or list(chunks) != sorted(set(chunks)):
        raise file.error("must be rising chunk numbers, and there must be one", "chunks", chunks)
    sizes = {name: array.shape for name, array in file.tensors.items()}
    names = [message_name(chunk) for chunk in chunks]
    file.expect_tensors({name: ("U8", sizes[name] if len(sizes.get(name, ())) == 1 else (0,)) for name in names})
    for name in names:
        if not 1 <= sizes[name][0] <= MAX_MESSAGE:
            raise file.error(f"a chunk's message has 1 to {MAX_MESSAGE} bytes", name, sizes[name])
    return chunks


def message_name(chunk: int) -> str:
    return f"proof.{chunk:05}"


def unpack_mask(file: Container, name: str, cut: Cut) -> np.ndarray:
    """bool [W] from little-endian bits; unused bits of the last byte must be 0."""
    bits = np.unpackbits(file.tensors[name], bitorder="little")
    if bits[cut.weights :].any():
        raise file.error("unused bits of the last byte must be 0", name)
    return bits[: cut.weights].astype(bool)


def _gamma(fields: Fields, cut: Cut) -> tuple[int, ...]:
    """One damping a chunk, on the public grid 2^j, 3*2^j: a coarse grid leaks little of the size of the gradients."""
    gamma = fields.integers("gamma", 1, GAMMA_LIMIT)
    if len(gamma) != len(cut.chunks):
        raise fields.error("one damping a chunk is needed", "gamma", len(gamma))
    for value in gamma:
        if value // (value & -value) not in (1, 3):
            raise fields.error("not on the grid 2^j, 3*2^j", "gamma", value)
    return gamma

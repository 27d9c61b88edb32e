"""A small fleet on the toy preset, made by the Python provers alone: two chunks, two requests, an enrolment and a renewal.

Files are written by the product's own writer, so that what the reference prover reads is what clients and providers send.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reference_prover import tables as table_format
from reference_prover.bundle_files import commit_active, lane_matrix
from reference_prover.chunk import Commitments, commit_columns
from reference_prover.chunk_blinding import Source
from reference_prover.chunk_blinding import theta as theta_rows
from reference_prover.compensation import compensate
from reference_prover.curve import curve
from reference_prover.curve.encoding import parse_g2, write_g2_uncompressed
from reference_prover.curve.twist import G2_GENERATOR
from reference_prover.enrolment import prove as enrolment_prove
from reference_prover.enrolment.points import commit_statement as commit_enrolment
from reference_prover.enrolment.statement import FIRST, EnrolmentStatement
from reference_prover.enrolment.witness import EnrolmentWitness
from reference_prover.layout import of_enrolment_tables, of_tables
from reference_prover.plonk import ProvingKey
from reference_prover.rounds import prove as online_prove
from reference_prover.rounds.columns import weight_columns
from reference_prover.rounds.points import ChunkPoints, commit_statement
from reference_prover.srs import CEREMONY, CEREMONY_S_G2, from_ceremony
from reference_prover.statement import Statement, rules
from reference_prover.witness import Witness
from zkapex_jax.formats.container import SIGNATURE_CONTEXT
from zkapex_jax.formats.container_writer import write_container

VECTORS = Path(__file__).parents[2] / "vectors" / "tables"
CHUNKS, GAMMA, CLIENT, TIME = (451, 450), 3 << 12, "client-07", "2026-01-31T12:00:00Z"
WEIGHTS = sum(CHUNKS)
LAYOUT = {"pattern": "**/kernel", "tensors": [{"path": "a/kernel", "shape": [WEIGHTS]}], "weights": WEIGHTS, "chunks": list(CHUNKS)}
SIGN_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNER = SIGN_KEY.public_key().public_bytes_raw().hex()


def sign(header: bytes) -> bytes:
    return SIGN_KEY.sign(SIGNATURE_CONTEXT + header)


def part(values: np.ndarray, chunk: int) -> np.ndarray:
    start = sum(CHUNKS[:chunk])
    return values[..., start : start + CHUNKS[chunk]]


def pack(mask: np.ndarray) -> np.ndarray:
    return np.packbits(mask, bitorder="little")


def encoded(*commitments: Commitments, shape: tuple[int, ...]) -> np.ndarray:
    return np.frombuffer(b"".join(data for one in commitments for data in one.data), np.uint8).reshape(*shape, 48)


@dataclass
class Held:
    """What one side knows after an enrolment: seeds, integers, and the files' digests."""

    seeds: dict[str, bytes]
    theta: np.ndarray
    gradients: np.ndarray
    digest: str = ""
    state: str = ""


class World:
    def __init__(self, folder: Path) -> None:
        self.folder, self.rng, self.curve = folder, np.random.default_rng(5), curve()
        self.srs = from_ceremony(8, self.curve)
        self.tables, self.enrol_tables = VECTORS / "toy.tables.json", VECTORS / "enrol-toy.tables.json"
        self.key, self.enrol_key = (ProvingKey.of(table_format.read(path), self.srs, self.curve) for path in (self.tables, self.enrol_tables))
        self.size, self.enrol_size = of_tables(self.key.verifying.circuit.tables), of_enrolment_tables(self.enrol_key.verifying.circuit.tables)
        self.theta0 = self.rng.integers(-9000, 9000, WEIGHTS).astype(np.int32)
        self.cumulative = np.zeros(WEIGHTS, dtype=bool)
        self.states: dict[str, np.ndarray] = {}
        self._write_srs()
        self.distance = [1 << 27] * len(CHUNKS)
        self._write_base()

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.safetensors"

    @cached_property
    def made(self) -> dict[str, Any]:
        digest = self.key.verifying.circuit.tables.digest.hex()
        return {"preset": "toy", "tables_digest": digest, "srs_digest": self.srs.digest.hex(), "srs_insecure": False, "created": TIME, "layout": LAYOUT}

    def write(self, name: str, kind: str, fields: dict[str, Any], tensors: dict[str, np.ndarray], signed: bool = False) -> str:
        return write_container(self.path(name), kind, fields, tensors, sign=sign if signed else None, force=True)

    def _write_srs(self) -> None:
        points = lambda row: np.frombuffer(b"".join(map(self.curve.encode_uncompressed, row)), np.uint8).reshape(-1, 96)
        g2 = [write_g2_uncompressed(G2_GENERATOR), write_g2_uncompressed(parse_g2(CEREMONY_S_G2, "tau"))]
        tensors = {"g1_monomial": points(self.srs.g1_monomial), "g1_lagrange": points(self.srs.g1_lagrange)}
        tensors["g2"] = np.frombuffer(b"".join(g2), np.uint8).reshape(2, 192)
        self.write("srs", "srs", {"k": 8, "insecure": False, "source": CEREMONY}, tensors)

    def commit_public(self, values: np.ndarray) -> Commitments:
        """Of a chunk's public values, by lane."""
        return Commitments.of(self.curve, [commit_active(self.srs, self.size, lane) for lane in lane_matrix(self.size, values)])

    def _write_base(self) -> None:
        digest = hashlib.sha256(b"zkapex.base/1\0" + self.theta0.tobytes()).hexdigest()
        points = [self.commit_public(part(self.theta0, chunk)) for chunk in range(len(CHUNKS))]
        fields = self.made | {"model": {"name": "digits", "architecture": "vit", "base_digest": digest}, "distance": self.distance, "signer": SIGNER}
        fields["enrol_tables_digest"] = self.enrol_key.verifying.circuit.tables.digest.hex()
        tensors = {"theta0": self.theta0, "c_base": encoded(*points, shape=(len(CHUNKS), self.size.lanes))}
        self.base = self.write("base", "base", fields, tensors, signed=True)
        self.model = {"name": "digits", "architecture": "vit", "base_digest": self.base}

    def enrol(self, name: str, replaces: Held | None = None) -> Held:
        """Writes `name` and `name-proof`; a renewal keeps the weights of `replaces`."""
        on = ~self.cumulative
        theta = replaces.theta if replaces else (self.theta0 + self.rng.integers(-300, 300, WEIGHTS)).astype(np.int32)
        gradients = (self.rng.integers(-35, 36, (self.size.client_rows, WEIGHTS)) * on).astype(np.int8)
        held = Held({label: self.rng.bytes(32) for label in ("theta_p", "gradients")}, theta, gradients)
        seeds = held.seeds | ({"theta_current": replaces.seeds["theta_p"]} if replaces else {})
        witness = lambda chunk: EnrolmentWitness(
            *(tuple(part(values, chunk).tolist()) for values in (theta, self.theta0, on.astype(int))), part(gradients, chunk), tuple(part(theta, chunk).tolist()) if replaces else None
        )
        blinding = [enrolment_prove.blinding_of(self.enrol_size, chunk, seeds, Source()) for chunk in range(len(CHUNKS))]
        points = [commit_enrolment(self.srs, self.enrol_size, witness(chunk), blind) for chunk, blind in enumerate(blinding)]
        lanes, rows = self.size.lanes, self.size.client_rows
        tensors = {
            "c_theta": encoded(*(one.theta_p for one in points), shape=(len(CHUNKS), lanes)),
            "c_gradients": encoded(*(one.gradients for one in points), shape=(len(CHUNKS), rows, lanes)),
        }
        fields = self.made | {"client_id": CLIENT, "model": self.model, "gamma": [GAMMA] * len(CHUNKS), "fixed_point_bits": 16, "nonce": self.rng.bytes(32).hex()}
        held.digest = self.write(name, "enrolment", fields, tensors)
        digests = {"enrolment_digest": held.digest, "base_digest": self.base, "state_digest": replaces.state if replaces else ""}
        fields = digests | {"client_id": CLIENT, "preset": "toy", "srs_digest": self.srs.digest.hex(), "insecure": True, "chunks": list(range(len(CHUNKS)))}
        fields["enrol_tables_digest"] = self.enrol_key.verifying.circuit.tables.digest.hex()
        statement = lambda chunk: EnrolmentStatement(
            "toy", CLIENT, self.enrol_key.verifying.circuit.tables.digest, self.srs.digest, bytes.fromhex(held.digest), bytes.fromhex(self.base),
            bytes.fromhex(replaces.state) if replaces else FIRST, chunk, CHUNKS[chunk], GAMMA, self.distance[chunk],
        )  # fmt: skip
        messages = {
            f"proof.{chunk:05}": np.frombuffer(enrolment_prove.prove_chunk(self.enrol_key, statement(chunk), witness(chunk), points[chunk], blinding[chunk]), np.uint8)
            for chunk in range(len(CHUNKS))
        }
        self.write(f"{name}-proof", "enrolment-proof", fields, messages)
        held.state = self._write_state(f"{name}-state", held, tensors["c_theta"])
        return held

    def _write_state(self, name: str, held: Held, c_theta: np.ndarray) -> str:
        fields = {"client_id": CLIENT, "enrolment_digest": held.digest, "position": 0, "head": "ab" * 32, "layout": LAYOUT}
        digest = self.write(name, "state", fields, {"c_theta": c_theta, "cumulative": pack(self.cumulative)})
        self.states[digest] = c_theta
        return digest

    def forget(self, name: str, held: Held, mask: np.ndarray) -> Held:
        """Writes `name-state` as if the client had answered a request with this mask: what a renewal starts from."""
        self.cumulative = self.cumulative | mask
        after = replace(held, seeds=held.seeds | {"theta_p": self.rng.bytes(32)}, theta=(held.theta * ~mask).astype(np.int32))
        lanes, size = self.size.lanes, self.size.blinding_rows
        columns = [
            weight_columns(self.size, "theta_p", part(after.theta, chunk).tolist(), theta_rows(after.seeds["theta_p"], chunk, lanes, size))
            for chunk in range(len(CHUNKS))
        ]
        c_theta = encoded(*(commit_columns(self.srs, one) for one in columns), shape=(len(CHUNKS), lanes))
        after.state = self._write_state(f"{name}-state", after, c_theta)
        return after

    def answer(self, name: str, held: Held, mask: np.ndarray) -> Held:
        """Writes `name-request`, `name-bundle` and the state after them, `name-state`; gives what the client holds then."""
        touched = [chunk for chunk in range(len(CHUNKS)) if part(mask, chunk).any()]
        rows = {chunk: self.rng.integers(-35, 36, (self.size.forget_rows, CHUNKS[chunk])).astype(np.int8) for chunk in touched}
        free = ~(mask | self.cumulative)
        after = replace(held, seeds=held.seeds | {"theta_u": self.rng.bytes(32)}, theta=held.theta.copy())
        witnesses, budget = {}, []
        for chunk in touched:
            stacked = np.concatenate([part(held.gradients, chunk), rows[chunk]])
            witnesses[chunk] = compensate(part(held.theta, chunk).tolist(), part(free, chunk).astype(int).tolist(), stacked, GAMMA)
            part(after.theta, chunk)[:] = witnesses[chunk].theta_u
            budget.append(sum(d * d for d, f in zip(witnesses[chunk].delta, witnesses[chunk].free, strict=True) if f) * 5 // 4)
        request = self._write_request(f"{name}-request", mask, touched, rows, budget)
        messages = {chunk: self._message(chunk, held, after, witnesses[chunk], request, budget[touched.index(chunk)]) for chunk in touched}
        fields = {"client_id": CLIENT, "request_digest": request, "enrolment_digest": held.digest, "state_digest": held.state, "insecure": True, "chunks": touched}
        fields |= {label: self.made[label] for label in ("preset", "tables_digest", "srs_digest")}
        self.write(f"{name}-bundle", "bundle", fields, {f"proof.{chunk:05}": np.frombuffer(message, np.uint8) for chunk, message in messages.items()})
        return self._accepted(name, after, mask, messages)

    def _write_request(self, name: str, mask: np.ndarray, touched: list[int], rows: dict[int, np.ndarray], budget: list[int]) -> str:
        lanes = self.size.lanes
        free = [self.commit_public((~part(mask, chunk)).astype(np.int8)) for chunk in touched]
        forget = [self.commit_public(row) for chunk in touched for row in rows[chunk]]
        tensors = {f"h.{chunk:05}": row for chunk, row in rows.items()} | {"mask": pack(mask)}
        tensors["c_free"] = encoded(*free, shape=(len(touched), lanes))
        tensors["c_forget"] = encoded(*forget, shape=(len(touched), self.size.forget_rows, lanes))
        fields = self.made | {"request_id": "request-1", "model": self.model, "nonce": self.rng.bytes(32).hex(), "forget": "digits 3 and 8"}
        fields |= {"rules": {"t1": "gamma^2*d/8", "t2": "32*rows*gamma"}, "touched": touched, "budget": budget, "signer": SIGNER}
        return self.write(name, "request", fields, tensors, signed=True)

    def _message(self, chunk: int, held: Held, after: Held, witness: Witness, request: str, d: int) -> bytes:
        t1, t2 = rules(GAMMA, CHUNKS[chunk], self.size.rows)
        digests = (bytes.fromhex(digest) for digest in (held.digest, held.state, request))
        statement = Statement("toy", CLIENT, self.key.verifying.circuit.tables.digest, self.srs.digest, *digests, chunk, CHUNKS[chunk], GAMMA, t1, t2, d)
        blinding = online_prove.blinding_of(self.size, chunk, after.seeds, Source())
        points: ChunkPoints = commit_statement(self.srs, self.size, witness, blinding)
        return online_prove.prove_chunk(self.key, statement, witness, points, blinding)

    def _accepted(self, name: str, after: Held, mask: np.ndarray, messages: dict[int, bytes]) -> Held:
        """The ledger's next state: Com(theta_u) of touched chunks, everything forgotten. One seed serves all chunks here, so only
        a mask that touches every chunk may be followed by more."""
        c_theta = self.states[after.state].copy()
        for chunk, message in messages.items():
            c_theta[chunk] = np.frombuffer(message[: self.size.lanes * 48], np.uint8).reshape(-1, 48)
        self.cumulative = self.cumulative | mask
        after.seeds = after.seeds | {"theta_p": after.seeds["theta_u"]}
        after.state = self._write_state(f"{name}-state", after, c_theta)
        return after

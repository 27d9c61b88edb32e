"""Small valid files of every format, from which fuzzing starts: `python tests/fuzz/fuzz_seeds.py FOLDER` writes FOLDER/<target>/.

Points, messages and proofs are those of `vectors/`, so that what is read behind the digests is sound too.
"""

from __future__ import annotations

import json
import sys
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reference_prover.curve import curve
from reference_prover.curve.encoding import parse_g2, write_g2_uncompressed
from reference_prover.curve.twist import G2_GENERATOR
from reference_prover.srs import CEREMONY, CEREMONY_S_G2, from_ceremony
from zkapex_jax.formats.arrays import save_arrays
from zkapex_jax.formats.container import SIGNATURE_CONTEXT
from zkapex_jax.formats.container_writer import write_container
from zkapex_jax.presets import TOY
from zkapex_jax.protocol.base import weights_digest

VECTORS = Path(__file__).parents[2] / "vectors"
TIME, CLIENT, OF = "2026-01-31T12:00:00Z", "client-07", "11" * 32
#: The same key as in prover/fuzz/src/parts.rs: mutated files are signed again.
KEY = Ed25519PrivateKey.from_private_bytes(bytes([7] * 32))
SIGNER = KEY.public_key().public_bytes_raw().hex()
#: Sizes of chunks: one that is partly full, and two.
CUTS = {"one": (30,), "two": (451, 450)}
CIRCUITS = ("cycles", "empty", "instance_only", "leftover", "next_first", "pairs", "ranges", "rotated_only", "steps", "wide")


def sign(header: bytes) -> bytes:
    return KEY.sign(SIGNATURE_CONTEXT + header)


def vector(name: str) -> Any:
    return json.loads((VECTORS / name).read_text())


def encoding(case: dict[str, str]) -> bytes:
    """What a vector of encodings holds: hex digits, or a decimal as it is written."""
    return case["bytes"].encode() if case["kind"] == "decimal" else bytes.fromhex(case["bytes"])


class Seeds:
    def __init__(self, folder: Path) -> None:
        self.folder, self.rng = folder, np.random.default_rng(1)
        chunk = vector("chunks/fold-toy.json")["points"]
        self.hiding = [bytes.fromhex(point) for point in chunk["theta_p"] + chunk["gradients"]]
        self.public = [bytes.fromhex(point) for point in chunk["free"] + chunk["forget_rows"]]

    def path(self, target: str, name: str) -> Path:
        (self.folder / target).mkdir(parents=True, exist_ok=True)
        return self.folder / target / name

    def bytes(self, target: str, name: str, data: bytes) -> None:
        self.path(target, name).write_bytes(data)

    def artefact(self, target: str, name: str, fields: dict[str, Any], tensors: dict[str, np.ndarray], signed: bool = False) -> None:
        kind = {"admitted": "points"}.get(target, target)
        write_container(self.path(target, name), kind, fields, tensors, sign=sign if signed else None, force=True)

    def commitments(self, points: list[bytes], *shape: int) -> np.ndarray:
        return np.frombuffer(b"".join(islice(cycle(points), int(np.prod(shape)))), np.uint8).reshape(*shape, len(points[0]))

    def write(self) -> None:
        self.shared()
        self.others()

    def shared(self) -> None:
        self.write_artefacts()
        self.setup()
        self.messages()
        self.relation()
        self.ledger()

    def write_artefacts(self) -> None:
        for name, chunks in CUTS.items():
            Artefacts(self, name, chunks).write()

    def setup(self) -> None:
        """Tables, a ceremony's transcript cut short, reference strings, encodings."""
        for path in [*(VECTORS / "proofs").glob("*.tables.json"), *(VECTORS / "tables").glob("*toy.tables.json")]:
            self.tables(path.name, path.read_bytes())
        self.tables("tiny", vector("tables/tiny.json")["tables"].encode())
        hexadecimal = lambda data: "0x" + data.hex()
        powers = {"G1Powers": [hexadecimal(p) for p in self.hiding[:2]], "G2Powers": [hexadecimal(CEREMONY_S_G2)] * 2}
        counts = [{"numG1Powers": size, "numG2Powers": 2, "powersOfTau": powers} for size in (2, 4096)]
        self.bytes("ceremony", "short", json.dumps({"transcripts": counts}, sort_keys=True, separators=(",", ":")).encode())
        for k in (1, 2, 3):
            self.srs(k, CEREMONY, False)
            self.srs(k, "local", True)
        for kind in ("points", "scalars"):
            for number, case in enumerate(vector(f"encodings/{kind}.json")):
                if "bytes" in case:
                    self.bytes("points", f"{kind}-{number:03}", encoding(case))

    def tables(self, name: str, data: bytes) -> None:
        """As provers and verifiers read them, and as the builder does."""
        for target in ("tables", "circuit"):
            self.bytes(target, name, data)

    def srs(self, k: int, source: str, insecure: bool) -> None:
        group = curve()
        srs = from_ceremony(k, group)
        points = lambda row: np.frombuffer(b"".join(map(group.encode_uncompressed, row)), np.uint8).reshape(-1, 96)
        g2 = [write_g2_uncompressed(G2_GENERATOR), write_g2_uncompressed(parse_g2(CEREMONY_S_G2, "tau"))]
        tensors = {"g1_monomial": points(srs.g1_monomial), "g1_lagrange": points(srs.g1_lagrange)}
        tensors["g2"] = np.frombuffer(b"".join(g2), np.uint8).reshape(2, 192)
        self.artefact("srs", f"{source}-{k}", {"k": k, "insecure": insecure, "source": source}, tensors)

    def messages(self) -> None:
        """Messages of chunks and proofs of circuits, honest ones and the vectors' invalid twins. A proof ends with its circuit."""
        for target, name in {"answer": "fold-toy", "enrolled": "enrolment-toy", "renewed": "renewal-toy"}.items():
            case = vector(f"chunks/{name}.json")
            self.bytes(target, "0-honest", bytes.fromhex(case["message"]))
            for twin in case["invalid"]:
                if "message" in twin:
                    self.bytes(target, twin["name"], bytes.fromhex(twin["message"]))
        for number, name in enumerate(CIRCUITS):
            case = vector(f"proofs/{name}.json")
            self.bytes("proof", name, bytes.fromhex(case["proof"]) + bytes([number]))
            for twin in case["invalid"]:
                if "proof" in twin:
                    self.bytes("proof", f"{name}.{twin['name']}", bytes.fromhex(twin["proof"]) + bytes([number]))

    def relation(self) -> None:
        """Columns of the circuit `pairs`, as prover and verifier read them."""
        case = vector("proofs/pairs.json")
        scalars = lambda text: np.frombuffer(b"".join(int(x).to_bytes(32, "little") for x in text.split()), np.uint8).reshape(-1, 32)
        plain = {name: scalars(text) for name, text in case["plain"].items()}
        secret = {name: scalars(text) for name, text in (case["committed"] | case["advice"]).items()}
        points = {name: np.frombuffer(bytes.fromhex(point), np.uint8) for name, point in case["commitments"].items()}
        save_arrays(self.path("columns", "pairs"), plain | secret, force=True)
        save_arrays(self.path("public", "pairs"), plain | points, force=True)
        floats = {"pixel_values": np.zeros((2, 3), np.float32), "labels": np.arange(2, dtype=np.int32)}
        save_arrays(self.path("arrays", "data"), floats, force=True)
        save_arrays(self.path("arrays", "columns"), plain | secret, force=True)

    def ledger(self) -> None:
        """A ledger with one of everything, and edits of its rows: each column of the first row of each table, sealed and not."""
        from fuzz_ledger import template

        self.bytes("ledger", "whole", template())
        for number, value in enumerate(("x", 7, None, {"hex": "00"}, "{}")):
            for table in range(9):
                edits = {"edits": [[table, column, 0, value] for column in range(number, 9, 5)], "seal": bool(table % 2)}
                self.bytes("ledger-rows", f"{number}-{table}", json.dumps(edits, sort_keys=True, separators=(",", ":")).encode())


    def others(self) -> None:
        """What the product alone reads; each module knows its own."""
        import fuzz_models
        import fuzz_own
        import fuzz_service
        import fuzz_signed

        for module in (fuzz_signed, fuzz_own, fuzz_service, fuzz_models):
            module.seeds(self.bytes)


class Artefacts:
    """One of each kind for one cut of the weights into chunks."""

    def __init__(self, seeds: Seeds, name: str, chunks: tuple[int, ...]) -> None:
        self.seeds, self.name, self.chunks, self.count, self.weights = seeds, name, chunks, len(chunks), sum(chunks)
        rng = seeds.rng
        tensors = [{"path": "a/kernel", "shape": [self.weights // 2]}, {"path": "b/kernel", "shape": [self.weights - self.weights // 2]}]
        self.layout = {"pattern": "**/kernel", "tensors": tensors, "weights": self.weights, "chunks": list(chunks)}
        self.model = {"name": "digits", "architecture": "vit", "base_digest": "22" * 32}
        self.made = {"preset": TOY.name, "tables_digest": "33" * 32, "srs_digest": "44" * 32, "srs_insecure": False, "created": TIME}
        self.theta = rng.integers(-9000, 9000, self.weights).astype(np.int32)
        self.links = {"client_id": CLIENT, "enrolment_digest": "55" * 32, "state_digest": "66" * 32}
        mask = rng.integers(0, 2, self.weights).astype(bool)
        self.mask = np.packbits(mask, bitorder="little")

    def put(self, target: str, fields: dict[str, Any], tensors: dict[str, np.ndarray], **options: Any) -> None:
        self.seeds.artefact(target, self.name, fields, tensors, **options)

    def write(self) -> None:
        self.base()
        self.client()
        self.request()
        self.proofs()

    def base(self) -> None:
        fields = self.made | {"layout": self.layout, "enrol_tables_digest": "77" * 32, "distance": [1 << 40] * self.count, "signer": SIGNER}
        fields["model"] = self.model | {"base_digest": weights_digest(self.theta)}
        points = self.seeds.commitments(self.seeds.public, self.count, TOY.lanes)
        self.put("base", fields, {"theta0": self.theta, "c_base": points}, signed=True)

    def client(self) -> None:
        seeds, count, lanes = self.seeds, self.count, TOY.lanes
        c_theta = seeds.commitments(seeds.hiding, count, lanes)
        gamma = {"gamma": [3 << 12] * count}
        tensors = {"c_theta": c_theta, "c_gradients": seeds.commitments(seeds.hiding, count, TOY.client_rows, lanes)}
        fields = {"client_id": CLIENT, "model": self.model, "layout": self.layout, "fixed_point_bits": 16, "nonce": "88" * 32}
        self.put("enrolment", self.made | fields | gamma, tensors)
        fields = {"client_id": CLIENT, "enrolment_digest": "55" * 32, "position": 3, "head": "ab" * 32, "layout": self.layout}
        self.put("state", fields, {"c_theta": c_theta, "cumulative": self.mask})
        tensors = {"theta_u": self.theta, "sigma.00000": np.zeros(TOY.rows, np.int64)}
        self.put("update", self.links | {"request_digest": "99" * 32}, tensors)
        if count > 1:
            return
        tensors = {"theta": self.theta, "gradient_seed": seeds.rng.integers(0, 256, 32, np.uint8), "theta_seeds": seeds.rng.integers(0, 256, (count, 32), np.uint8)}
        tensors |= {f"gradients.{i:05}": seeds.rng.integers(-127, 128, (TOY.client_rows, size), np.int8) for i, size in enumerate(self.chunks)}
        self.put("secret", {"client_id": CLIENT, "layout": self.layout, "preset": TOY.name, "enrolment_digest": "55" * 32} | gamma, tensors)
        group = curve()
        points = [group.encode_uncompressed(group.decode(point, "a point")) for point in seeds.hiding]
        self.put("admitted", {"of": OF}, {"c_gradients": seeds.commitments(points, count, TOY.client_rows, lanes)})

    def request(self) -> None:
        seeds, count = self.seeds, self.count
        rules = {"t1": "gamma^2*d/8", "t2": "32*rows*gamma"}
        fields = {"request_id": "r-1", "model": self.model, "layout": self.layout, "nonce": "aa" * 32, "forget": "digits 3 and 8", "rules": rules}
        fields |= {"touched": list(range(count)), "budget": [1 << 40] * count, "signer": SIGNER}
        tensors = {f"h.{i:05}": seeds.rng.integers(-35, 36, (TOY.forget_rows, size)).astype(np.int8) for i, size in enumerate(self.chunks)}
        tensors |= {"mask": self.mask, "c_free": seeds.commitments(seeds.public, count, TOY.lanes)}
        tensors["c_forget"] = seeds.commitments(seeds.public, count, TOY.forget_rows, TOY.lanes)
        self.put("request", self.made | fields, tensors, signed=True)

    def proofs(self) -> None:
        chunks = list(range(self.count))
        message = lambda name: np.frombuffer(bytes.fromhex(vector(f"chunks/{name}.json")["message"]), np.uint8)
        fields = self.links | {"request_digest": "99" * 32, "insecure": True, "chunks": chunks}
        fields |= {name: self.made[name] for name in ("preset", "tables_digest", "srs_digest")}
        self.put("bundle", fields, {f"proof.{i:05}": message("fold-toy") for i in chunks})
        fields = self.links | {"base_digest": "22" * 32, "preset": TOY.name, "enrol_tables_digest": "77" * 32, "srs_digest": "44" * 32}
        fields |= {"insecure": True, "chunks": chunks, "state_digest": "" if self.count == 1 else "66" * 32}
        self.put("enrolment-proof", fields, {f"proof.{i:05}": message("enrolment-toy") for i in chunks})


if __name__ == "__main__":
    Seeds(Path(sys.argv[1])).write()

"""What must hold of every relation: each program accepts the other's proofs, both refuse the same, and a seed fixes the bytes."""

from __future__ import annotations

import random
import secrets

from interop_book import PYTHON, RUST, Book
from interop_relation import Public, Relation, flipped, random_outer

from reference_prover import plonk
from reference_prover.curve import Curve
from reference_prover.field import MODULUS


def rust_proves_python_verifies(relation: Relation, backend: Curve, book: Book) -> bytes:
    """A proof with randomness of the operating system."""
    proof, made = relation.rust_prove()
    assert made.commitments == relation.commitments, "the programs commit to the same columns differently"
    assert made.key == relation.verifying(backend).transcript_repr, "the programs derive different keys from the same tables"
    accepted, seconds = relation.python_verify(proof, backend)
    assert accepted
    book.add(relation.name, "proven", RUST, k=relation.tables.k, seconds=made.seconds, size=len(proof))
    book.add(relation.name, "verified", f"{PYTHON}, {backend.name}", k=relation.tables.k, seconds=seconds, size=len(proof))
    return proof


def python_proves_rust_verifies(relation: Relation, book: Book) -> bytes:
    """The other way round, by the fastest backend."""
    proof, seconds = relation.python_prove()
    verdict = relation.rust_verify(proof)
    assert verdict.accepted, verdict.reason
    name = f"{PYTHON}, {relation.fast.verifying.curve.name}"
    book.add(relation.name, "proven", name, k=relation.tables.k, seconds=seconds, size=len(proof))
    book.add(relation.name, "verified", RUST, k=relation.tables.k, seconds=verdict.seconds, size=len(proof))
    return proof


def the_same_seed_gives_the_same_bytes(relation: Relation, book: Book) -> None:
    """Byte for byte; where not, the message says in which round and field."""
    seed = secrets.token_bytes(32)
    (rust, made), (python, _) = relation.rust_prove(seed), relation.python_prove(seed)
    assert made.insecure_blinding
    where = plonk.first_difference(relation.fast, rust, python)
    assert where is None, f"seed {seed.hex()}: the proofs first differ in {where}"
    assert rust == python
    assert relation.rust_prove()[0] != rust, "without a seed every proof is another"
    book.count("proofs equal byte for byte from the same seed")


def both_refuse(relation: Relation, proof: bytes, public: Public, what: str, backend: Curve, book: Book) -> None:
    """The same verdict, and that one is a refusal."""
    rust, (python, _) = relation.rust_verify(proof, public), relation.python_verify(proof, backend, public)
    assert rust.accepted == python, f"{what}: Rust {rust.accepted} ({rust.reason}), Python {python}"
    assert not python, f"{what}: accepted by both"
    book.count("altered proofs, statements and bindings of small circuits refused by both")


def alterations_are_refused_by_both(relation: Relation, proof: bytes, backend: Curve, book: Book, bits: int) -> None:
    """Single bits all over the proof; another length; another statement; another binding."""
    draw = random.Random(f"{relation.name}/{bits}")
    for bit in sorted(draw.sample(range(8 * len(proof)), bits)):
        both_refuse(relation, flipped(proof, bit), Public(), f"bit {bit}", backend, book)
    for what, other in (("a byte more", proof + b"\0"), ("a byte less", proof[:-1]), ("nothing", b"")):
        both_refuse(relation, other, Public(), what, backend, book)
    both_refuse(relation, proof, Public(outer=random_outer()), "another binding", backend, book)
    for what, public in _other_statements(relation):
        both_refuse(relation, proof, public, what, backend, book)


def _other_statements(relation: Relation) -> list[tuple[str, Public]]:
    """One cell of each plain column, and one commitment, at a time."""
    result = []
    for name, cells in relation.plain.items():
        if cells:
            changed = [(cells[0] + 1) % MODULUS, *cells[1:]]
            result.append((f"{name}[0]", Public(plain=relation.plain | {name: changed})))
            result.append((f"{name} without its last cell", Public(plain=relation.plain | {name: cells[:-1]})))
    backend = relation.fast.verifying.curve
    for name, data in relation.commitments.items():
        moved = backend.encode(backend.add(backend.decode(data, name), backend.generator()))
        result.append((f"commitment of {name}", Public(commitments=relation.commitments | {name: moved})))
    return result

"""Ways to alter a file of proofs, each to be judged alike by both programs."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from interop_book import Book
from interop_files import Case, rewrite, tensors_of
from interop_relation import flipped

from reference_prover.curve import Curve

POINT = 48
INFINITY = bytes([0xC0]) + bytes(POINT - 1)
ORDER_THREE = bytes([0x80]) + bytes(POINT - 1)  # (0, ±2): on the curve, outside the subgroup


def altered_files(case: Case, folder: Path, head: int, bits: int) -> Iterator[tuple[str, Path]]:
    """(what was altered, file). `head`: bytes of commitments before the proof of a message; `bits`: single bits to flip in each
    message. Messages are altered below their digests, so that the proofs are judged and not the file."""
    tensors = tensors_of(case.proof)
    for name, array in tensors.items():
        for what, message in _altered_messages(array.tobytes(), head, bits, name):
            changed = tensors | {name: np.frombuffer(message, np.uint8)}
            yield f"{name}, {what}", rewrite(case.proof, folder / "altered.safetensors", changed)
    for what, edit in HEADERS.items():
        yield f"header, {what}", rewrite(case.proof, folder / "altered.safetensors", edit=edit)
    if len(tensors) > 1:
        names = sorted(tensors)
        swapped = dict(zip(names, [tensors[name] for name in reversed(names)]))
        yield "messages swapped", rewrite(case.proof, folder / "altered.safetensors", swapped)
        yield "a message missing", rewrite(case.proof, folder / "altered.safetensors", {name: tensors[name] for name in names[1:]})
    data = case.proof.read_bytes()
    for what, raw in (("a byte more", data + b"\0"), ("a byte less", data[:-1]), ("a bit of the file", flipped(data, 8 * len(data) - 9))):
        (folder / "altered.safetensors").write_bytes(raw)
        yield what, folder / "altered.safetensors"


def _altered_messages(message: bytes, head: int, bits: int, name: str) -> Iterator[tuple[str, bytes]]:
    draw = random.Random(f"{name}/{len(message)}/{bits}")
    for bit in sorted(draw.sample(range(8 * len(message)), bits)):
        yield f"bit {bit}", flipped(message, bit)
    for label, point in (("infinity", INFINITY), ("a point of order three", ORDER_THREE), ("the second", message[POINT : 2 * POINT])):
        yield f"first commitment {label}", point + message[POINT:]
        yield f"first point of the proof {label}", message[:head] + point + message[head + POINT :]
    yield "a byte more", message + b"\0"
    yield "a byte less", message[:-1]
    yield "proof without its last field", message[:-POINT]


HEADERS: dict[str, Callable[[dict], dict]] = {
    "another client": lambda header: header | {"client_id": header["client_id"] + "2"},
    "another enrolment": lambda header: header | {"enrolment_digest": "00" * 32},
    "another reference string": lambda header: header | {"srs_digest": "11" * 32},
    "another preset": lambda header: header | {"preset": "ceremony-16384"},
    "the mark of insecurity": lambda header: header | {"insecure": not header["insecure"]},
    "the mark as a word": lambda header: header | {"insecure": "true"},
    "fewer chunks": lambda header: header | {"chunks": header["chunks"][1:]},
    "chunks as one": lambda header: header | {"chunks": header["chunks"] + header["chunks"]},
    "another version": lambda header: header | {"version": "2"},
    "a field more": lambda header: header | {"note": "hello"},
    "a field less": lambda header: {name: value for name, value in header.items() if name != "client_id"},
}


#: Both refuse a field that no reader knows, except the Rust program in headers of these kinds, which it reads field by field.
LOOSER = {"header, a field more"}


def judged_alike(case: Case, backend: Curve, book: Book, folder: Path, head: int, bits: int, every: int = 1) -> None:
    """Both programs refuse altered files (each `every`-th) in the same way: chunk by chunk, as a whole, or as malformed."""
    differences = []
    for what, path in islice(altered_files(case, folder, head, bits), 0, None, every):
        other = case.with_proof(path)
        (rust, _), (python, _) = other.rust(), other.python(backend)
        if rust != python and {rust[0], python[0]} != {"input", "refused"} and what not in LOOSER:
            differences.append(f"{what}: Rust {rust}, Python {python}")
        elif python[0] == "chunks" and all(python[1:]):
            differences.append(f"{what}: accepted")
        book.count("altered bundles and enrolment proofs judged alike by both")
    assert not differences, "\n".join(differences)

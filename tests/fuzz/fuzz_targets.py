"""What is attacked on the Python side: the readers of each format, the product's and the reference prover's, on the same bytes.

Both must answer alike: a file that one takes and the other refuses is a fault, as is any error that is not typed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from reference_prover import artefacts, artefacts_provider, safetensors, srs
from reference_prover import tables as reference_tables
from reference_prover.curve import curve
from reference_prover.curve.encoding import parse_g1, parse_g2
from reference_prover.errors import SpecError, TablesError
from reference_prover.field import from_bytes, parse
from reference_prover.layout import EnrolmentLayout, Layout, of_enrolment_tables, of_tables
from reference_prover.plonk.circuit import MAX_DEGREE, highest_degree
from zkapex_jax.circuit import parse as parse_circuit
from zkapex_jax.errors import InputError, RefusedError, ZkapexError
from zkapex_jax.formats.arrays import load_arrays
from zkapex_jax.protocol import Base, Bundle, ClientSecret, Enrolment, EnrolmentProof, Points, Request, State, Update, check_signature

VECTORS = Path(__file__).parents[2] / "vectors"
#: Longest part of an error that may come from a hostile file, in characters.
MAX_TEXT = 500
Reader = Callable[[bytes], object]


class Fault(Exception):
    """What fuzzing looks for."""


@dataclass(frozen=True)
class Target:
    """`shape`: how `fuzz_mutate` takes the bytes apart. `readers` by name; all must agree."""

    name: str
    shape: str
    max: int
    readers: Mapping[str, Reader]
    #: What a refusal may be, beside the reference prover's own.
    refusals: tuple[type[ZkapexError], ...] = (InputError, RefusedError)

    def run(self, data: bytes) -> dict[str, str]:
        """Reader -> "accepted", or the refusal. Raises Fault, or whatever a reader raises that is no typed error."""
        outcomes = {name: outcome(self, reader, data) for name, reader in self.readers.items()}
        accepted = {text == "accepted" for text in outcomes.values()}
        if len(accepted) > 1 and not any(known(self.name, text) for text in outcomes.values()):
            raise Fault(f"{self.name}: readers disagree: {outcomes}")
        return outcomes


#: Reasons that one reader alone has, and why: (target, part of the message).
ALONE = {
    # Dates are looked at by the ledger's side; provers and verifiers ask for their form alone.
    ("", "must be a UTC time such as"),
}


def known(target: str, text: str) -> bool:
    return any(name in ("", target) and part in text for name, part in ALONE)


def outcome(target: Target, reader: Reader, data: bytes) -> str:
    try:
        reader(data)
    except (SpecError, *target.refusals) as error:
        for text in (error.message, error.field or "", "" if error.value is None else str(error).partition(" (got ")[2]):
            if len(text) > MAX_TEXT:
                raise Fault(f"{target.name}: an error of {len(text)} characters: {type(error).__name__}") from error
        return f"{type(error).__name__}: {error.field or ''}: {error.message}"
    return "accepted"


class Scratch:
    """A file in memory, written anew for every input: readers take paths."""

    def __init__(self) -> None:
        self.handle = os.memfd_create("fuzz")
        self.path = Path(f"/dev/fd/{self.handle}")

    def hold(self, data: bytes) -> Path:
        os.ftruncate(self.handle, 0)
        os.pwrite(self.handle, data, 0)
        return self.path


@lru_cache
def scratch() -> Scratch:
    return Scratch()


@lru_cache
def layout() -> Layout:
    return of_tables(reference_tables.read(VECTORS / "tables" / "toy.tables.json"))


@lru_cache
def enrol_layout() -> EnrolmentLayout:
    return of_enrolment_tables(reference_tables.read(VECTORS / "tables" / "enrol-toy.tables.json"))


def by_path(read: Callable[[Path], object]) -> Reader:
    return lambda data: read(scratch().hold(data))


def artefact(name: str, kind: Any, reference: Callable[[Path], object] | None, bits: int = 13) -> Target:
    def product(path: Path) -> object:
        read = kind.from_file(path)
        if kind in (Base, Request):
            check_signature(read, read.signer)
        return read

    readers = {"product": by_path(product)} | ({"reference": by_path(reference)} if reference else {})
    return Target(name, "container", 1 << bits, readers)


def tables(data: bytes) -> None:
    """The degree is bounded where keys are made; sizes are read where the tables are of a relation that has them."""
    read = reference_tables.parse(data)
    if highest_degree(read) > MAX_DEGREE:
        raise TablesError("over the degree limit", field="gates")
    for sizes in (of_tables, of_enrolment_tables):
        try:
            sizes(read)
        except SpecError:
            continue


def encodings(data: bytes) -> None:
    """Every decoder takes its bytes or refuses them; some decoder must take them."""
    refused: SpecError | None = None
    taken, group = False, curve()
    decoders = (
        lambda: parse_g1(data, "point"), lambda: parse_g2(data, "point"),
        lambda: group.decode(data, "point"), lambda: group.decode_g2(data, "point"),
        lambda: from_bytes(data), lambda: parse(data.decode("utf-8", "replace")),
    )  # fmt: skip
    for decode in decoders:
        try:
            decode()
            taken = True
        except SpecError as error:
            refused = error
    if refused and not taken:
        raise refused


def _all() -> list[Target]:
    from fuzz_chunks import CHUNKS
    from fuzz_ledger import LEDGER
    from fuzz_models import MODELS
    from fuzz_own import OWN
    from fuzz_service import SERVICE
    from fuzz_signed import SIGNED

    plain = {"reference": safetensors.parse, "product": by_path(load_arrays)}
    return [
        # The builder takes less than provers and verifiers do: names of a form, no copy twice. The two are not compared.
        Target("tables", "json", 1 << 15, {"reference": tables}),
        Target("circuit", "json", 1 << 15, {"product": parse_circuit}),
        Target("srs", "container", 1 << 13, {"reference": lambda data: srs.parse(data, curve())}),
        Target("columns", "container", 1 << 13, {"reference": plain["reference"]}),
        Target("arrays", "container", 1 << 13, {"product": plain["product"]}),
        Target("points", "slots", 1 << 10, {"reference": encodings}),
        artefact("base", Base, lambda path: artefacts_provider.Base.read(path, enrol_layout())),
        artefact("enrolment", Enrolment, lambda path: artefacts.Enrolment.read(path, layout())),
        artefact("enrolment-proof", EnrolmentProof, lambda path: artefacts.EnrolmentProof.read(path, enrol_layout()), 14),
        artefact("request", Request, lambda path: artefacts_provider.Request.read(path, layout())),
        artefact("state", State, lambda path: artefacts.State.read(path, layout())),
        artefact("secret", ClientSecret, None),
        artefact("update", Update, None),
        artefact("admitted", Points, None),
        artefact("bundle", Bundle, lambda path: artefacts.Bundle.read(path, layout()), 14),
        *CHUNKS,
        *LEDGER,
        *SIGNED,
        *OWN,
        *SERVICE,
        *MODELS,
    ]


@lru_cache
def targets() -> dict[str, Target]:
    """By name."""
    return {target.name: target for target in _all()}

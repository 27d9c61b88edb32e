"""The folded relation and the enrolment on the toy preset, files and all: each program proves, the other verifies."""

from __future__ import annotations

import secrets
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from interop_alterations import POINT, judged_alike
from interop_book import PYTHON, RUST, Book
from interop_clients import PythonClient
from interop_files import Case, rewrite, tensors_of

from reference_prover.chunk_blinding import Source
from reference_prover.curve import Curve, curve
from reference_prover.plonk import layout
from zkapex_jax import workflow
from zkapex_jax.presets import get_preset

sys.path.append(str(Path(__file__).parents[1] / "workflow"))
from chain_world import WEIGHTS, World, every, open_world  # noqa: E402

TOY = get_preset("toy")
HEADS = {"bundle": (2 * TOY.lanes + TOY.bit_columns + 1) * POINT, "enrolment proof": TOY.cell_columns * POINT}


@dataclass(frozen=True)
class Answered:
    """An enrolled client and its answer to one request, both proven by the Rust program."""

    world: World
    enrolment: PythonClient
    bundle: PythonClient

    def named(self) -> dict[str, PythonClient]:
        return {"enrolment proof": self.enrolment, "bundle": self.bundle}


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Answered:
    folder = tmp_path_factory.mktemp("world")
    world = open_world(folder, folder / "cache")
    enrolled = world.enrol("alice")
    state, request = world.admit(enrolled.enrolment, enrolled.proof).state, world.request(every(20, 0), 1)
    made, proven = world.answer("alice", request, state)
    tool, client = world.tool, workflow.ClientFolder.open(world.client("alice"))
    shared = dict(srs=tool.srs, enrolment=enrolled.enrolment, points=folder, allow_insecure=True)
    enrolment = Case(tables=tool.enrol_tables, state=None, proof=enrolled.proof, base=world.base.path, **shared)
    bundle = Case(tables=tool.tables, state=state, proof=proven.bundle, request=request, **shared)
    return Answered(world, PythonClient(enrolment, client.secret), PythonClient(bundle, client.secret, made.update))


@pytest.mark.parametrize("kind", ["enrolment proof", "bundle"])
def test_rust_proves_and_python_verifies(answered: Answered, backend: Curve, kind: str, book: Book) -> None:
    case = answered.named()[kind].case
    (rust, seconds), (python, verdict) = case.rust(), case.python(backend)
    assert rust == python == ("chunks", True, True) and verdict is not None and verdict.insecure
    size = case.proof.stat().st_size
    book.add(f"toy {kind}", "verified", f"{PYTHON}, {backend.name}", k=8, seconds=verdict.seconds, weights=WEIGHTS, size=size)
    book.add(f"toy {kind}", "verified", RUST, k=8, seconds=seconds, weights=WEIGHTS, size=size)


@pytest.mark.parametrize("kind", [pytest.param("enrolment proof", marks=pytest.mark.slow), "bundle"])
def test_python_proves_and_rust_verifies(answered: Answered, tmp_path: Path, kind: str, book: Book) -> None:
    """Randomness of the operating system; both programs accept, and the messages are others than Rust's."""
    client = answered.named()[kind]
    start = time.perf_counter()
    messages = client.enrol() if kind == "enrolment proof" else client.answer()
    seconds = time.perf_counter() - start
    path = rewrite(client.case.proof, tmp_path / "python.safetensors", messages)
    judgement, verified = client.case.with_proof(path).rust()
    assert judgement == client.case.with_proof(path).python(curve())[0] == ("chunks", True, True)
    assert all(messages[name].tobytes() != array.tobytes() for name, array in tensors_of(client.case.proof).items())
    book.add(f"toy {kind}", "proven", f"{PYTHON}, {curve().name}", k=8, seconds=seconds, weights=WEIGHTS, size=path.stat().st_size)
    book.add(f"toy {kind}", "verified", RUST, k=8, seconds=verified, weights=WEIGHTS, size=path.stat().st_size)
    if kind == "bundle":
        recorded = workflow.verify(answered.world.tool, answered.world.provider, path, allow_insecure=True)
        assert recorded.accepted and answered.world.provider.ledger.state("alice").position == 1


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes(answered: Answered, tmp_path: Path, book: Book) -> None:
    """Both programs make every message of the bundle from one seed, one thread."""
    client, seed = answered.bundle, secrets.token_bytes(32)
    client.case.rust_answers(client.secret, client.update, tmp_path, seed)
    ours = client.answer(Source(seed))
    assert len(ours) == 2
    for name, array in ours.items():
        theirs = (tmp_path / f"chunk-{name.split('.')[1]}.proof").read_bytes()
        first = next((i for i, (a, b) in enumerate(zip(theirs, array.tobytes(), strict=True)) if a != b), None)
        assert first is None, f"{name}, seed {seed.hex()}: byte {first} differs; {field_at(client, first)}"
        book.count("chunk messages equal byte for byte from the same seed")


def field_at(client: PythonClient, at: int) -> str:
    """Where in a message that is."""
    if at < HEADS["bundle"]:
        return f"commitment {at // POINT} of the message"
    return next(str(field) for field in layout(client.key) if at < HEADS["bundle"] + field.offset + field.length)


@pytest.mark.parametrize("kind", ["enrolment proof", "bundle"])
def test_altered_files_are_judged_alike(answered: Answered, tmp_path: Path, kind: str, book: Book) -> None:
    judged_alike(answered.named()[kind].case, curve(), book, tmp_path, HEADS[kind], bits=2, every=7)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["enrolment proof", "bundle"])
def test_bits_all_over_are_judged_alike(answered: Answered, tmp_path: Path, kind: str, book: Book) -> None:
    judged_alike(answered.named()[kind].case, curve(), book, tmp_path, HEADS[kind], bits=40)

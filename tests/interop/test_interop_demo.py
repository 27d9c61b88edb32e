"""The demonstration's files at k = 12: honest ones and those of its cheating clients, judged by both programs.

ZKAPEX_DEMO names a folder that `zkapex demo` has written; without it one is made.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from interop_alterations import POINT, judged_alike
from interop_book import PYTHON, RUST, Book
from interop_files import Case, header_of

from reference_prover import safetensors
from reference_prover.curve import ARKWORKS, PY_ECC, Curve, curve
from reference_prover.errors import SpecError
from zkapex_jax.presets import get_preset

pytestmark = pytest.mark.slow

PRESET = get_preset("ceremony-4096")
LIMITS = {PY_ECC: 60.0, ARKWORKS: 5.0}  # seconds a chunk, all else shared out
HONEST = {"enrolment": "enrolment-proof", "answer 1": "bundle-1", "answer 2": "bundle-2", "re-enrolment": "re-enrolment-proof"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if given := os.environ.get("ZKAPEX_DEMO"):
        return Path(given)
    folder = tmp_path_factory.mktemp("demo") / "demo"
    subprocess.run([sys.executable, "-m", "zkapex_jax", "demo", "--out", str(folder), "--quiet"], check=True)
    return folder


@pytest.fixture(scope="module")
def artefacts(demo: Path) -> dict[str, Path]:
    """Digest -> file, of everything that the demonstration kept."""
    found = {}
    for path in sorted(demo.rglob("*.safetensors")):
        try:
            metadata = safetensors.read(path)[1]
        except SpecError:
            continue  # a cheat's broken file
        if "zkapex" in metadata:
            found[sha256(metadata["zkapex"].encode()).hexdigest()] = path
    return found


@pytest.fixture(scope="module")
def points(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("points")


def case_of(demo: Path, artefacts: dict[str, Path], points: Path, proof: Path) -> Case | None:
    """The case of a proof file, None where a file that it names was not kept."""
    header = header_of(proof)
    named = {name: artefacts.get(header[f"{name}_digest"]) for name in ("enrolment", "request", "state", "base") if header.get(f"{name}_digest")}
    if None in named.values():
        return None
    kind = "tables" if "request" in named else "enrol.tables"
    public = {"tables": next((demo / "public").glob(f"ceremony-4096-*[0-9a-f].{kind}.json")), "srs": demo / "public" / "ceremony-12.srs"}
    return Case(proof=proof, points=points, **({"state": None} | named), **public)


@pytest.fixture(params=HONEST, ids=lambda name: name.replace(" ", "-"))
def honest(request: pytest.FixtureRequest, demo: Path, artefacts: dict[str, Path], points: Path) -> tuple[str, Case]:
    case = case_of(demo, artefacts, points, demo / "provider" / "inbox" / f"{HONEST[request.param]}.safetensors")
    assert case is not None
    return request.param, case


def test_both_accept_what_the_demonstration_proved(honest: tuple[str, Case], backend: Curve, book: Book) -> None:
    """All chunks, and fast enough: by the processor's time, which other work on the machine does not stretch."""
    name, case = honest
    rust, seconds = case.rust()
    start = time.process_time()
    python, verdict = case.python(backend)
    spent = time.process_time() - start
    assert rust == python and verdict is not None and verdict.accepted and not verdict.insecure
    chunks, weights, size = len(verdict.chunks), sum(one.weights for one in verdict.chunks), case.proof.stat().st_size
    assert spent / chunks < LIMITS[backend.name]
    by = f"{PYTHON}, {backend.name}"
    book.add(f"demo {name}", "verified", by, k=12, seconds=verdict.seconds, weights=weights, size=size)
    book.add(f"demo {name}, a chunk, processor", "verified", by, k=12, seconds=spent / chunks, weights=weights // chunks)
    book.add(f"demo {name}", "verified", RUST, k=12, seconds=seconds, weights=weights, size=size)


def test_both_judge_the_cheats_alike(demo: Path, artefacts: dict[str, Path], points: Path, book: Book) -> None:
    """Every proof file of a cheating client whose public files were kept. Some are sound proofs that only the ledger's rules
    refuse, as an old state: then both accept."""
    differences, refused = [], 0
    files = sorted({*demo.glob("cheats/*/bundle.safetensors"), *demo.glob("cheats/*/enrolment-proof.safetensors"), *demo.glob("cheats/*/renewal/enrolment-proof.safetensors")})
    for path in files:
        if (case := case_of(demo, artefacts, points, path)) is None:
            continue
        (rust, _), (python, _) = case.rust(), case.python(curve())
        book.count("proof files of the demonstration's cheating clients judged alike by both")
        refused += not all(python[1:]) or python[0] != "chunks"
        if rust != python:
            differences.append(f"{path.relative_to(demo)}: Rust {rust}, Python {python}")
    assert not differences, "\n".join(differences)
    assert refused >= 3


def test_altered_files_are_judged_alike(demo: Path, artefacts: dict[str, Path], points: Path, tmp_path: Path, book: Book) -> None:
    case = case_of(demo, artefacts, points, demo / "provider" / "inbox" / "bundle-1.safetensors")
    assert case is not None
    head = (2 * PRESET.lanes + PRESET.bit_columns + 1) * POINT
    judged_alike(case, curve(), book, tmp_path, head, bits=3, every=4)


def test_other_files_beside_a_proof_are_judged_alike(demo: Path, artefacts: dict[str, Path], points: Path, book: Book) -> None:
    """A bundle beside the other request, another client's enrolment, the next state."""
    inbox = demo / "provider" / "inbox"
    first, second = (case_of(demo, artefacts, points, inbox / f"bundle-{number}.safetensors") for number in (1, 2))
    others = {
        "the other request": replace(first, request=second.request),
        "the next state": replace(first, state=second.state),
        "another client's enrolment": replace(first, enrolment=demo / "other-client" / "enrolment.safetensors"),
    }
    for what, case in others.items():
        (rust, _), (python, _) = case.rust(), case.python(curve())
        assert {rust[0], python[0]} <= {"input", "refused"}, f"{what}: Rust {rust}, Python {python}"
        book.count("bundles beside other files refused by both")

"""The corpus that prover/fuzz keeps, read by the Python readers: no fault, and the verdict that Rust gave, or Python where it reads alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from fuzz_long import rust_targets
from fuzz_targets import known, targets

CORPUS = Path(__file__).parents[2] / "prover" / "fuzz" / "corpus"
#: What is printable, Python knows by Unicode's tables; Rust refuses control characters and blanks alone.
#: Formats that Python and Rust judge by the same rules. Of the others Rust reads more or less of a file than Python does.
SAME = {"tables", "srs", "base", "enrolment", "enrolment-proof", "request", "state", "bundle", "answer", "enrolled", "renewed", "proof"}
SAME |= set(targets()) - set(rust_targets())
FILES = {name: sorted((CORPUS / name).iterdir()) for name in targets() if (CORPUS / name).is_dir()}


@pytest.mark.parametrize("name", FILES)
def test_every_kept_input_is_judged_as_by_rust(name: str) -> None:
    for path in FILES[name]:
        outcomes = targets()[name].run(path.read_bytes())
        accepted = all(text == "accepted" for text in outcomes.values())
        if name in SAME and not any(known(name, text) or "printable" in text for text in outcomes.values()):
            assert accepted == path.name.startswith("accepted-"), f"{path.name}: {outcomes}"


def test_the_corpus_is_there_and_small() -> None:
    assert SAME - FILES.keys() == {"ledger"}
    assert all(len(files) > (5 if name in rust_targets() else 1) for name, files in FILES.items())
    assert sum(path.stat().st_size for files in FILES.values() for path in files) < 600_000

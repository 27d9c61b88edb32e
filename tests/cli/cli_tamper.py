"""What a fault or a dishonest party does to files, and what a test looks at afterwards."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

from cli_walk import Ran

from zkapex_jax.protocol import Bundle


def snapshot(folder: Path) -> dict[str, str]:
    """SHA-256 of every file, caches of points aside."""
    files = (path for path in folder.rglob("*") if path.is_file() and "points" not in path.parts)
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def take_refusals(after: dict[str, str]) -> list[str]:
    """Take the signed refusals out of a snapshot; their names."""
    found = [name for name in after if name.endswith(".refused.json")]
    for name in found:
        del after[name]
    return found


def one_sentence(ran: Ran) -> str:
    """The error; after it stands its code, and nothing else."""
    lines = ran.err.splitlines()
    assert len(lines) == 2 and lines[0].startswith("error: ") and lines[1].startswith("  "), ran.err
    return lines[0]


def alter(path: Path, where: float = 0.9) -> None:
    data = bytearray(path.read_bytes())
    data[int(where * len(data))] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def rebind(place: Path, **changes: object) -> None:
    """Rewrite alice's bundle with other header fields and right digests: a dishonest sender."""
    bundle = Bundle.from_file(place / "alice.bundle")
    fields = {name: getattr(bundle, name) for name in Bundle.model_fields} | changes
    Bundle.parse(fields).to_file(
        place / "alice.bundle", {name: bundle.tensor(name) for name in bundle.container.specs}, force=True
    )


def flip_proof(place: Path, offset: int) -> None:
    """Change one byte of the first chunk's message, with right digests."""
    bundle = Bundle.from_file(place / "alice.bundle")
    tensors = {name: bundle.tensor(name) for name in bundle.container.specs}
    tensors["proof.00000"][offset] ^= 1
    Bundle.parse({name: getattr(bundle, name) for name in Bundle.model_fields}).to_file(
        place / "alice.bundle", tensors, force=True
    )


def swap_proofs(place: Path) -> None:
    bundle = Bundle.from_file(place / "alice.bundle")
    tensors = {"proof.00000": bundle.tensor("proof.00001"), "proof.00001": bundle.tensor("proof.00000")}
    Bundle.parse({name: getattr(bundle, name) for name in Bundle.model_fields}).to_file(
        place / "alice.bundle", tensors, force=True
    )


def sql(place: Path, statement: str) -> None:
    with sqlite3.connect(place / "provider/ledger.sqlite") as connection:
        connection.execute(statement)
    connection.close()

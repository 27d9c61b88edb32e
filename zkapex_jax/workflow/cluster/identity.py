"""What a worker must share with the command that hires it, as digests: program, prover, tables.

A worker runs its own installation. One that would prove or verify something else is refused before it is sent anything.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from zkapex_jax.circuit import build, emit
from zkapex_jax.errors import InputError
from zkapex_jax.formats import canonical
from zkapex_jax.formats.reading import file_digest
from zkapex_jax.presets import get_preset

_PACKAGE = Path(__file__).resolve().parents[2]
#: What a worker runs of this package.
_SOURCES = ("*.py", "formats/*.py", "circuit/**/*.py", "protocol/*.py", "prover/*.py", "workflow/cluster/cluster*.py")
PROGRAM, PROVER, TABLES = "program", "prover", "tables"
_WORDS = {PROGRAM: "another version of this program", PROVER: "another build of the Rust prover"}


def identity(binary: Path, presets: Iterable[str]) -> dict[str, str]:
    """`program`: SHA-256 over the sources that workers run; `prover`: of the Rust binary; `tables <preset>`: of the tables emitted."""
    tables = {f"{TABLES} {name}": tables_digest(name) for name in sorted(set(presets))}
    return {PROGRAM: program_digest(_PACKAGE), PROVER: file_digest(binary), **tables}


@functools.cache
def program_digest(package: Path) -> str:
    """SHA-256 over name and SHA-256 of every source that a worker runs, in the order of their names."""
    whole = hashlib.sha256()
    for path in sorted({path for pattern in _SOURCES for path in package.glob(pattern)}):
        whole.update(f"{path.relative_to(package).as_posix()}\0{file_digest(path)}\n".encode())
    return whole.hexdigest()


@functools.cache
def tables_digest(preset: str) -> str:
    """Digest of the online relation's tables as this installation emits them; `unknown` for a preset that it lacks."""
    try:
        return canonical.digest(emit(build("fold_kkt", get_preset(preset))))
    except InputError:
        return "unknown"


def first_difference(ours: Mapping[str, str], theirs: Mapping[str, str]) -> tuple[str, str, str] | None:
    """Name, sentence and the worker's digest of the first thing that differs; None where a worker may be hired."""
    for name, digest in ours.items():
        if theirs.get(name) != digest:
            words = _WORDS.get(name, f"other constraint tables for preset {name.removeprefix(TABLES).strip()}")
            return name, f"has {words}", str(theirs.get(name))
    return None

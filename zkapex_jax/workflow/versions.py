"""What is installed, by version and SHA-256: package, prover binary, constraint tables, reference string, lock files.

Two installations that show the same digests make and accept the same proofs.
"""

from __future__ import annotations

import hashlib
import platform
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from zkapex_jax import __version__
from zkapex_jax.circuit import build, emit
from zkapex_jax.errors import ZkapexError
from zkapex_jax.formats import canonical
from zkapex_jax.formats.reading import file_digest
from zkapex_jax.presets import PRESETS
from zkapex_jax.prover import Prover, ensure_srs
from zkapex_jax.prover.driver import PACKAGED
from zkapex_jax.prover.srs import CEREMONY_MAX_K

#: Relations that have tables for each preset.
RELATIONS = ("fold_kkt", "enrol")
#: Libraries that compute or sign.
LIBRARIES = ("jax", "jaxlib", "flax", "optax", "numpy", "safetensors", "transformers", "cryptography", "sqlalchemy")
LOCK_FILES = ("constraints.txt", "Cargo.lock")
_PACKAGE = Path(__file__).resolve().parents[1]
_REPOSITORY = _PACKAGE.parent
_SECONDS = 30


@dataclass(frozen=True)
class Part:
    """One thing that is installed. `digest` None: it is not there, and `version` says why."""

    name: str
    version: str
    digest: str | None
    place: Path | None = None


def installed_parts() -> list[Part]:
    """Everything that decides what this installation proves and accepts. A part that is missing is a row, not an error."""
    return [*_packages(), *_prover(), *_tables(), *_lock_files()]


def library_versions() -> dict[str, str]:
    """Versions of Python and of the libraries; `missing` where one is not installed."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


def folder_digest(folder: Path) -> str:
    """SHA-256 over name and SHA-256 of every source and template of a package, in the order of their names.

    Left out: byte code, and what a build puts beside the sources (listed on its own), so that a checkout and a wheel of it agree.
    """
    whole = hashlib.sha256()
    names = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    for name in sorted(names, key=Path.as_posix):
        if "__pycache__" not in name.parts and name.parts[0] not in (PACKAGED.name, "data"):
            whole.update(f"{name.as_posix()}\0{file_digest(folder / name)}\n".encode())
    return whole.hexdigest()


def _packages() -> Iterator[Part]:
    yield Part("package zkapex_jax", __version__, folder_digest(_PACKAGE), _PACKAGE)
    reference = _REPOSITORY / "reference_prover"
    if reference.is_dir():
        yield Part("package reference_prover", __version__, folder_digest(reference), reference)


def _prover() -> Iterator[Part]:
    try:
        prover = Prover.find()
        yield Part("prover", _binary_version(prover.binary), file_digest(prover.binary), prover.binary)
    except ZkapexError as error:
        yield Part("prover", error.message, None)
        return
    name = f"ceremony 2^{CEREMONY_MAX_K}"
    try:
        with tempfile.TemporaryDirectory(prefix="zkapex-") as folder:
            srs = ensure_srs(prover, CEREMONY_MAX_K, Path(folder))
        yield Part(name, srs.source, srs.digest)
    except ZkapexError as error:
        yield Part(name, error.message, None)


def _binary_version(binary: Path) -> str:
    try:
        told = subprocess.run([binary, "--version"], capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "does not run"
    words = told.stdout.decode("utf-8", "replace").split()
    return words[-1][:40] if told.returncode == 0 and words else "does not say"


def _tables() -> Iterator[Part]:
    for name, preset in PRESETS.items():
        for relation in RELATIONS:
            words = f"2^{preset.k} rows, {preset.lanes} lanes{', insecure' if preset.insecure else ''}"
            yield Part(f"tables {name} {relation}", words, canonical.digest(emit(build(relation, preset))))


def _lock_files() -> Iterator[Part]:
    """Of the wheel, else of the checkout."""
    beside = {"constraints.txt": _REPOSITORY / "constraints.txt", "Cargo.lock": _REPOSITORY / "prover" / "Cargo.lock"}
    for name in LOCK_FILES:
        path = next((place for place in (PACKAGED / name, beside[name]) if place.is_file()), None)
        yield Part(f"lock {name}", "present", file_digest(path), path) if path else Part(f"lock {name}", "missing", None)

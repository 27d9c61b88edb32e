"""Which program a record was made by: a digest of the sources that decide results. Configurations have digests of their own.

A change here need not change a figure, and mostly does not: records of another program are told, not thrown away.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from zkapex_jax.formats.atomic import storage_errors

_ROOT = Path(__file__).parents[2]

#: Packages between a configuration and its figures, besides the study's own.
PACKAGES = (
    "experiments/lab", "zkapex_jax/curvature", "zkapex_jax/forget", "zkapex_jax/models", "zkapex_jax/obs", "zkapex_jax/quantize", "zkapex_jax/tasks",
    "zkapex_jax/witness",
)  # fmt: skip

#: Studies that take their tasks from others.
TAKEN_FROM = {"ablations": ("experiments/digits", "experiments/glyphs")}


@cache
def program(study: str) -> str:
    """SHA-256 over names and bytes of all Python files of the study, of those it takes tasks from, and of `PACKAGES`.

    Raises:
        StorageError: a file cannot be read.
    """
    return digest_of_sources(_ROOT, (f"experiments/{study}", *TAKEN_FROM.get(study, ()), *PACKAGES))


def digest_of_sources(root: Path, packages: tuple[str, ...]) -> str:
    """The same of any folders below `root`, and of modules of those names; what is not there counts as nothing."""
    total = hashlib.sha256()
    for package in packages:
        module = root / f"{package}.py"
        for path in [*([module] if module.is_file() else []), *sorted((root / package).rglob("*.py"))]:
            with storage_errors(path):
                data = path.read_bytes()
            name = path.relative_to(root).as_posix().encode()
            total.update(len(name).to_bytes(8, "little") + name + len(data).to_bytes(8, "little") + data)
    return total.hexdigest()

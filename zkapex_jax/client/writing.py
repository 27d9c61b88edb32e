"""Write what would be sent to a folder, for a client without a connection, or one that wants to look first."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from zkapex_jax.formats.atomic import atomic_file, make_directory, refuse_existing, write_bytes
from zkapex_jax.formats.reading import open_input


def write_out(folder: Path, files: Mapping[str, Path | bytes], *, force: bool = False) -> list[Path]:
    """Copies of files, or bytes, under their names in `folder`; all of them or none if one exists already."""
    targets = {make_directory(folder) / name: content for name, content in files.items()}
    for target in targets:
        refuse_existing(target, force=force)
    for target, content in targets.items():
        if isinstance(content, bytes):
            write_bytes(target, content, force=force)
            continue
        with open_input(content) as source, atomic_file(target, force=force) as out:
            shutil.copyfileobj(source, out, 1 << 20)
    return list(targets)

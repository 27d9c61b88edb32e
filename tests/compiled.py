"""What JAX compiles is compiled once in a run of the tests: its processes, and the commands that they start, share a folder.

A third of the tests' processor time went into compiling the same networks again. A process that is killed may leave half an
entry, which JAX passes over with a warning; tests that count or break writes switch it off (`JAX_ENABLE_COMPILATION_CACHE`).
"""

import os
import shutil
import tempfile

_FOLDER = "JAX_COMPILATION_CACHE_DIR"

#: With a limit JAX takes a lock around each entry: nobody reads what another is writing.
_SETTINGS = {
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    "JAX_COMPILATION_CACHE_MAX_SIZE": str(1 << 30),
}


def share() -> str | None:
    """Set the folder for this process and all that it starts. None where one is set: by a person, or by the process that started this."""
    if _FOLDER in os.environ:
        return None
    folder = tempfile.mkdtemp(prefix="zkapex-compiled-")
    os.environ.update(_SETTINGS | {_FOLDER: folder})
    return folder


def forget(folder: str) -> None:
    """Remove the folder, and what was said of it."""
    for name in (_FOLDER, *_SETTINGS):
        os.environ.pop(name, None)
    shutil.rmtree(folder, ignore_errors=True)

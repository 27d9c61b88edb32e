"""Where constraint tables and reference strings are kept: made once a user, whatever the folder that one works in.

`--cache DIR`, else `$ZKAPEX_CACHE`, else the user's own, `$XDG_CACHE_HOME/zkapex` or `~/.cache/zkapex`. What lies there is trusted no
more than any file: tables count by their digest, reference strings are read whole and checked. That nobody knows the secret of an
*imported* ceremony is what no reader can tell, so the folder that nobody named must be one that only its owner can write to.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_cache_path

from zkapex_jax.errors import StorageError
from zkapex_jax.formats.atomic import make_directory, storage_errors

VARIABLE = "ZKAPEX_CACHE"
_HINT = f"name a folder that you can write to with --cache DIR or {VARIABLE}"
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def cache_folder(named: Path | None = None) -> Path:
    """The folder, made if it is not there: `named`, else $ZKAPEX_CACHE, else the user's own.

    Raises StorageError: `no_cache` if there is none or it cannot be made, `unsafe_cache` if the user's own is another's, or others can
    write to it; `disk_full`.
    """
    if named is None and (variable := os.environ.get(VARIABLE)):
        named = Path(variable)
    with using_cache():
        if named is not None:
            return make_directory(named)
        folder = make_directory(_own(), mode=0o700)
        _check_owner(folder)
        return folder


@contextmanager
def using_cache() -> Iterator[None]:
    """Say of a folder that cannot be read or written what to do about it: StorageError `no_cache` for `storage`."""
    try:
        yield
    except StorageError as error:
        if error.code != StorageError.default_code:
            raise
        message = f"the folder of tables and reference strings cannot be used: {error.message}"
        raise StorageError(message, code="no_cache", file=error.file, hint=_HINT) from error


def _own() -> Path:
    """Raises StorageError (`no_cache`) for a user without a home."""
    try:
        folder = user_cache_path("zkapex")
    except RuntimeError:
        folder = Path("~")
    if not folder.is_absolute():
        raise StorageError("there is no home folder to keep tables and reference strings in", code="no_cache", hint=_HINT)
    return folder


def _check_owner(folder: Path) -> None:
    with storage_errors(folder):
        found = folder.stat()
    if found.st_uid != os.geteuid():
        why, remedy = "belongs to another user", _HINT
    elif found.st_mode & _WRITABLE_BY_OTHERS:
        why, remedy = "can be written to by others", "if nobody else put anything there, `chmod go-w` it; else remove it"
    else:
        return
    raise StorageError(f"{why}: tables and reference strings from there count for nothing", code="unsafe_cache", file=folder, hint=remedy)

"""Files from a service that go on where they stopped, in this process or a later one: HTTP ranges of one entity tag.

`NAME.part` holds the bytes that came, `NAME.tag` the entity tag of the file that they are of. Whether the bytes are right, who asked
for the file finds out by its digest, and then drops both.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from zkapex_jax.errors import InputError, StorageError
from zkapex_jax.formats.atomic import make_directory, storage_errors, write_bytes

#: A strong entity tag (RFC 9110, section 8.8.3); a weak one cannot date a range.
_TAG = re.compile(r'"[\x21\x23-\x7e]{1,200}"\Z')
_RANGE = re.compile(r"bytes ([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15})\Z")
_MAX_TAG = 256
#: Bytes that are here, and of how many.
OnBytes = Callable[[int, int], None]


@dataclass(frozen=True)
class Part:
    """A download as far as it has come."""

    path: Path

    @property
    def _tag_file(self) -> Path:
        return self.path.with_suffix(".tag")

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    @property
    def tag(self) -> str | None:
        """Entity tag of the file that the bytes are of; None where that is not known."""
        try:
            with open(self._tag_file, "rb") as file:
                text = file.read(_MAX_TAG + 1).decode("latin-1")
        except FileNotFoundError:
            return None
        return text if _TAG.match(text) else None

    def headers(self) -> dict[str, str]:
        """Asks for the rest, if the file is still the same. The last byte is asked for again: a range is never empty."""
        tag = self.tag
        if tag is None or not self.size:
            return {}
        return {"range": f"bytes={self.size - 1}-", "if-range": tag}

    def take(self, response: httpx.Response, max_bytes: int, on_bytes: OnBytes | None = None) -> None:
        """Stream an answer of status 200 or 206 to where it belongs. Raises InputError where it is too long, or not what was asked for.

        `on_bytes` is told how many bytes of how many are there.
        """
        tag = response.headers.get("etag", "")
        with _room_errors(), storage_errors(self.path):
            start = self._begin(tag, max_bytes) if response.status_code == httpx.codes.OK else self._go_on(response.headers, tag, max_bytes)
            with open(self.path, "r+b") as file:
                file.truncate(start)
                file.seek(start)
                total = start + _length(response.headers)
                for block in response.iter_raw():  # as they come: blocks of one size would lose the last when the connection breaks
                    if file.tell() + len(block) > max_bytes:
                        self.drop()
                        raise _too_long(max_bytes, str(response.url))
                    file.write(block)
                    if on_bytes is not None:
                        on_bytes(file.tell(), max(total, file.tell()))
                file.flush()
                os.fsync(file.fileno())

    def _begin(self, tag: str, max_bytes: int) -> int:
        """The whole file comes: what was here is of another one, or of none that is known."""
        self.drop()
        os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        if _TAG.match(tag):
            write_bytes(self._tag_file, tag.encode("latin-1"), force=True)
        return 0

    def _go_on(self, headers: Mapping[str, str], tag: str, max_bytes: int) -> int:
        wanted, given = self.size - 1, _RANGE.match(headers.get("content-range", ""))
        if self.tag is None or tag != self.tag or given is None or int(given[1]) != wanted:
            self.drop()
            raise InputError("the service answers with another part than was asked for", code="bad_answer", file=self.path, field="Content-Range")
        if int(given[3]) > max_bytes:
            self.drop()
            raise _too_long(max_bytes, self.path)
        return wanted

    def begin_from(self, file: Path, digest: str) -> None:
        """Take a whole file of this digest for what has come, if nothing has: where the service's is the same still, a byte is fetched."""
        if self.size:
            return
        self.drop()
        with storage_errors(self.path):
            write_bytes(self._tag_file, f'"{digest}"'.encode("latin-1"), force=True)
            shutil.copyfile(file, self.path)
            self.path.chmod(0o600)

    def drop(self) -> None:
        """Begin anew the next time."""
        with storage_errors(self.path):
            for path in (self._tag_file, self.path):  # bytes without a tag are of no file
                path.unlink(missing_ok=True)


@contextmanager
def _room_errors() -> Iterator[None]:
    """A disk that is full keeps what came: said so, for elsewhere it does not."""
    try:
        yield
    except StorageError as error:
        if error.code == "disk_full":
            error.hint = "free some space and run the command again: it goes on from what has come"
        raise


@contextmanager
def part_of(folder: Path, path: str) -> Iterator[Part]:
    """The download of a service's path, held by this command alone. Raises StorageError (`locked`) while another has it."""
    name = path.strip("/").replace("/", "-")
    lock = make_directory(folder, mode=0o700) / f"{name}.lock"
    with storage_errors(lock):
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield Part(folder / f"{name}.part")
    except BlockingIOError as error:
        raise StorageError("another command is fetching this file", code="locked", file=folder, hint="try again") from error
    finally:
        os.close(handle)


def _length(headers: Mapping[str, str]) -> int:
    """Bytes that the answer announces; 0 where it does not."""
    text = headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _too_long(max_bytes: int, file: str | Path) -> InputError:
    return InputError(f"the service's file is longer than {max_bytes} bytes", code="bad_answer", file=file)

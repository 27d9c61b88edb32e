"""Where a client and a provider keep their files."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from zkapex_jax.errors import InputError, StorageError
from zkapex_jax.formats.atomic import atomic_file, make_directory, publish, storage_errors, sweep
from zkapex_jax.formats.locking import held
from zkapex_jax.formats.passing import passing_folder
from zkapex_jax.formats.reading import open_input
from zkapex_jax.protocol.artefact import Artefact
from zkapex_jax.protocol.state import State

if TYPE_CHECKING:
    from zkapex_jax.ledger import Ledger

Typed = TypeVar("Typed", bound=Artefact)


@dataclass(frozen=True)
class ClientFolder:
    """A client's own folder, owner-only: secret, enrolment, count of openings, one folder a request."""

    path: Path

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make the folder if it is not there. What killed commands have left in it is removed, here and in `open`."""
        folder = cls(make_directory(path, mode=0o700))
        folder._sweep()
        return folder

    @classmethod
    def open(cls, path: Path) -> Self:
        """Raises InputError if the folder holds no enrolment."""
        folder = cls(Path(path))
        if not folder.enrolment.is_file():
            raise InputError("holds no enrolment", code="missing_file", file=path, hint="make one with `zkapex enrol`")
        folder._sweep()
        return folder

    @property
    def secret(self) -> Path:
        return self.path / "secret.safetensors"

    @property
    def enrolment(self) -> Path:
        return self.path / "enrolment.safetensors"

    @property
    def enrolment_proof(self) -> Path:
        return self.path / "enrolment-proof.safetensors"

    @property
    def base(self) -> Path:
        """The provider's base that the enrolment names."""
        return self.path / "base.safetensors"

    @property
    def renewal(self) -> ClientFolder:
        """Where a re-enrolment waits for the provider's word."""
        return ClientFolder(self.path / "renewal")

    @property
    def openings(self) -> Path:
        return self.path / "openings.json"

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the folder: two provings at once would count openings wrongly. Raises StorageError if another holds it."""
        with storage_errors(self.path):
            handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise StorageError(
                "another command is working in this folder", code="locked", file=self.path, hint="try again"
            ) from error
        finally:
            os.close(handle)

    def _sweep(self) -> None:
        for place in (self.path, self.path / "renewal", self.path / "points"):
            sweep(place)

    def points(self, digest: str) -> Path:
        """Cache of the checked points of an enrolment or request."""
        return make_directory(self.path / "points") / f"{digest}.safetensors"

    def request_folder(self, request_id: str) -> Path:
        """Where the answer to one request is made: update, chunk proofs, bundle. What killed commands left there is removed."""
        folder = make_directory(self.path / "requests" / request_id, mode=0o700)
        sweep(folder)
        return folder


@dataclass(frozen=True)
class Provider:
    """A provider's folder: the ledger, the artefacts that it names (by digest), and caches of checked points.

    Both folders are the owner's alone, for what clients sent names them.
    """

    path: Path
    ledger: Ledger

    @classmethod
    def open(cls, path: Path, *, create: bool = False, whole: bool = False) -> Self:
        """Open a provider's folder, or with `create` make one where there is none yet. What killed commands left is removed.

        The ledger is checked from where it was found whole last, or with `whole` from its beginning.
        """
        from zkapex_jax.ledger import Ledger  # here: a client's commands need no database
        from zkapex_jax.workflow.ledger_place import ledger_place
        from zkapex_jax.workflow.remembered_ledger import open_remembered

        sweep(Path(path))
        _shut(Path(path))
        ledger = ledger_place(Path(path))
        if create and not Ledger.exists(ledger):
            make_directory(path)
            return cls(Path(path), Ledger.create(ledger))
        return cls(Path(path), Ledger.open(ledger) if whole else open_remembered(Path(path), ledger))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return None

    def artefact(self, digest: str) -> Path:
        """Path of a kept artefact."""
        return make_directory(self.path / "artefacts", mode=0o700) / f"{digest}.safetensors"

    def points(self, digest: str) -> Path:
        """Path of the checked points of a kept artefact."""
        return make_directory(self.path / "points", mode=0o700) / f"{digest}.safetensors"

    def load(self, kind: type[Typed], digest: str, *, verify: bool = True) -> Typed:
        """A kept artefact (`verify` as in `Artefact.from_file`). Raises InputError if its file is gone or is another one."""
        artefact = kind.from_file(self.artefact(digest), verify=verify)
        if artefact.digest != digest:
            raise InputError(
                "kept file is not the one that its name says", code="damaged", file=artefact.path, value=artefact.digest
            )
        return artefact

    def keep(self, artefact: Typed) -> Typed:
        """Copy an artefact in, durably, under its digest; a damaged copy is replaced.

        What is done next is done to the copy: the original may change hands. Its time says when it was asked for last: what
        nobody asks for may be removed one day (`zkapex_jax.workflow.keeping`).
        """
        self._ask_for(self.artefact(artefact.digest))
        with contextlib.suppress(InputError):
            return self.load(type(artefact), artefact.digest)
        with passing_folder(self.path) as passing:
            with open_input(artefact.path) as file, atomic_file(passing / "copy") as out:
                shutil.copyfileobj(file, out, 1 << 20)
            self._name(passing / "copy", artefact.digest)
        return self.load(type(artefact), artefact.digest)

    def state(self, digest: str, write: Callable[[Path], State]) -> State:
        """A kept state; where its file is lost or damaged, `write` makes it again from what it follows.

        Raises InputError if that makes another one.
        """
        try:
            return self.load(State, digest)
        except InputError:
            made = self.make(write)
            if made.digest != digest:
                raise
            return made

    def make(self, write: Callable[[Path], Typed]) -> Typed:
        """Let `write` make an artefact under a passing name, then keep it, durably, under its digest."""
        with passing_folder(self.path) as passing:
            made = write(passing / "made")
            return type(made).from_file(self._name(made.path, made.digest))

    def _ask_for(self, path: Path) -> None:
        """Before looking whether it is there: whoever removes idle files holds their folder alone."""
        with held(path.parent, shared=True), contextlib.suppress(OSError):
            os.utime(path)

    def _name(self, made: Path, digest: str) -> Path:
        path = self.artefact(digest)
        with storage_errors(path):
            publish(made, path, force=True)
        return path


def _shut(folder: Path) -> None:
    """An older version let others read them."""
    for place in (folder / "artefacts", folder / "points"):
        with contextlib.suppress(OSError):
            if (mode := stat.S_IMODE(place.stat().st_mode)) & 0o077:
                place.chmod(mode & 0o700)

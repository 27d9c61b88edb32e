"""What a person may choose of a run, and the folders that it writes."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from zkapex_jax.errors import StorageError
from zkapex_jax.formats.atomic import make_directory, storage_errors, write_bytes, write_text

MANIFEST = "demo.json"


@dataclass(frozen=True)
class DemoOptions:
    """`threads` None: all processors. `insecure_srs`: a reference string made here, for presets without a ceremony file."""

    task: str = "easy"
    seed: int = 0
    preset: str = "ceremony-4096"
    out: Path = Path("runs/demo")
    force: bool = False
    threads: int | None = None
    insecure_srs: bool = False


@dataclass(frozen=True)
class Folders:
    """Everything under one folder: what is the provider's, what is a client's, and what both may read."""

    root: Path

    @property
    def provider(self) -> Path:
        return self.root / "provider"

    @property
    def client(self) -> Path:
        return self.root / "client"

    @property
    def provider_inbox(self) -> Path:
        """What clients sent: enrolments, their proofs, bundles."""
        return self.provider / "inbox"

    @property
    def client_inbox(self) -> Path:
        """What the provider sent: its base model, requests, states."""
        return self.client / "inbox"

    @property
    def other_client(self) -> Path:
        return self.root / "other-client"

    @property
    def cheats(self) -> Path:
        """One folder a dishonest client: copies of the honest one, bent, or clients of their own."""
        return self.root / "cheats"

    @property
    def shared(self) -> Path:
        """Constraint tables and reference string: public, the same for everyone."""
        return self.root / "public"

    @property
    def summary(self) -> Path:
        return self.root / "summary.json"

    @property
    def page(self) -> Path:
        return self.root / "report.html"


def prepare(options: DemoOptions) -> Folders:
    """A clean folder for this run. Trained models of the same task and seed are kept unless `force`; all else goes.

    Raises:
        StorageError: `out` holds files that no run of the demo wrote, or results of a run and `force` is not given.
    """
    folders = Folders(Path(options.out))
    identity = {"task": options.task, "seed": options.seed}
    if folders.root.exists() and any(folders.root.iterdir()):
        known = _identity(folders.root)
        if known is None:
            raise StorageError("holds files that no demo run wrote", code="exists", file=folders.root, hint="choose another --out")
        if folders.summary.exists() and not options.force:
            raise StorageError("holds a finished run", code="exists", file=folders.root, hint="pass --force to replace it")
        _clear(folders, keep_models=known == identity and not options.force)
    make_directory(folders.shared)
    make_directory(folders.provider)
    make_directory(folders.client, mode=0o700)
    write_text(folders.root / MANIFEST, json.dumps(identity, sort_keys=True) + "\n", force=True)
    return folders


def send(path: Path, inbox: Path, name: str) -> Path:
    """Copy a public file to the other side; returns its path there."""
    with storage_errors(path):
        data = path.read_bytes()
    write_bytes(make_directory(inbox) / name, data, force=True)
    return inbox / name


def _identity(root: Path) -> object | None:
    try:
        return json.loads((root / MANIFEST).read_text())
    except (OSError, ValueError):
        return None


def _clear(folders: Folders, *, keep_models: bool) -> None:
    with storage_errors(folders.root):
        for path in (folders.summary, folders.page):
            path.unlink(missing_ok=True)
        for folder in (folders.provider, folders.client):
            for path in folder.iterdir() if folder.is_dir() else ():
                if not (keep_models and path.name == "model"):
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
        for folder in (folders.other_client, folders.cheats):
            if folder.is_dir():
                shutil.rmtree(folder)

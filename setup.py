"""Build step of the wheel: the Rust prover is compiled and put beside the Python sources. All else stands in pyproject.toml.

An editable install skips it: there the driver finds `prover/target/release`, which `make` builds.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

from setuptools import Command, Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build import build
from setuptools.command.sdist import sdist
from setuptools.errors import ExecError

ROOT = Path(__file__).resolve().parent
NAME = "zkapex-prover"
#: What the wheel carries beside the sources: (file or folder here, its place in the wheel).
CARRIED = (
    ("constraints.txt", "zkapex_jax/packaged/constraints.txt"),
    ("prover/Cargo.lock", "zkapex_jax/packaged/Cargo.lock"),
    ("prover/data/ethereum-kzg-4096", "reference_prover/data/ethereum-kzg-4096"),
)


class BuildProver(Command):
    """`cargo build --release --locked`, or the binary that $ZKAPEX_PROVER names, into the wheel."""

    editable_mode = False

    def initialize_options(self) -> None:
        self.build_lib = None

    def finalize_options(self) -> None:
        self.set_undefined_options("build_py", ("build_lib", "build_lib"))

    def run(self) -> None:
        if self.editable_mode:
            return
        for source, place in CARRIED:
            _copy(ROOT / source, Path(self.build_lib) / place)
        binary = Path(self.build_lib) / "zkapex_jax" / "packaged" / NAME
        _copy(_compiled(), binary)
        binary.chmod(0o755)

    def get_source_files(self) -> list[str]:
        rust = [path for path in sorted((ROOT / "prover" / "src").rglob("*")) if path.is_file()]
        named = [ROOT / "prover" / "Cargo.toml", ROOT / "prover" / "Cargo.lock", ROOT / "constraints.txt"]
        data = [path for path in sorted((ROOT / "prover" / "data").rglob("*")) if path.is_file()]
        return [path.relative_to(ROOT).as_posix() for path in (*named, *rust, *data)]

    def get_outputs(self) -> list[str]:
        return [] if self.editable_mode else [f"{self.build_lib}/zkapex_jax/packaged/{NAME}"]

    def get_output_mapping(self) -> dict[str, str]:
        return {}


class Build(build):
    """The usual build, then the prover. It starts from nothing: modules of an earlier build that are gone since would be packed."""

    sub_commands = [*build.sub_commands, ("build_prover", None)]

    def run(self) -> None:
        folder = Path(self.build_lib).resolve()
        if folder.is_relative_to(ROOT / "build") and folder.is_dir():
            shutil.rmtree(folder)
        super().run()


class PlatformWheel(bdist_wheel):
    """The binary belongs to one platform, the Python code to any version of Python 3."""

    def get_tag(self) -> tuple[str, str, str]:
        return "py3", "none", super().get_tag()[2]

    def write_wheelfile(self, wheelfile_base: str, *rest: object) -> None:
        """The last step before the files are packed: their modes must not tell the builder's umask."""
        super().write_wheelfile(wheelfile_base, *rest)
        for path in Path(wheelfile_base).parent.rglob("*"):
            if path.is_file():
                path.chmod(_mode(path.stat().st_mode))


class SteadySource(sdist):
    """With SOURCE_DATE_EPOCH, the same bytes from the same files: no times, owners or umask of the builder's."""

    def make_archive(self, base_name: str, format: str, root_dir: str | None = None, base_dir: str | None = None, **more: str | None) -> str:
        epoch = os.environ.get("SOURCE_DATE_EPOCH")
        if epoch is None or format != "gztar" or base_dir is None:
            return super().make_archive(base_name, format, root_dir, base_dir, **more)

        def steady(entry: tarfile.TarInfo) -> tarfile.TarInfo:
            entry.mtime, entry.mode = int(epoch), _mode(entry.mode)
            entry.uid, entry.gid, entry.uname, entry.gname = 0, 0, "", ""
            return entry

        name = f"{base_name}.tar.gz"
        with open(name, "wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=int(epoch)) as packed, tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for path in sorted(Path(base_dir).rglob("*"), key=Path.as_posix):
                if path.is_file():
                    archive.add(path, recursive=False, filter=steady)
        return name


class PlatformDistribution(Distribution):
    """Marks the wheel as one of a platform."""

    def has_ext_modules(self) -> bool:
        return True


def _compiled() -> Path:
    chosen = os.environ.get("ZKAPEX_PROVER")
    if chosen:
        return Path(chosen)
    manifest = ROOT / "prover" / "Cargo.toml"
    command = ["cargo", "build", "--release", "--locked", "--bin", NAME, "--manifest-path", str(manifest)]
    try:
        messages = subprocess.run([*command, "--message-format=json-render-diagnostics"], check=True, stdout=subprocess.PIPE).stdout
    except FileNotFoundError as error:
        raise ExecError("cargo is not installed: the wheel holds a Rust program (https://rustup.rs), or set ZKAPEX_PROVER to a built one") from error
    except subprocess.CalledProcessError as error:
        raise ExecError(f"cargo build failed with exit code {error.returncode}") from error
    return executable(messages)


def executable(messages: bytes) -> Path:
    """Where cargo put the program, by its own words: its settings and environment may name any target folder."""
    for line in messages.splitlines():
        message = json.loads(line)
        if message.get("executable") and message["target"]["name"] == NAME:
            return Path(message["executable"])
    raise ExecError(f"cargo built no {NAME}")


def _mode(mode: int) -> int:
    return 0o755 if mode & 0o100 else 0o644


def _copy(source: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, place, dirs_exist_ok=True)
    else:
        shutil.copyfile(source, place)


setup(
    cmdclass={"build": Build, "build_prover": BuildProver, "bdist_wheel": PlatformWheel, "sdist": SteadySource},
    distclass=PlatformDistribution,
)

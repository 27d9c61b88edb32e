"""The Rust binary's commands as methods."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zkapex_jax.errors import InputError, InternalError
from zkapex_jax.prover.process import Outcome, run_process
from zkapex_jax.prover.progress import OnProgress

ENVIRONMENT = "ZKAPEX_PROVER"
NAME = "zkapex-prover"
SEED_BYTES = 32
_BUILT = Path(__file__).resolve().parents[2] / "prover" / "target" / "release" / NAME
#: What a wheel carries beside the sources: the binary and the lock files that it was built with.
PACKAGED = Path(__file__).resolve().parents[1] / "packaged"


@dataclass(frozen=True)
class ProofFiles:
    """Paths of the public artefacts that proving and verifying share."""

    enrolment: Path
    enrolment_points: Path
    request: Path
    request_points: Path
    state: Path

    def arguments(self) -> list[str]:
        names = ("enrolment", "enrolment_points", "request", "request_points", "state")
        return [part for name in names for part in (f"--{name.replace('_', '-')}", str(getattr(self, name)))]


@dataclass(frozen=True)
class EnrolmentFiles:
    """Paths of the public artefacts that proving and verifying an enrolment share; `state` for a re-enrolment."""

    enrolment: Path
    enrolment_points: Path
    base: Path
    base_points: Path
    state: Path | None = None

    def arguments(self) -> list[str]:
        names = ("enrolment", "enrolment_points", "base", "base_points", *(("state",) if self.state else ()))
        return [part for name in names for part in (f"--{name.replace('_', '-')}", str(getattr(self, name)))]


@dataclass(frozen=True)
class Prover:
    """The binary and how many threads it may use (None: all cores). Methods return its JSON result."""

    binary: Path
    threads: int | None = None

    @classmethod
    def find(cls, threads: int | None = None) -> Prover:
        """By $ZKAPEX_PROVER, else the build beside this package, else the wheel's own, else the search path."""
        if threads is not None and not 1 <= threads <= 1024:
            raise InputError("must be between 1 and 1024", field="threads", value=threads)
        return cls(_find_binary(), threads)

    def srs_ceremony(self, k: int, out: Path) -> dict[str, Any]:
        """The 4,096-power ceremony that ships with the binary, cut to 2^k powers (k ≤ 12)."""
        return self._run(["srs", "ceremony", "--k", str(k), "--out", str(out)])

    def srs_import(self, source: Path, k: int, out: Path) -> dict[str, Any]:
        """Import a published ceremony's JSON, with its pairing and subgroup checks."""
        return self._run(["srs", "import", "--json", str(source), "--k", str(k), "--out", str(out)])

    def srs_insecure(self, k: int, out: Path) -> dict[str, Any]:
        """A locally made SRS, marked insecure: for measurements and tests."""
        return self._run(["srs", "insecure", "--k", str(k), "--out", str(out)])

    def srs_info(self, path: Path) -> dict[str, Any]:
        """k, source, insecure, digest of an SRS file."""
        return self._run(["srs", "info", str(path)])

    def tables(self, tables: Path, srs: Path) -> dict[str, Any]:
        """Facts of the circuit as Halo2 sees it."""
        return self._run(["tables", *setup_arguments(tables, srs)])

    def enrol(self, tables: Path, srs: Path, secret: Path, out: Path, on_progress: OnProgress | None = None) -> dict[str, Any]:
        """Commit to a client's weights and curvature rows."""
        return self._run(["enrol", *setup_arguments(tables, srs), "--secret", str(secret), "--out", str(out)], on_progress)

    def commit_request(
        self, tables: Path, srs: Path, draft: Path, out: Path, on_progress: OnProgress | None = None
    ) -> dict[str, Any]:
        """Commit to a request's mask and forget rows."""
        return self._run(["commit-request", *setup_arguments(tables, srs), "--draft", str(draft), "--out", str(out)], on_progress)

    def commit_base(
        self, tables: Path, srs: Path, draft: Path, out: Path, on_progress: OnProgress | None = None
    ) -> dict[str, Any]:
        """Commit to the provider's base weights, without blinding."""
        return self._run(["commit-base", *setup_arguments(tables, srs), "--draft", str(draft), "--out", str(out)], on_progress)

    def admit(
        self, kind: str, tables: Path, srs: Path, artefact: Path, out: Path, on_progress: OnProgress | None = None
    ) -> dict[str, Any]:
        """Check every point of an enrolment, base or request (`kind`), and cache them uncompressed."""
        return self._run([f"admit-{kind}", *setup_arguments(tables, srs), f"--{kind}", str(artefact), "--out", str(out)], on_progress)

    def prove(
        self, tables: Path, srs: Path, files: ProofFiles, *, secret: Path, update: Path, out: Path,
        unchecked: bool = False, insecure_blinding_seed: bytes | None = None, on_progress: OnProgress | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Prove every touched chunk into the folder `out`, resuming what is there.

        `insecure_blinding_seed` (32 bytes): the proofs can be made again byte for byte, and hide nothing. Tests only.
        """
        own = ["--secret", str(secret), "--update", str(update), "--out", str(out)]
        own += blinding_arguments(insecure_blinding_seed)
        return self._run(
            ["prove", *setup_arguments(tables, srs), *files.arguments(), *own, *(["--unchecked"] if unchecked else [])], on_progress
        )

    def prove_enrolment(
        self, tables: Path, srs: Path, files: EnrolmentFiles, *, secret: Path, out: Path, current_secret: Path | None = None,
        unchecked: bool = False, insecure_blinding_seed: bytes | None = None, on_progress: OnProgress | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Prove every chunk of an enrolment into the folder `out`, resuming what is there. `tables`: of relation `enrol`.

        `insecure_blinding_seed`: as in `prove`.
        """
        own = ["--secret", str(secret), "--out", str(out), *(["--current-secret", str(current_secret)] if current_secret else [])]
        own += blinding_arguments(insecure_blinding_seed)
        arguments = ["prove-enrolment", *setup_arguments(tables, srs), *files.arguments(), *own, *(["--unchecked"] if unchecked else [])]
        return self._run(arguments, on_progress)

    def verify_enrolment(
        self, tables: Path, srs: Path, files: EnrolmentFiles, *, proof: Path,
        allow_insecure: bool = False, on_progress: OnProgress | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Verify an enrolment proof; a failed proof is a result with accepted = false."""
        own = ["--proof", str(proof), *(["--allow-insecure"] if allow_insecure else [])]
        arguments = ["verify-enrolment", *setup_arguments(tables, srs), *files.arguments(), *own]
        return self._outcome(arguments, on_progress, refusal_is_result=True).result

    def verify(
        self, tables: Path, srs: Path, files: ProofFiles, *, bundle: Path,
        allow_insecure: bool = False, on_progress: OnProgress | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Verify a bundle; a failed proof is a result with accepted = false."""
        own = ["--bundle", str(bundle), *(["--allow-insecure"] if allow_insecure else [])]
        arguments = ["verify", *setup_arguments(tables, srs), *files.arguments(), *own]
        return self._outcome(arguments, on_progress, refusal_is_result=True).result

    def _run(self, arguments: Sequence[str], on_progress: OnProgress | None = None) -> dict[str, Any]:
        return self._outcome(arguments, on_progress).result

    def _outcome(self, arguments: Sequence[str], on_progress: OnProgress | None, *, refusal_is_result: bool = False) -> Outcome:
        threads = [] if self.threads is None else ["--threads", str(self.threads)]
        return run_process(
            self.binary,
            [*threads, "--progress", "json", *arguments],
            on_progress=on_progress,
            refusal_is_result=refusal_is_result,
        )


def blinding_arguments(seed: bytes | None) -> list[str]:
    """The option that makes proofs repeatable and insecure; none where `seed` is None. Raises InputError."""
    if seed is None:
        return []
    if len(seed) != SEED_BYTES:
        raise InputError(f"must have {SEED_BYTES} bytes", field="insecure_blinding_seed", value=len(seed))
    return ["--insecure-blinding-seed", seed.hex()]


def setup_arguments(tables: Path, srs: Path) -> list[str]:
    """The options that name tables and reference string."""
    return ["--tables", str(tables), "--srs", str(srs)]


def _find_binary() -> Path:
    chosen = os.environ.get(ENVIRONMENT)
    if chosen:
        if not os.access(chosen, os.X_OK):
            raise InputError(f"${ENVIRONMENT} is not an executable file", code="prover_missing", value=chosen)
        return Path(chosen)
    for binary in (_BUILT, PACKAGED / NAME):
        if os.access(binary, os.X_OK):
            return binary
    if found := shutil.which(NAME):
        return Path(found)
    raise InternalError(
        "the Rust prover is not built", code="prover_missing",
        hint=f"run `cargo build --release --manifest-path prover/Cargo.toml`, or set ${ENVIRONMENT}",
    )  # fmt: skip

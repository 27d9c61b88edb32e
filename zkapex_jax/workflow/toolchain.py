"""What every step needs: a preset, its emitted constraint tables, a reference string, and the Rust binary."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zkapex_jax.circuit import build, emit
from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.formats import canonical
from zkapex_jax.formats.atomic import write_bytes
from zkapex_jax.formats.cache_folder import cache_folder, using_cache
from zkapex_jax.formats.reading import file_digest
from zkapex_jax.presets import DEFAULT_PRESET, Preset, get_preset
from zkapex_jax.protocol.base import Base
from zkapex_jax.protocol.bundle import Bundle
from zkapex_jax.protocol.checks import check_parameters
from zkapex_jax.protocol.enrolment import Enrolment
from zkapex_jax.protocol.request import Request
from zkapex_jax.prover import Prover, SrsFile, check_srs, ensure_srs

#: By digest: versions that share a folder leave each other's tables alone.
_NAMES = {"fold_kkt": "{}-{}.tables.json", "enrol": "{}-{}.enrol.tables.json"}
_DIGITS = 16


@dataclass(frozen=True)
class Toolchain:
    """Checked once; every workflow function takes it first. `tables` are the online relation's, `enrol_tables` the enrolment's."""

    preset: Preset
    tables: Path
    enrol_tables: Path
    srs: Path
    tables_digest: str
    enrol_tables_digest: str
    srs_digest: str
    srs_insecure: bool
    prover: Prover

    @property
    def insecure(self) -> bool:
        """Whether proofs made with it convince nobody."""
        return self.preset.insecure or self.srs_insecure

    def check(self, artefact: Enrolment | Request | Bundle | Base) -> None:
        """Refuse an artefact that was made for another preset, tables or reference string, or marks the last falsely."""
        check_parameters(artefact, preset=self.preset.name, tables_digest=self.tables_digest, srs_digest=self.srs_digest)
        if isinstance(artefact, Base):
            self._check_enrol_tables(artefact)
        marked = artefact.insecure if isinstance(artefact, Bundle) else artefact.srs_insecure
        if marked != (self.insecure if isinstance(artefact, Bundle) else self.srs_insecure):
            raise RefusedError("does not mark truly whether it is insecure", code="mismatch_insecure", file=artefact.path)

    def _check_enrol_tables(self, base: Base) -> None:
        if base.enrol_tables_digest != self.enrol_tables_digest:
            raise RefusedError(
                "is for other constraint tables", code="mismatch_enrol_tables_digest", file=base.path, field="enrol_tables_digest",
                value=base.enrol_tables_digest,
            )  # fmt: skip


def open_toolchain(
    preset: str | Preset = DEFAULT_PRESET,
    *,
    folder: Path | None = None,
    tables: Path | None = None,
    srs: Path | None = None,
    prover: Prover | None = None,
    threads: int | None = None,
    insecure_srs: bool = False,
) -> Toolchain:
    """Emit the tables and make the SRS file in `folder` (default: as `cache_folder`) where they are not there yet.

    `tables` and `srs` name existing files instead; tables must then be those that this version emits for the preset.

    Raises InputError for files of another preset or size, InternalError if the Rust binary is not built, StorageError as `cache_folder`.
    """
    sizes = get_preset(preset) if isinstance(preset, str) else preset
    prover = prover or Prover.find(threads)
    folder = cache_folder(folder)
    tables_path, digest = _tables(sizes, "fold_kkt", folder, tables)
    enrol_path, enrol_digest = _tables(sizes, "enrol", folder, None)
    reference = _srs(prover, sizes, folder, srs, insecure=insecure_srs)
    return Toolchain(
        sizes, tables_path, enrol_path, reference.path, digest, enrol_digest, reference.digest, reference.insecure, prover
    )


def _tables(preset: Preset, relation: str, folder: Path, given: Path | None) -> tuple[Path, str]:
    data = emit(build(relation, preset))
    digest = canonical.digest(data)
    if given is None:
        path = folder / _NAMES[relation].format(preset.name, digest[:_DIGITS])
        with using_cache():
            if not path.exists() or file_digest(path) != digest:
                write_bytes(path, data, force=True)
        return path, digest
    if (found := file_digest(given)) != digest:
        raise InputError(
            f"constraint tables are not those that this version emits for preset {preset.name}: altered, or of another version",
            code="wrong_tables", file=given, field="sha256", value=found,
        )  # fmt: skip
    return given, digest


def _srs(prover: Prover, preset: Preset, folder: Path, given: Path | None, *, insecure: bool) -> SrsFile:
    if given is None:
        with using_cache():
            return ensure_srs(prover, preset.k, folder, insecure=insecure)
    return check_srs(prover, given, preset.k)

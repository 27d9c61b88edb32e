"""Have a reference string at hand: made once into a folder, its digest asked of the Rust reader."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zkapex_jax.errors import InputError, InternalError, StorageError
from zkapex_jax.formats.atomic import make_directory, publish, storage_errors
from zkapex_jax.formats.passing import passing_folder
from zkapex_jax.prover.driver import Prover

CEREMONY_MAX_K = 12


@dataclass(frozen=True)
class SrsFile:
    """A checked SRS file."""

    path: Path
    k: int
    source: str
    insecure: bool
    digest: str


def ensure_srs(prover: Prover, k: int, folder: Path, *, insecure: bool = False) -> SrsFile:
    """The SRS of 2^k powers in `folder`, made there if absent: from the shipped ceremony, or `insecure` if asked.

    Raises InputError for k over 12 without an imported file: larger ceremonies are imported from their published JSON. And for what is
    there already, if it is damaged, or not what its name says.
    """
    path = make_directory(folder) / (f"insecure-{k}.srs" if insecure else f"ceremony-{k}.srs")
    if not path.exists():
        if not insecure and k > CEREMONY_MAX_K:
            raise InputError(
                f"the shipped ceremony has 2^{CEREMONY_MAX_K} powers, this preset needs 2^{k}",
                code="srs_missing", file=path, field="k", value=k,
                hint=f"import the published ceremony with `zkapex srs import FILE.json --k {k}`, or pass --insecure-srs for tests",
            )  # fmt: skip
        _make(prover, k, path, insecure=insecure)
    try:
        srs = check_srs(prover, path, k)
        if srs.insecure != insecure:
            raise InputError("its name says otherwise than its mark of insecurity", code="wrong_srs", file=path, field="insecure", value=srs.insecure)
        return srs
    except InputError as error:
        error.hint = error.hint or "remove the file; then it is made, or can be imported, again"
        raise


def import_srs(prover: Prover, source: Path, k: int, folder: Path) -> SrsFile:
    """Import a published ceremony into `folder` as its SRS of 2^k powers."""
    path = make_directory(folder) / f"ceremony-{k}.srs"
    _through_temporary(path, lambda out: prover.srs_import(source, k, out), force=True)
    return check_srs(prover, path, k)


def check_srs(prover: Prover, path: Path, k: int | None = None) -> SrsFile:
    """Read an SRS file with the Rust reader. Raises InputError if it is damaged or of another size than 2^k."""
    info = prover.srs_info(path)
    try:
        srs = SrsFile(
            path, _typed(info, "k", int), _typed(info, "source", str), _typed(info, "insecure", bool), _typed(info, "digest", str)
        )
    except KeyError as error:
        raise InternalError(f"the prover's SRS report lacks {error}", code="prover_output") from error
    if k is not None and srs.k != k:
        raise InputError(f"the SRS must have 2^{k} powers", code="wrong_srs", file=path, field="k", value=srs.k)
    return srs


def _make(prover: Prover, k: int, path: Path, *, insecure: bool) -> None:
    """Of several processes that make it at once the first wins: insecure ones differ, and the others' proofs are for what is there."""
    make = prover.srs_insecure if insecure else prover.srs_ceremony
    try:
        _through_temporary(path, lambda out: make(k, out), force=False)
    except StorageError as error:
        if error.code != "exists":
            raise


def _through_temporary(path: Path, make: Any, *, force: bool) -> None:
    """Each process makes its own file, whole, and then names it."""
    with passing_folder(path.parent) as passing:
        make(passing / path.name)
        with storage_errors(path):
            publish(passing / path.name, path, force=force)


def _typed(info: dict[str, Any], name: str, kind: type) -> Any:
    if type(info[name]) is not kind:
        raise InternalError(f"the prover's SRS report has a wrong {name}", code="prover_output", value=info[name])
    return info[name]

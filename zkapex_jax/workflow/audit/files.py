"""Which files an audit reads: named one by one, or found by their digests in a provider's folder. Nothing is written there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.formats.container import open_container
from zkapex_jax.ledger import Ledger
from zkapex_jax.ledger.records import EnrolmentRecord
from zkapex_jax.protocol import Base, Bundle, Enrolment, EnrolmentProof, Request, State
from zkapex_jax.protocol.artefact import Artefact
from zkapex_jax.workflow.ledger_place import ledger_place

Typed = TypeVar("Typed", bound=Artefact)


@dataclass(frozen=True)
class BundleCase:
    """A bundle and what it answers."""

    bundle: Bundle
    request: Request
    state: State


@dataclass(frozen=True)
class ProofCase:
    """An enrolment's proof and its base; `replaced` is the state that a re-enrolment replaces."""

    proof: EnrolmentProof
    base: Base
    replaced: State | None


@dataclass(frozen=True)
class AuditCase:
    """Everything that one audit judges. At least one of `bundle` and `proof` is there.

    `keys` are public keys of the provider, hex; `key_from` says who vouches for them.
    """

    enrolment: Enrolment
    bundle: BundleCase | None
    proof: ProofCase | None
    keys: tuple[str, ...]
    key_from: Literal["auditor", "ledger"]

    def key(self, signer: str) -> str:
        """The provider's key that an artefact must be signed with: `signer` if it is the provider's, else the first."""
        return signer if signer in self.keys else self.keys[0]

    def artefacts(self) -> tuple[Artefact, ...]:
        """Every file of the case."""
        answered = (self.bundle.bundle, self.bundle.request, self.bundle.state) if self.bundle else ()
        proven = (self.proof.proof, self.proof.base) if self.proof else ()
        replaced = (self.proof.replaced,) if self.proof and self.proof.replaced else ()
        return (self.enrolment, *answered, *proven, *replaced)


def from_ledger(provider: Path, subject: Path, key: str | None = None) -> AuditCase:
    """The case of a bundle, an enrolment or an enrolment proof, with all that the ledger in `provider` knows of it.

    Of a bundle this includes the enrolment proof that it rests on. `key` replaces the ledger's keys by the auditor's own.

    Raises InputError if the ledger or a file is damaged or `subject` is of another kind; RefusedError if the ledger does
    not know the enrolment.
    """
    shelf = _Shelf(Path(provider), Ledger.open(ledger_place(Path(provider))))
    bundle, enrolment_digest = _subject(subject)
    record = shelf.record(enrolment_digest, subject)
    enrolment = shelf.load(Enrolment, record.digest)
    proof = shelf.proof(record) if bundle or not _is(subject, EnrolmentProof) else EnrolmentProof.from_file(subject)
    replaced = shelf.load(State, proof.state_digest) if proof.renews else None
    answered = bundle and BundleCase(bundle, shelf.load(Request, bundle.request_digest), shelf.load(State, bundle.state_digest))
    keys = (key,) if key else shelf.ledger.keys()
    if not keys:
        raise InputError("holds no provider key", file=shelf.ledger.path)
    return AuditCase(
        enrolment, answered or None, ProofCase(proof, shelf.load(Base, record.base_digest), replaced), keys, "auditor" if key else "ledger"
    )


def from_files(
    *,
    key: str,
    enrolment: Path,
    bundle: Path | None = None,
    request: Path | None = None,
    state: Path | None = None,
    proof: Path | None = None,
    base: Path | None = None,
    replaced: Path | None = None,
) -> AuditCase:
    """The case of files that the auditor names. A bundle needs `request` and `state`; a proof needs `base`.

    Raises InputError for a missing or malformed file.
    """
    answered = proven = None
    if bundle is not None:
        answered = BundleCase(
            Bundle.from_file(bundle), Request.from_file(_need(request, "request")), State.from_file(_need(state, "state"))
        )
    if proof is not None:
        before = State.from_file(replaced) if replaced else None
        proven = ProofCase(EnrolmentProof.from_file(proof), Base.from_file(_need(base, "base")), before)
    if answered is None and proven is None:
        raise InputError("nothing to audit: give a bundle or an enrolment's proof", field="proof")
    return AuditCase(Enrolment.from_file(enrolment), answered, proven, (key,), "auditor")


@dataclass(frozen=True)
class _Shelf:
    """A provider's folder, for reading."""

    path: Path
    ledger: Ledger

    def load(self, kind: type[Typed], digest: str) -> Typed:
        path = self.path / "artefacts" / f"{digest}.safetensors"
        artefact = kind.from_file(path)
        if artefact.digest != digest:
            raise InputError("kept file is not the one that its name says", code="damaged", file=path, value=artefact.digest)
        return artefact

    def record(self, digest: str, subject: Path) -> EnrolmentRecord:
        found = next((record for record in self.ledger.enrolments() if record.digest == digest), None)
        if found is None:
            raise RefusedError(
                "belongs to an enrolment that this ledger does not know", code="unknown_enrolment", file=subject, value=digest
            )
        return found

    def proof(self, record: EnrolmentRecord) -> EnrolmentProof:
        return self.load(EnrolmentProof, record.proof_digest)


def _subject(path: Path) -> tuple[Bundle | None, str]:
    """The bundle, if it is one, and the digest of the enrolment that the file is about."""
    if _is(path, Bundle):
        bundle = Bundle.from_file(path)
        return bundle, bundle.enrolment_digest
    if _is(path, EnrolmentProof):
        return None, EnrolmentProof.from_file(path).enrolment_digest
    return None, Enrolment.from_file(path).digest


def _is(path: Path, kind: type[Artefact]) -> bool:
    return open_container(path).kind == kind.kind


def _need(path: Path | None, name: str) -> Path:
    if path is None:
        raise InputError(f"is missing: give --{name}", field=name)
    return path

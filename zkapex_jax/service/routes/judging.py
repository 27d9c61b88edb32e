"""Hand in what is to be verified, and ask what became of it."""

from __future__ import annotations

import threading
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse

from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.protocol import Bundle, Enrolment, EnrolmentProof, checks
from zkapex_jax.protocol.artefact import Artefact
from zkapex_jax.service import queue, receipts, uploads
from zkapex_jax.service.answers import failure, utc
from zkapex_jax.service.context import Calling, ClientName, Here, Service
from zkapex_jax.service.keys import Who
from zkapex_jax.service.messages import Job, NewBundle, NewEnrolment, Outcome
from zkapex_jax.service.tables import Job as Row

router = APIRouter(tags=["proofs"])
Typed = TypeVar("Typed", bound=Artefact)
_PARSING = threading.Lock()
JobName = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


@router.post("/enrolments", status_code=202, response_model=Job)
def enrolment(wanted: NewEnrolment, who: Calling, service: Here) -> Job | JSONResponse:
    """Queue an enrolment with its proof. Answered with 202 it is verified, whatever happens to the server.

    One that a rule refuses is answered with the error and the digest of a signed refusal.
    """
    client_id, names = who.client_id, (wanted.enrolment, wanted.proof)
    known = _known(service, client_id, names)
    if known is not None:
        return _told(known)
    for name, kind in zip(names, ("enrolment", "enrolment-proof"), strict=True):
        uploads.need_whole(service.store, client_id, name, kind)
    service.rates.job(client_id)
    given, proof = _parsed(service, Enrolment, wanted.enrolment), _parsed(service, EnrolmentProof, wanted.proof)
    _check_owner(client_id, given, proof)
    if proof.enrolment_digest != given.digest:
        raise RefusedError("proof is of another enrolment", code="mismatch_enrolment_digest", field="enrolment_digest", value=proof.enrolment_digest)
    try:
        checks.check_secure(proof.insecure, allowed=service.settings.allow_insecure, what="enrolment proof")
    except RefusedError as error:
        return _refused(service, client_id, proof, error)
    return _submit(service, who, "enrolment", given.digest, names)


@router.post("/bundles", status_code=202, response_model=Job)
def bundle(wanted: NewBundle, who: Calling, service: Here) -> Job | JSONResponse:
    """Queue a bundle. Answered with 202 it is verified exactly once, whatever happens to the server.

    One that a rule refuses is answered with the error and the digest of a signed refusal.
    """
    client_id, names = who.client_id, (wanted.bundle, "")
    known = _known(service, client_id, names)
    if known is not None:
        return _told(known)
    uploads.need_whole(service.store, client_id, wanted.bundle, "bundle")
    service.rates.job(client_id)
    given = _parsed(service, Bundle, wanted.bundle)
    _check_owner(client_id, given)
    try:
        checks.check_secure(given.insecure, allowed=service.settings.allow_insecure, what="bundle")
        if service.ledger.verdict(given.digest) is None:
            service.ledger.check_bundle(given)
    except RefusedError as error:
        return _refused(service, client_id, given, error)
    return _submit(service, who, "bundle", given.digest, names)


@router.get("/jobs/{name}")
def job(name: JobName, client_id: ClientName, service: Here) -> Job:
    """Where a job of the caller stands."""
    return _told(queue.job(service.store, client_id, name))


def _known(service: Service, client_id: str, names: tuple[str, str]) -> Row | None:
    """The job that these uploads have, unless it ended without a verdict."""
    with service.store.read() as session:
        found = queue.find(session, names)
    if found is None or found.client_id != client_id or queue.is_undecided(found):
        return None
    return found


def _parsed(service: Service, kind: type[Typed], upload: str) -> Typed:
    """A file's header, in turn: hostile ones take a hundred times their size in memory."""
    uploads.check_header(service.settings, upload)
    with _PARSING:
        return kind.from_file(uploads.file_of(service.settings, upload), verify=False)


def _submit(service: Service, who: Who, kind: str, digest: str, names: tuple[str, str]) -> Job:
    return _told(queue.submit(service.store, who, kind, digest, names, service.settings.limits))


def _refused(service: Service, client_id: str, given: Bundle | EnrolmentProof, error: RefusedError) -> JSONResponse:
    return failure(error, receipt=receipts.refused(service.store, service.provider, service.key, given, error))


def _check_owner(client_id: str, *given: Enrolment | EnrolmentProof | Bundle) -> None:
    for artefact in given:
        if artefact.client_id != client_id:
            raise RefusedError(f"{artefact.kind} is of another client", code="other_client", field="client_id", value=artefact.client_id)


def _told(row: Row) -> Job:
    if row.kind not in ("enrolment", "bundle"):
        raise InputError("is no job of this version", code="wrong_kind", field="kind", value=row.kind)
    ended = row.status in (queue.DONE, queue.FAILED)
    return Job(
        job=row.id, kind=row.kind, digest=row.digest, status=row.status, attempts=row.attempts, made=utc(row.made),
        finished=utc(row.finished) if row.finished else None,
        outcome=Outcome.model_validate_json(row.outcome) if row.outcome and ended else None,
    )  # fmt: skip

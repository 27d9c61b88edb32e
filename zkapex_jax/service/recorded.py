"""What was decided before: a client that sends a file again, however long after, gets that verdict and that receipt, and no second
judgement. The job that told it may be gone by then.
"""

from __future__ import annotations

from zkapex_jax.errors import RefusedError
from zkapex_jax.ledger.admission_facts import admission_facts
from zkapex_jax.protocol import Enrolment, EnrolmentProof, SigningKey
from zkapex_jax.protocol.refusal import Refusal
from zkapex_jax.service import receipts
from zkapex_jax.service.answers import told
from zkapex_jax.service.messages import Outcome
from zkapex_jax.service.store import Store
from zkapex_jax.workflow import Provider
from zkapex_jax.workflow.receipts import make_enrolment_receipt


def admission(store: Store, provider: Provider, key: SigningKey, enrolment_digest: str) -> Outcome:
    """Of an enrolment that the ledger holds: the state that it led to, whatever came after."""
    receipt = make_enrolment_receipt(provider, key, enrolment_digest)
    return Outcome(accepted=True, receipt=receipts.kept(store, receipt), state=receipt.state_after)


def of_enrolment(store: Store, provider: Provider, key: SigningKey, given: Enrolment, proof: EnrolmentProof) -> Outcome | None:
    """Of an enrolment that another has replaced since, or a proof that was found to fail; None of any other.

    The caller has read both files whole. One that is the client's present enrolment is left to `admit`, which restores kept copies.
    """
    if _was_admitted(provider, given, proof):
        return admission(store, provider, key, given.digest)
    row = receipts.find(store, proof.digest, Refusal.kind, "proof_refused")  # nothing but the file decides that
    if row is None or proof.enrolment_digest != given.digest:
        return None
    said = Refusal.from_bytes(row.document.encode("utf-8"))
    error = RefusedError(said.reason, code="proof_refused")
    return Outcome(accepted=False, reason=said.reason, error=told(error), receipt=row.digest)


def _was_admitted(provider: Provider, given: Enrolment, proof: EnrolmentProof) -> bool:
    active = provider.ledger.find_enrolment(given.client_id)
    if active is None or active.digest == given.digest:
        return False
    try:
        return admission_facts(provider.ledger, digest=given.digest).proof_digest == proof.digest
    except RefusedError:  # the ledger holds no such enrolment
        return False

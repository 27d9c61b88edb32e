"""The provider's receipts and published heads, made from its ledger: the same verdict or admission gives the same bytes.

A refusal that left nothing in the ledger is signed when it happens, with the chain's head at that moment.
"""

from __future__ import annotations

import os

from zkapex_jax.errors import RefusedError, ZkapexError, shorten
from zkapex_jax.ledger import events
from zkapex_jax.ledger.admission_facts import AdmissionFacts, admission_facts
from zkapex_jax.ledger.refused_then import differs
from zkapex_jax.ledger.verdict_facts import VerdictFacts, verdict_facts
from zkapex_jax.protocol import Bundle, Enrolment, EnrolmentProof, Request, SigningKey, checks
from zkapex_jax.protocol.admission_receipt import EnrolmentReceipt
from zkapex_jax.protocol.fields import now
from zkapex_jax.protocol.ledger_head import LedgerHead
from zkapex_jax.protocol.receipt import Receipt
from zkapex_jax.protocol.refusal import Refusal, refused_fields
from zkapex_jax.workflow.folders import Provider

_LONGEST_REASON = 2000


def make_receipt(provider: Provider, key: SigningKey, bundle_digest: str) -> Receipt:
    """The receipt of the last verdict on a bundle. Raises RefusedError if there is none, or the key is not the ledger's."""
    _check_key(provider, key)
    facts = verdict_facts(provider.ledger, bundle_digest=bundle_digest)
    return Receipt.sign(key, receipt_fields(facts, insecure=is_insecure(provider, facts)))


def receipt_for(provider: Provider, key: SigningKey, *, client_id: str, request: str) -> Receipt:
    """The receipt of a client's last verdict on a request, given by id or digest; an acceptance is always the last."""
    _check_key(provider, key)
    digest = provider.ledger.last_answer(client_id, request)
    return make_receipt(provider, key, digest)


def make_enrolment_receipt(provider: Provider, key: SigningKey, enrolment_digest: str) -> EnrolmentReceipt:
    """The receipt of an admitted enrolment. Raises RefusedError if there is none, or the key is not the ledger's."""
    _check_key(provider, key)
    facts = admission_facts(provider.ledger, digest=enrolment_digest)
    return EnrolmentReceipt.sign(key, enrolment_fields(facts, insecure=was_insecure(provider, facts)))


def make_refusal(provider: Provider, key: SigningKey, given: Bundle | EnrolmentProof, error: ZkapexError) -> Refusal:
    """A refusal of this moment, for the reason that `error` gives: it is looked up in the ledger once more before it is signed.

    Raises RefusedError for a key that is not the ledger's, and (`not_refused`) where the ledger says otherwise by now.
    """
    _check_key(provider, key)
    with provider.ledger.reading() as session:  # the rule and the head are of one moment
        sequence, head = events.head(session)
        fields = refused_fields(given) | {
            "code": error.code, "reason": shorten(error.message, _LONGEST_REASON) or error.code, "time": now(),
            "ledger": {"sequence": sequence, "head": head},
        }  # fmt: skip
        refusal = Refusal.sign(key, fields)
        otherwise = differs(session, refusal)
    if otherwise is not None:
        raise RefusedError(f"is not signed: {otherwise}", code="not_refused", field=refusal.of, value=refusal.digest, hint="send it again")
    return refusal


def publish_head(provider: Provider, key: SigningKey) -> LedgerHead:
    """The ledger's newest head, signed. Raises RefusedError for a key that is not the ledger's."""
    _check_key(provider, key)
    sequence, head = provider.ledger.head()
    return LedgerHead.sign(key, {"time": now(), "sequence": sequence, "head": head})


def receipt_fields(facts: VerdictFacts, *, insecure: bool) -> dict[str, object]:
    """All fields of a receipt but provider and signature."""
    names = ("client_id", "request_id", "request_digest", "enrolment_digest", "bundle_digest", "state_before", "state_after")
    return {name: getattr(facts, name) for name in names} | {
        "time": facts.received,
        "verdict": {"accepted": facts.accepted, "reason": shorten(facts.reason or "", _LONGEST_REASON), "insecure": insecure},
        "ledger": {"sequence": facts.sequence, "head": facts.head},
    }


def enrolment_fields(facts: AdmissionFacts, *, insecure: bool) -> dict[str, object]:
    """All fields of an enrolment's receipt but provider and signature."""
    names = ("client_id", "enrolment_digest", "proof_digest", "base_digest", "state_before", "state_after")
    return {name: getattr(facts, name) for name in names} | {
        "time": facts.received, "insecure": insecure, "ledger": {"sequence": facts.sequence, "head": facts.head},
    }  # fmt: skip


def was_insecure(provider: Provider, facts: AdmissionFacts) -> bool:
    """What the enrolment's proof says, which was checked before it was admitted."""
    return provider.load(EnrolmentProof, facts.proof_digest, verify=False).insecure


def is_insecure(provider: Provider, facts: VerdictFacts) -> bool:
    """What the bundle says; of a refused one that is kept no longer, what it was held against before it was judged."""
    load = provider.load
    if provider.artefact(facts.bundle_digest).exists():
        return load(Bundle, facts.bundle_digest, verify=False).insecure
    return checks.is_insecure(load(Enrolment, facts.enrolment_digest, verify=False), load(Request, facts.request_digest, verify=False))


def check_recorded(provider: Provider, receipt: Receipt | EnrolmentReceipt, file: str | os.PathLike[str]) -> None:
    """A receipt must say what the ledger says of its place in the chain, field by field. Whose signature it bears is another question.

    Raises RefusedError.
    """
    try:
        wanted = _recorded(provider, receipt)
    except RefusedError as error:
        raise error.in_file(file) from error
    said = receipt.model_dump(exclude={"provider", "signature"})
    for name, value in wanted.items():
        if said[name] != value:
            raise RefusedError("says otherwise than the ledger", code="receipt_differs", file=file, field=name, value=str(said[name]))


def _recorded(provider: Provider, receipt: Receipt | EnrolmentReceipt) -> dict[str, object]:
    """What the ledger's receipt of that place says."""
    if isinstance(receipt, EnrolmentReceipt):
        admitted = admission_facts(provider.ledger, sequence=receipt.ledger.sequence)
        return enrolment_fields(admitted, insecure=was_insecure(provider, admitted))
    judged = verdict_facts(provider.ledger, sequence=receipt.ledger.sequence)
    return receipt_fields(judged, insecure=is_insecure(provider, judged))


def _check_key(provider: Provider, key: SigningKey) -> None:
    if key.public not in provider.ledger.keys():
        raise RefusedError(
            "the ledger does not trust this key", code="other_signer", file=provider.path, field="provider", value=key.public
        )

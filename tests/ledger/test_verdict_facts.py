"""What the ledger says of one verdict, and of its own head."""

from __future__ import annotations

import pytest
from artefact_factory import Factory

from zkapex_jax.errors import RefusedError
from zkapex_jax.ledger import Ledger
from zkapex_jax.ledger.verdict_facts import verdict_facts
from zkapex_jax.protocol import SigningKey
from zkapex_jax.protocol.chain import next_state


def test_a_refusal_and_an_acceptance(ledger: Ledger, make: Factory, key: SigningKey) -> None:
    enrolment, state = make.enrol(ledger)
    request = make.request(key)
    ledger.add_request(request)
    bad, good = make.bundle(enrolment, request, state), make.bundle(enrolment, request, state)
    refused = ledger.refuse(bad, reason="chunk 0: fold.last", seconds=0.1)
    after = next_state(state, request, good, make.path("state"))
    accepted = ledger.accept(good, after, seconds=0.1)

    facts = verdict_facts(ledger, bundle_digest=bad.digest)
    assert (facts.accepted, facts.reason, facts.state_before, facts.state_after) == (False, "chunk 0: fold.last", state.digest, state.digest)
    assert (facts.sequence, facts.head) == (refused.sequence, ledger.head(refused.sequence)[1])
    facts = verdict_facts(ledger, sequence=accepted.sequence)
    assert (facts.accepted, facts.reason, facts.state_before, facts.state_after) == (True, None, state.digest, after.digest)
    assert (facts.client_id, facts.request_id, facts.request_digest) == ("alice", request.request_id, request.digest)
    assert facts.enrolment_digest == enrolment.digest and facts.received == accepted.received
    assert ledger.last_answer("alice", request.request_id) == good.digest == ledger.last_answer("alice", request.digest)
    assert ledger.head()[0] == accepted.sequence + 1, "the state is the last event"


def test_what_is_not_there(ledger: Ledger, make: Factory) -> None:
    make.enrol(ledger)
    with pytest.raises(RefusedError, match="no such verdict"):
        verdict_facts(ledger, bundle_digest="0" * 64)
    with pytest.raises(RefusedError, match="no such verdict"):
        verdict_facts(ledger, sequence=1)
    with pytest.raises(RefusedError, match="no verdict on an answer"):
        ledger.last_answer("alice", "r-1")
    with pytest.raises(RefusedError, match="no such event"):
        ledger.head(99)

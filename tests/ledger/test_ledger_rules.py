"""What the ledger records, and what it refuses."""

from __future__ import annotations

import pytest
from artefact_factory import Factory

from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.ledger import Ledger
from zkapex_jax.protocol import Bundle, Enrolment, Request, SigningKey, State, generate_key
from zkapex_jax.protocol.chain import next_state

Case = tuple[Enrolment, State, Request, Bundle]


@pytest.fixture
def case(make: Factory, key: SigningKey, ledger: Ledger) -> Case:
    """Alice is enrolled, a request is published, her bundle is ready."""
    enrolment = make.enrolment("alice")
    state = make.state(enrolment)
    ledger.add_enrolment(enrolment, state)
    request = make.request(key)
    ledger.add_request(request)
    return enrolment, state, request, make.bundle(enrolment, request, state)


def accept(ledger: Ledger, make: Factory, state: State, request: Request, bundle: Bundle) -> State:
    after = next_state(state, request, bundle, make.path("state"))
    ledger.accept(bundle, after, seconds=0.5)
    return after


def test_the_whole_path(ledger: Ledger, make: Factory, case: Case) -> None:
    enrolment, state, request, bundle = case
    assert [waiting.request_id for waiting in ledger.open_requests("alice")] == [request.request_id]
    ledger.check_bundle(bundle)
    after = accept(ledger, make, state, request, bundle)
    assert ledger.state("alice").digest == after.digest and ledger.state("alice").position == 1
    assert ledger.open_requests("alice") == ()
    verdict = ledger.verdict(bundle.digest)
    assert verdict is not None and verdict.accepted and verdict.verifier_seconds == 0.5
    assert ledger.enrolment("alice").proof_digest is None
    assert ledger.check() == 6  # key, enrolment, state, request, verdict, state
    assert Ledger.open(ledger.path).state("alice").head == after.head
    assert enrolment.digest == ledger.enrolment("alice").digest


def test_adding_again_changes_nothing(ledger: Ledger, case: Case, key: SigningKey) -> None:
    enrolment, state, request, _ = case
    events = ledger.check()
    assert ledger.add_enrolment(enrolment, state).digest == enrolment.digest
    assert ledger.add_request(request).digest == request.digest
    ledger.trust(key.public)
    assert ledger.check() == events and ledger.keys() == (key.public,)


def test_a_commitment_seen_before(ledger: Ledger, make: Factory, case: Case) -> None:
    """One copied point is enough, wherever it stood."""
    gradients = make.bytes(3, 8, 4, 48)
    gradients[2, 7, 3] = case[0].tensor("c_theta")[0, 1]
    copied = make.enrolment("mallory", tensors={"c_gradients": gradients})
    with pytest.raises(RefusedError, match="seen before") as caught:
        ledger.add_enrolment(copied, make.state(copied))
    assert caught.value.code == "commitment_seen" and caught.value.file == str(copied.path)
    assert ledger.find_enrolment("mallory") is None, "nothing of it may stay"
    assert ledger.check() == 4


def test_a_commitment_twice_in_one_enrolment(ledger: Ledger, make: Factory) -> None:
    theta = make.bytes(3, 4, 48)
    theta[2, 3] = theta[0, 0]
    enrolment = make.enrolment(tensors={"c_theta": theta})
    with pytest.raises(RefusedError, match="seen before"):
        ledger.add_enrolment(enrolment, make.state(enrolment))
    assert ledger.enrolments() == ()


def test_no_new_enrolment_while_a_request_is_open(ledger: Ledger, make: Factory, case: Case) -> None:
    _, state, request, bundle = case
    again = make.enrolment("alice")
    with pytest.raises(RefusedError, match="while a request waits"):
        ledger.add_enrolment(again, make.state(again))
    accept(ledger, make, state, request, bundle)
    ledger.add_enrolment(again, make.state(again))
    assert ledger.enrolment("alice").digest == again.digest
    assert [record.replaced for record in ledger.enrolments()] == [True, False]


def test_closing_a_request_frees_its_clients(ledger: Ledger, make: Factory, case: Case) -> None:
    _, _, request, bundle = case
    ledger.close_request(request.request_id)
    ledger.close_request(request.request_id)
    with pytest.raises(RefusedError, match="closed"):
        ledger.check_bundle(bundle)
    again = make.enrolment("alice")
    ledger.add_enrolment(again, make.state(again))
    with pytest.raises(InputError, match="no such request"):
        ledger.close_request("r-none")


def test_an_enrolment_younger_than_the_request(ledger: Ledger, make: Factory, case: Case) -> None:
    request = case[2]
    late = make.enrolment("bob")
    state = make.state(late)
    ledger.add_enrolment(late, state)
    assert ledger.open_requests("bob") == ()
    with pytest.raises(RefusedError, match="older than the client's enrolment"):
        ledger.check_bundle(make.bundle(late, request, state))


def test_an_answer_is_accepted_once(ledger: Ledger, make: Factory, case: Case) -> None:
    enrolment, state, request, bundle = case
    accept(ledger, make, state, request, bundle)
    with pytest.raises(RefusedError, match="already accepted") as caught:
        ledger.check_bundle(bundle)
    assert caught.value.code == "replay"
    with pytest.raises(RefusedError, match="already accepted"):
        ledger.check_bundle(make.bundle(enrolment, request, state))


def test_a_stale_state(ledger: Ledger, make: Factory, key: SigningKey, case: Case) -> None:
    enrolment, state, request, bundle = case
    accept(ledger, make, state, request, bundle)
    second = make.request(key)
    ledger.add_request(second)
    with pytest.raises(RefusedError, match="current state"):
        ledger.check_bundle(make.bundle(enrolment, second, state))


def test_two_verifiers_at_once(ledger: Ledger, make: Factory, key: SigningKey, case: Case) -> None:
    """Both verified against the same state: the second finds, inside its transaction, that it came too late."""
    enrolment, state, request, bundle = case
    second = make.request(key)
    ledger.add_request(second)
    other = make.bundle(enrolment, second, state)
    ledger.check_bundle(other)
    accept(ledger, make, state, request, bundle)
    events = ledger.check()
    with pytest.raises(RefusedError, match="current state"):
        accept(ledger, make, state, second, other)
    assert ledger.check() == events and ledger.verdict(other.digest) is None


def test_strangers(ledger: Ledger, make: Factory, key: SigningKey, case: Case) -> None:
    enrolment, state, request, _ = case
    unknown_client = make.enrolment("carol")
    with pytest.raises(RefusedError, match="no such client"):
        ledger.check_bundle(make.bundle(unknown_client, request, state))
    with pytest.raises(RefusedError, match="published no such request"):
        ledger.check_bundle(make.bundle(enrolment, make.request(key), state))
    with pytest.raises(RefusedError, match="not the client's enrolment"):
        ledger.check_bundle(make.bundle(make.enrolment("alice"), request, state))


def test_a_refused_proof_can_be_followed_by_an_accepted_one(ledger: Ledger, make: Factory, case: Case) -> None:
    enrolment, state, request, bundle = case
    ledger.refuse(bundle, reason="chunk 0: fold.last", seconds=0.1)
    ledger.refuse(bundle, reason="chunk 0: fold.last", seconds=0.1)
    assert ledger.state("alice").position == 0 and len(ledger.open_requests("alice")) == 1
    accept(ledger, make, state, request, make.bundle(enrolment, request, state))
    assert [verdict.accepted for verdict in ledger.verdicts()] == [False, False, True]
    assert ledger.verdicts()[0].reason == "chunk 0: fold.last"


def test_requests_of_other_signers(ledger: Ledger, make: Factory, key: SigningKey) -> None:
    other = generate_key(make.folder / "other.key")
    with pytest.raises(RefusedError, match="not the provider's"):
        ledger.add_request(make.request(other))
    with pytest.raises(RefusedError, match="signature is wrong"):
        ledger.add_request(make.request(other, signer=key.public))
    assert ledger.requests() == ()


@pytest.mark.parametrize("field", ["request_id", "nonce"])
def test_a_request_id_or_nonce_serves_once(ledger: Ledger, make: Factory, key: SigningKey, case: Case, field: str) -> None:
    with pytest.raises(RefusedError, match=f"this {field} is already published"):
        ledger.add_request(make.request(key, **{field: getattr(case[2], field)}))

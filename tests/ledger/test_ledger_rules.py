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
    enrolment, state = make.enrol(ledger)
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
    assert ledger.enrolment("alice").base_digest == enrolment.model.base_digest
    assert ledger.check() == 7  # key, base, enrolment, state, request, verdict, state
    assert Ledger.open(ledger.path).state("alice").head == after.head
    assert enrolment.digest == ledger.enrolment("alice").digest


def test_adding_again_changes_nothing(ledger: Ledger, make: Factory, case: Case, key: SigningKey) -> None:
    enrolment, state, request, _ = case
    events = ledger.check()
    assert ledger.add_enrolment(enrolment, make.enrolment_proof(enrolment), state).digest == enrolment.digest
    assert ledger.add_request(request).digest == request.digest
    ledger.trust(key.public)
    assert ledger.check() == events and ledger.keys() == (key.public,)


def test_a_commitment_seen_before(ledger: Ledger, make: Factory, case: Case) -> None:
    """One copied point is enough, wherever it stood."""
    gradients = make.bytes(3, 8, 4, 48)
    gradients[2, 7, 3] = case[0].tensor("c_theta")[0, 1]
    copied = make.enrolment("mallory", tensors={"c_gradients": gradients})
    proof = make.enrolment_proof(copied)
    for refuse in (
        lambda: ledger.check_enrolment(copied, proof),
        lambda: ledger.add_enrolment(copied, proof, make.state(copied)),
    ):
        with pytest.raises(RefusedError, match="seen before") as caught:
            refuse()
        assert caught.value.code == "commitment_seen" and caught.value.file == str(copied.path)
    assert ledger.find_enrolment("mallory") is None, "nothing of it may stay"
    assert ledger.check() == 5


def test_the_commitments_of_an_accepted_bundle_are_seen(ledger: Ledger, make: Factory, case: Case) -> None:
    """Com(θ̂u) becomes the client's next Com(θ̂p): nobody else may enrol it."""
    accept(ledger, make, *case[1:])
    theta = make.bytes(3, 4, 48)
    theta[1] = case[3].theta_points(0)
    with pytest.raises(RefusedError, match="seen before"):
        make.enrol(ledger, "mallory", tensors={"c_theta": theta})
    assert ledger.find_enrolment("mallory") is None


def test_a_commitment_twice_in_one_enrolment(ledger: Ledger, make: Factory) -> None:
    theta = make.bytes(3, 4, 48)
    theta[2, 3] = theta[0, 0]
    with pytest.raises(RefusedError, match="seen before"):
        make.enrol(ledger, tensors={"c_theta": theta})
    assert ledger.enrolments() == ()


def test_no_new_enrolment_while_a_request_is_open(ledger: Ledger, make: Factory, case: Case) -> None:
    _, state, request, bundle = case
    with pytest.raises(RefusedError, match="while a request waits"):
        make.enrol(ledger, after=state)
    after = accept(ledger, make, state, request, bundle)
    again, renewed = make.enrol(ledger, after=after)
    assert ledger.enrolment("alice").digest == again.digest
    assert [record.replaced for record in ledger.enrolments()] == [True, False]
    assert renewed.position == 2 == ledger.state("alice").position
    assert ledger.state("alice").cumulative == after.tensor("cumulative").tobytes()


def test_a_new_enrolment_must_start_from_the_current_state(ledger: Ledger, make: Factory, case: Case) -> None:
    """Without the tie a client could swap its weights, or bring forgotten ones back."""
    first, state, request, bundle = case
    after = accept(ledger, make, state, request, bundle)
    events = ledger.check()
    with pytest.raises(RefusedError, match="must be proven to hold the same weights; make it with `zkapex re-enrol`"):
        make.enrol(ledger)
    with pytest.raises(RefusedError, match="client's current state"):
        make.enrol(ledger, after=state)
    with pytest.raises(RefusedError, match="a client that has none"):
        make.enrol(ledger, "bob", after=after)
    assert ledger.check() == events and ledger.enrolment("alice").digest == first.digest


def test_a_state_that_un_forgets_or_skips(ledger: Ledger, make: Factory, case: Case) -> None:
    _, state, request, bundle = case
    after = accept(ledger, make, state, request, bundle)
    enrolment = make.enrolment()
    proof, events = make.enrolment_proof(enrolment, after), ledger.check()
    fresh = State.parse(
        {name: getattr(after, name) for name in State.model_fields} | {"enrolment_digest": enrolment.digest, "position": 2}
    )
    emptied = fresh.to_file(
        make.path("state"), {"c_theta": enrolment.tensor("c_theta"), "cumulative": state.tensor("cumulative")}
    )
    with pytest.raises(RefusedError, match="exactly what was forgotten"):
        ledger.add_enrolment(enrolment, proof, emptied)
    with pytest.raises(RefusedError, match="not the next one"):
        ledger.add_enrolment(enrolment, proof, make.state(enrolment, proof))
    assert ledger.check() == events


def test_a_replaced_enrolment_cannot_come_back(ledger: Ledger, make: Factory, case: Case) -> None:
    first, state, request, bundle = case
    make.enrol(ledger, after=accept(ledger, make, state, request, bundle))
    with pytest.raises(RefusedError, match="replaced by a later"):
        ledger.check_enrolment(first, make.enrolment_proof(first))


def test_base_models(ledger: Ledger, make: Factory, key: SigningKey) -> None:
    events = ledger.check()
    stranger = generate_key(make.folder / "stranger.key")
    with pytest.raises(RefusedError, match="base is signed by a key that is not the provider's"):
        ledger.add_base(make.base(stranger))
    with pytest.raises(RefusedError, match="signature is wrong"):
        ledger.add_base(make.base(stranger, signer=key.public))
    with pytest.raises(RefusedError, match="base is not signed"):
        ledger.add_base(make.base(key, sign=False))
    other = make.base(key)
    with pytest.raises(RefusedError, match="base model that this provider has not published") as caught:
        make.enrol(ledger, model=other.model_ref)
    assert caught.value.code == "unknown_base" and ledger.check() == events and ledger.enrolments() == ()
    ledger.add_base(other)
    assert ledger.add_base(other).digest == other.digest and ledger.check() == events + 1
    make.enrol(ledger, model=other.model_ref)
    assert [record.digest for record in ledger.bases()][1] == other.digest == ledger.enrolment("alice").base_digest


def test_closing_a_request_frees_its_clients(ledger: Ledger, make: Factory, case: Case) -> None:
    _, state, request, bundle = case
    ledger.close_request(request.request_id)
    ledger.close_request(request.request_id)
    with pytest.raises(RefusedError, match="closed"):
        ledger.check_bundle(bundle)
    make.enrol(ledger, after=state)
    with pytest.raises(InputError, match="no such request"):
        ledger.close_request("r-none")


def test_an_enrolment_younger_than_the_request(ledger: Ledger, make: Factory, case: Case) -> None:
    request = case[2]
    late, state = make.enrol(ledger, "bob")
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
    first = ledger.refuse(bundle, reason="chunk 0: fold.last", seconds=0.1)
    assert ledger.refuse(bundle, reason="chunk 0: fold.last", seconds=0.2) == first
    assert ledger.state("alice").position == 0 and len(ledger.open_requests("alice")) == 1
    accept(ledger, make, state, request, make.bundle(enrolment, request, state))
    assert [verdict.accepted for verdict in ledger.verdicts()] == [False, True]
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

"""Refusals hold against the ledger as it stood when they were signed: each rule, a lie about each, and what came later."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from artefact_factory import Factory
from provider_world import World, build

from zkapex_jax.errors import RefusedError, ZkapexError
from zkapex_jax.ledger.refused_then import BUNDLE_RULES, ENROLMENT_RULES
from zkapex_jax.protocol import Bundle, Enrolment, EnrolmentProof, State
from zkapex_jax.protocol.chain import renewed_state
from zkapex_jax.protocol.refusal import Refusal
from zkapex_jax.workflow import Provider
from zkapex_jax.workflow.audit.ledger import audit_ledger
from zkapex_jax.workflow.receipts import make_enrolment_receipt, make_refusal


@pytest.fixture
def world(tmp_path: Path, place: str) -> World:
    return build(tmp_path / "provider", place)


@pytest.fixture
def more(world: World, tmp_path: Path) -> Factory:
    """Makes further artefacts of the world's model."""
    made = Factory(tmp_path, seed=7)
    made.count, made.model = 500, world.request.model
    return made


def enrolment_of(provider: Provider, client_id: str) -> tuple[Enrolment, State]:
    ledger = provider.ledger
    return provider.load(Enrolment, ledger.enrolment(client_id).digest), provider.load(State, ledger.state(client_id).digest)


def refused_bundle(provider: Provider, world: World, bundle: Bundle) -> Refusal:
    with pytest.raises(RefusedError) as caught:
        provider.ledger.check_bundle(bundle)
    return make_refusal(provider, world.key, bundle, caught.value)


def refused_enrolment(provider: Provider, world: World, enrolment: Enrolment, proof: EnrolmentProof) -> Refusal:
    with pytest.raises(RefusedError) as caught:
        provider.ledger.check_enrolment(enrolment, proof)
    return make_refusal(provider, world.key, proof, caught.value)


def every_refusal(world: World, more: Factory) -> dict[str, Refusal]:
    """One of each rule that can be looked up, in the order in which the ledger grew; named by file and code."""
    with world.open() as provider:
        ledger = provider.ledger
        alice, bob = enrolment_of(provider, "alice"), enrolment_of(provider, "bob")
        nobody = more.enrolment("nobody")
        bundles = [
            world.bundle,  # of the enrolment that alice had before
            more.bundle(nobody, world.request, more.state(nobody)),
            more.bundle(alice[0], world.request, alice[1]),
            more.bundle(bob[0], more.request(world.key), bob[1]),
            more.bundle(bob[0], world.request, alice[1]),
        ]
        made = [refused_bundle(provider, world, bundle) for bundle in bundles]
        renewals = [
            (more.enrolment("bob"), bob[1]),  # a request waits for bob
            (more.enrolment("nobody"), bob[1]),
            (more.enrolment("alice"), None),
            (more.enrolment("alice"), bob[1]),
        ]
        made += [refused_enrolment(provider, world, one, more.enrolment_proof(one, state)) for one, state in renewals]
        second = provider.keep(more.request(world.key))
        ledger.add_request(second)
        answer = more.bundle(alice[0], second, alice[1])
        after = provider.make(partial(_next, alice[1], second, answer))
        ledger.accept(provider.keep(answer), after, seconds=0.1)
        made.append(refused_bundle(provider, world, more.bundle(alice[0], second, after)))
        ledger.close_request(world.request.request_id)
        made.append(refused_bundle(provider, world, more.bundle(bob[0], world.request, bob[1])))
        again = provider.keep(more.enrolment("alice"))
        proof = provider.keep(more.enrolment_proof(again, after))
        ledger.add_enrolment(again, proof, provider.make(partial(renewed_state, after, again, proof.digest)))
        made.append(refused_enrolment(provider, world, alice[0], more.enrolment_proof(alice[0], world.after)))
    return {f"{one.of}-{one.code}": one for one in made}


def _next(before: State, request: object, bundle: object, path: Path) -> State:
    from zkapex_jax.protocol.chain import next_state

    return next_state(before, request, bundle, path)  # type: ignore[arg-type]


def audit(world: World, folder: Path) -> list[str]:
    with world.open() as provider:
        found = audit_ledger(provider, receipts=folder)
    return sorted(f"{Path(finding.sentence.split(':')[0]).stem}: {finding.code}" for finding in found.findings)


def test_every_rule_is_borne_out_and_every_lie_is_found(world: World, more: Factory, tmp_path: Path) -> None:
    made = every_refusal(world, more)
    assert set(made) == {f"bundle-{code}" for code in BUNDLE_RULES} | {f"enrolment-{code}" for code in ENROLMENT_RULES}
    honest, lies = tmp_path / "honest", tmp_path / "lies"
    honest.mkdir()
    lies.mkdir()
    for name, refusal in made.items():
        refusal.to_file(honest / f"{name}.json")
        rules = BUNDLE_RULES if refusal.of == "bundle" else ENROLMENT_RULES
        fields = refusal.model_dump(exclude={"provider", "signature"})
        for code in rules - {refusal.code}:
            Refusal.sign(world.key, fields | {"code": code}).to_file(lies / f"{name}-{code}.json")
    assert audit(world, honest) == []
    assert len(audit(world, lies)) == len(list(lies.iterdir())) and {line.split(": ")[1] for line in audit(world, lies)} == {"receipt_differs"}


def test_a_refusal_is_dated_by_a_head_of_the_chain(world: World, more: Factory, tmp_path: Path) -> None:
    with world.open() as provider:
        bob, alice = enrolment_of(provider, "bob"), enrolment_of(provider, "alice")
        refusal = refused_bundle(provider, world, more.bundle(bob[0], world.request, alice[1]))
    fields = refusal.model_dump(exclude={"provider", "signature"})
    for name, ledger in {"head": fields["ledger"] | {"head": "0" * 64}, "later": {"sequence": 10**6, "head": fields["ledger"]["head"]}}.items():
        (tmp_path / name).mkdir()
        Refusal.sign(world.key, fields | {"ledger": ledger}).to_file(tmp_path / name / "r.json")
        assert audit(world, tmp_path / name) == ["r: head_not_on_chain"]
    early = {"ledger": {"sequence": 1, "head": _head(world, 1)}}
    (tmp_path / "early").mkdir()
    Refusal.sign(world.key, fields | early).to_file(tmp_path / "early" / "r.json")
    assert audit(world, tmp_path / "early") == ["r: receipt_differs"], "bob was not enrolled then"


def _head(world: World, sequence: int) -> str:
    with world.open() as provider:
        return provider.ledger.head(sequence)[1]


def test_what_the_ledger_accepted_was_not_refused(world: World, tmp_path: Path) -> None:
    """Other reasons than rules cannot be looked up; that the ledger had accepted the file can."""
    with world.open() as provider:
        with pytest.raises(RefusedError, match="had accepted it") as caught:
            make_refusal(provider, world.key, world.bundle, ZkapexError("proof is refused", code="proof_refused"))
        assert caught.value.code == "not_refused"
        with pytest.raises(RefusedError, match="no rule refused it then"):
            bob = enrolment_of(provider, "bob")
            good = Factory(tmp_path, seed=9)
            good.count, good.model = 900, world.request.model
            make_refusal(provider, world.key, good.bundle(bob[0], world.request, bob[1]), ZkapexError("stale", code="stale_state"))
        refusal = make_refusal(provider, world.key, world.refused, ZkapexError("proof is refused", code="proof_refused"))
        assert refusal.ledger.head == provider.ledger.head()[1]


def test_receipts_of_enrolments(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "receipts"
    folder.mkdir()
    with world.open() as provider:
        for enrolment in provider.ledger.enrolments():
            receipt = make_enrolment_receipt(provider, world.key, enrolment.digest)
            assert receipt.to_bytes() == make_enrolment_receipt(provider, world.key, enrolment.digest).to_bytes()
            receipt.to_file(folder / f"{enrolment.digest}.json")
        renewed = make_enrolment_receipt(provider, world.key, provider.ledger.enrolment("alice").digest)
        assert renewed.state_before == world.after.digest and renewed.state_after == provider.ledger.state("alice").digest
        with pytest.raises(RefusedError, match="no such enrolment"):
            make_enrolment_receipt(provider, world.key, "0" * 64)
    assert audit(world, folder) == []
    fields = renewed.model_dump(exclude={"provider", "signature"})
    lies = {"state_after": "0" * 64, "state_before": "", "proof_digest": "0" * 64, "client_id": "bob", "insecure": False}
    for name, value in lies.items():
        type(renewed).sign(world.key, fields | {name: value}).to_file(folder / f"lie-{name}.json")
    assert audit(world, folder) == sorted(f"lie-{name}: receipt_differs" for name in lies)

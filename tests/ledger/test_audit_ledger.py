"""The audit of a whole ledger: what is whole passes, and everything that is not is found, whoever changed it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from artefact_factory import Factory
from provider_world import World, build
from sqlalchemy import text

from zkapex_jax.errors import InputError
from zkapex_jax.formats import canonical
from zkapex_jax.ledger.database import transaction
from zkapex_jax.protocol import State, generate_key
from zkapex_jax.protocol.ledger_head import LedgerHead
from zkapex_jax.protocol.receipt import Receipt
from zkapex_jax.workflow.audit.ledger import LedgerAudit, audit_ledger
from zkapex_jax.workflow.receipts import make_receipt, publish_head

#: 1 base, 1 request, 3 enrolments with their proofs, 2 bundles, 4 states.
ARTEFACTS = 14


@pytest.fixture
def world(tmp_path: Path, place: str) -> World:
    return build(tmp_path / "provider", place)


@pytest.fixture
def receipts(world: World, tmp_path: Path) -> Path:
    folder = tmp_path / "receipts"
    folder.mkdir()
    with world.open() as provider:
        for name, bundle in (("alice", world.bundle), ("bob", world.refused)):
            make_receipt(provider, world.key, bundle.digest).to_file(folder / f"{name}.json")
    return folder


def audit(world: World, **options: object) -> LedgerAudit:
    with world.open() as provider:
        return audit_ledger(provider, **options)  # type: ignore[arg-type]


def test_a_whole_ledger(world: World, receipts: Path, tmp_path: Path) -> None:
    with world.open() as provider:
        publish_head(provider, world.key).to_file(tmp_path / "head.json")
        provider.ledger.close_request(world.request.request_id)
    found = audit(world, receipts=receipts, head=tmp_path / "head.json", provider_key=world.key.public)
    assert found.whole and found.findings == []
    assert (found.artefacts, found.receipts, found.published) == (ARTEFACTS, 2, found.head[0] - 1)


def lost(world: World) -> None:
    world.bundle.path.unlink()


def damaged(world: World) -> None:
    data = bytearray(world.after.path.read_bytes())
    data[-1] ^= 1
    world.after.path.write_bytes(data)


def swapped(world: World) -> None:
    world.bundle.path.write_bytes(world.refused.path.read_bytes())


@pytest.mark.parametrize(("change", "words"), [(lost, "No such file|no such file"), (damaged, "do not match their SHA-256"), (swapped, "not the one that its name says")])
def test_artefacts_lost_or_changed(world: World, change: Callable[[World], None], words: str) -> None:
    change(world)
    found = audit(world)
    assert not found.whole and found.artefacts == ARTEFACTS - 1
    assert re.search(words, found.findings[0].sentence), found.findings


def test_a_state_that_does_not_follow(world: World, tmp_path: Path) -> None:
    """The provider itself rewrites its whole ledger to hold a state that the bundle does not lead to."""
    make = Factory(tmp_path, seed=9)
    make.count = 90
    other = tmp_path / "other"
    forged = build_forged(other, make)
    found = audit(forged)
    assert [finding.code for finding in found.findings] == ["artefact_differs"] and "c_theta" in found.findings[0].sentence


def build_forged(folder: Path, make: Factory) -> World:
    import provider_world

    def wrong_state(before: State, request: object, bundle: object, path: Path) -> State:
        from zkapex_jax.protocol.chain import next_head, next_tensors

        tensors = next_tensors(before, request, bundle)  # type: ignore[arg-type]
        tensors["c_theta"] = make.bytes(*tensors["c_theta"].shape)
        fields = {name: getattr(before, name) for name in ("client_id", "enrolment_digest", "layout")}
        fields |= {"position": before.position + 1, "head": next_head(before.head, request.digest, bundle.digest)}  # type: ignore[attr-defined]
        return State.parse(fields).to_file(path, tensors)

    honest, provider_world.next_state = provider_world.next_state, wrong_state  # type: ignore[assignment]
    folder.mkdir()
    try:
        world = build(folder / "provider", str(folder / "ledger.sqlite"))
    finally:
        provider_world.next_state = honest
    return world


def test_receipts_that_the_ledger_does_not_bear_out(world: World, receipts: Path, tmp_path: Path) -> None:
    """The provider signed two stories: the receipt and the ledger differ."""
    honest = Receipt.from_file(receipts / "bob.json")
    fields = honest.model_dump(exclude={"provider", "signature"})
    lies = {
        "client": {"client_id": "carol"},
        "reason": {"verdict": fields["verdict"] | {"reason": "chunk 1: fold.last"}},
        "verdict": {"verdict": {"accepted": True, "reason": "", "insecure": True}, "state_after": "0" * 64},
        "secure": {"verdict": fields["verdict"] | {"insecure": False}},
        "place": {"ledger": {"sequence": 2, "head": fields["ledger"]["head"]}},
        "head": {"ledger": fields["ledger"] | {"head": "0" * 64}},
    }
    for name, lie in lies.items():
        Receipt.sign(world.key, fields | lie).to_file(receipts / f"lie-{name}.json")
    found = audit(world, receipts=receipts)
    assert found.receipts == 2 + len(lies) and found.found == len(lies)
    assert {finding.code for finding in found.findings} == {"receipt_differs", "unknown_verdict"}
    assert all("lie-" in finding.sentence for finding in found.findings)


def test_receipts_of_others_and_files_that_are_none(world: World, receipts: Path, tmp_path: Path) -> None:
    stranger = generate_key(tmp_path / "stranger.key")
    fields = Receipt.from_file(receipts / "bob.json").model_dump(exclude={"provider", "signature"})
    Receipt.sign(stranger, fields).to_file(receipts / "stranger.json")
    (receipts / "torn.json").write_bytes((receipts / "bob.json").read_bytes()[:100])
    document = canonical.loads((receipts / "bob.json").read_bytes().rstrip())
    (receipts / "altered.json").write_bytes(canonical.dumps(document | {"time": "2026-01-31T12:00:00Z"}))
    found = audit(world, receipts=receipts)
    assert sorted(finding.code for finding in found.findings) == ["bad_json", "bad_signature", "other_signer"]
    found = audit(world, receipts=receipts, provider_key=stranger.public)
    assert "does not trust this key" in found.findings[0].sentence
    with pytest.raises(InputError, match="no folder of receipts"):
        audit(world, receipts=tmp_path / "none")


def test_a_published_head_that_is_not_on_the_chain(world: World, tmp_path: Path) -> None:
    sequence, head = audit(world).head
    cases = {"later": (sequence + 1, head, "shorter now"), "other": (sequence, "0" * 64, "history was rewritten")}
    for name, (place, digest, words) in cases.items():
        path = tmp_path / f"{name}.json"
        LedgerHead.sign(world.key, {"time": "2026-01-31T12:00:00Z", "sequence": place, "head": digest}).to_file(path)
        found = audit(world, head=path)
        assert [finding.code for finding in found.findings] == ["head_not_on_chain"] and words in found.findings[0].sentence


def test_a_broken_chain_is_not_audited(world: World) -> None:
    with world.open() as provider, transaction(provider.ledger._engine, provider.ledger.path) as session:
        session.execute(text("UPDATE enrolments SET client_id = 'eve' WHERE client_id = 'bob'"))
    with pytest.raises(InputError, match="differs from its sealed event"):
        audit(world)

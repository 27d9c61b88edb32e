"""Receipts and heads made from a ledger, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from provider_world import World, build

from zkapex_jax.errors import RefusedError
from zkapex_jax.protocol import generate_key
from zkapex_jax.protocol.receipt import check_receipt
from zkapex_jax.workflow.receipts import make_receipt, publish_head, receipt_for


@pytest.fixture
def world(tmp_path: Path, place: str) -> World:
    return build(tmp_path / "provider", place)


def test_an_acceptance_and_a_refusal(world: World) -> None:
    with world.open() as provider:
        receipt = make_receipt(provider, world.key, world.bundle.digest)
        assert receipt.verdict.accepted and receipt.verdict.insecure and receipt.client_id == "alice"
        check_receipt(receipt, world.key.public, request=world.request, bundle=world.bundle, state=world.after)
        assert provider.ledger.head(receipt.ledger.sequence)[1] == receipt.ledger.head
        refusal = receipt_for(provider, world.key, client_id="bob", request=world.request.request_id)
        assert (refusal.verdict.accepted, refusal.verdict.reason) == (False, "chunk 0: fold.last")
        assert refusal.state_after == refusal.state_before == world.refused.state_digest
        check_receipt(refusal, world.key.public, bundle=world.refused)


def test_the_same_verdict_gives_the_same_bytes(world: World) -> None:
    with world.open() as provider:
        first = make_receipt(provider, world.key, world.bundle.digest).to_bytes()
        provider.ledger.close_request(world.request.request_id)
        assert make_receipt(provider, world.key, world.bundle.digest).to_bytes() == first


def test_no_receipt_without_a_verdict_or_by_a_stranger(world: World, tmp_path: Path) -> None:
    stranger = generate_key(tmp_path / "stranger.key")
    with world.open() as provider:
        with pytest.raises(RefusedError, match="no such verdict"):
            make_receipt(provider, world.key, "0" * 64)
        with pytest.raises(RefusedError, match="no verdict on an answer"):
            receipt_for(provider, world.key, client_id="carol", request=world.request.request_id)
        for make in (lambda: make_receipt(provider, stranger, world.bundle.digest), lambda: publish_head(provider, stranger)):
            with pytest.raises(RefusedError, match="does not trust this key"):
                make()


def test_a_published_head(world: World) -> None:
    with world.open() as provider:
        head = publish_head(provider, world.key)
        head.check_signature(world.key.public)
        assert (head.sequence, head.head) == provider.ledger.head()

"""Receipts and published heads: what they bind, and every way to be refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from artefact_factory import Factory
from hypothesis import given, settings
from hypothesis import strategies as st

from zkapex_jax.errors import InputError, RefusedError, ZkapexError
from zkapex_jax.formats import canonical
from zkapex_jax.protocol import Bundle, Request, SigningKey, State, generate_key
from zkapex_jax.protocol.chain import next_state
from zkapex_jax.protocol.ledger_head import LedgerHead
from zkapex_jax.protocol.receipt import Receipt, check_receipt

FIELDS: dict[str, Any] = {
    "time": "2026-01-31T12:00:00Z", "client_id": "alice", "request_id": "r-1", "request_digest": "11" * 32, "enrolment_digest": "22" * 32,
    "bundle_digest": "33" * 32, "state_before": "44" * 32, "state_after": "55" * 32,
    "verdict": {"accepted": True, "reason": "", "insecure": False}, "ledger": {"sequence": 7, "head": "66" * 32},
}  # fmt: skip
REFUSED = {"state_after": FIELDS["state_before"], "verdict": {"accepted": False, "reason": "chunk 0: fold.last", "insecure": False}}


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return generate_key(tmp_path_factory.mktemp("key") / "provider.key")


@pytest.fixture(scope="module")
def receipt(signer: SigningKey) -> Receipt:
    return Receipt.sign(signer, FIELDS)


def test_bytes_and_file(receipt: Receipt, signer: SigningKey, tmp_path: Path) -> None:
    receipt.to_file(tmp_path / "receipt.json")
    again = Receipt.from_file(tmp_path / "receipt.json")
    assert again == receipt == Receipt.from_bytes(receipt.to_bytes()) == Receipt.sign(signer, FIELDS)
    check_receipt(again, signer.public)
    assert receipt.to_bytes().endswith(b"\n") and b'"format":"zkapex.receipt"' in receipt.to_bytes()


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "accepted with a reason": ({"verdict": {"accepted": True, "reason": "hm", "insecure": False}}, "reason"),
    "refused without one": ({"verdict": {"accepted": False, "reason": "", "insecure": False}}, "reason"),
    "accepted, but the state stays": ({"state_after": FIELDS["state_before"]}, "another state"),
    "refused, but the state moves": ({"verdict": REFUSED["verdict"]}, "another state"),
    "sequence 0": ({"ledger": {"sequence": 0, "head": "66" * 32}}, "between 1"),
    "unknown field": ({"more": "1"}, "does not belong"),
    "client id": ({"client_id": "../alice"}, "match"),
    "reason on two lines": ({**REFUSED, "verdict": {"accepted": False, "reason": "a\nb", "insecure": False}}, "printable"),
    "time": ({"time": "yesterday"}, "UTC time"),
    "a number for a flag": ({"verdict": {"accepted": "true", "reason": "", "insecure": False}}, "boolean"),
}


@pytest.mark.parametrize("case", WRONG)
def test_fields_that_cannot_be(signer: SigningKey, case: str) -> None:
    changes, words = WRONG[case]
    with pytest.raises(InputError, match=words):
        Receipt.sign(signer, FIELDS | changes)


def test_every_field_is_signed(receipt: Receipt, signer: SigningKey) -> None:
    document = canonical.loads(receipt.to_bytes().rstrip())
    for name in set(document) - {"format", "version", "signature", "verdict", "ledger"}:
        value = "2026-01-31T12:00:01Z" if name == "time" else document[name][:-1] + ("7" if document[name][-1] != "7" else "8")
        altered = Receipt.from_bytes(canonical.dumps(document | {name: value}))
        with pytest.raises(RefusedError):
            check_receipt(altered, signer.public)
    turned = Receipt.from_bytes(canonical.dumps(document | {"verdict": document["verdict"] | {"insecure": True}}))
    with pytest.raises(RefusedError, match="signature of the receipt is wrong"):
        check_receipt(turned, signer.public)


def test_another_provider(receipt: Receipt, tmp_path: Path) -> None:
    other = generate_key(tmp_path / "other.key")
    with pytest.raises(RefusedError, match="another provider") as caught:
        check_receipt(receipt, other.public, file="r.json")
    assert (caught.value.code, caught.value.file) == ("other_signer", "r.json")
    claimed = receipt.model_copy(update={"provider": other.public})
    with pytest.raises(RefusedError, match="wrong"):
        check_receipt(claimed, other.public)


def test_one_kind_does_not_pass_for_another(receipt: Receipt, signer: SigningKey) -> None:
    head = LedgerHead.sign(signer, {"time": FIELDS["time"], "sequence": 7, "head": "66" * 32})
    head.check_signature(signer.public)
    with pytest.raises(InputError, match="is not a receipt"):
        Receipt.from_bytes(head.to_bytes())
    with pytest.raises(InputError, match="is not a ledger head"):
        LedgerHead.from_bytes(receipt.to_bytes())
    moved = head.model_copy(update={"signature": receipt.signature})
    with pytest.raises(RefusedError, match="wrong"):
        moved.check_signature(signer.public)


HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "no object": b'["zkapex.receipt"]',
    "no JSON": b"receipt",
    "two spellings": b'{ "format":"zkapex.receipt"}',
    "twice": b'{"format":"zkapex.receipt","format":"zkapex.receipt"}',
    "deep": b"[" * 5000 + b"]" * 5000,
    "long": b'"' + b"a" * (65 << 10) + b'"',
    "not text": b'"\xff"',
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_bytes(case: str) -> None:
    with pytest.raises(InputError):
        Receipt.from_bytes(HOSTILE[case], "r.json")


@settings(max_examples=60)
@given(data=st.data())
def test_any_changed_byte_is_refused(receipt: Receipt, signer: SigningKey, data: st.DataObject) -> None:
    whole = receipt.to_bytes()
    place = data.draw(st.integers(0, len(whole) - 2))
    changed = whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))]) + whole[place + 1 :]
    with pytest.raises(ZkapexError):
        check_receipt(Receipt.from_bytes(changed), signer.public)


Given = tuple[Request, Bundle, State, Receipt]


@pytest.fixture
def given_files(tmp_path: Path, signer: SigningKey) -> Given:
    make = Factory(tmp_path)
    enrolment = make.enrolment()
    before, request = make.state(enrolment), make.request(signer)
    bundle = make.bundle(enrolment, request, before)
    after = next_state(before, request, bundle, make.path("state"))
    fields = FIELDS | {
        "request_id": request.request_id, "request_digest": request.digest, "enrolment_digest": enrolment.digest, "bundle_digest": bundle.digest,
        "state_before": before.digest, "state_after": after.digest, "verdict": {"accepted": True, "reason": "", "insecure": True},
    }  # fmt: skip
    return request, bundle, after, Receipt.sign(signer, fields)


def test_a_receipt_is_of_these_files(given_files: Given, signer: SigningKey) -> None:
    request, bundle, after, receipt = given_files
    check_receipt(receipt, signer.public, request=request, bundle=bundle, state=after)


MISMATCHES: dict[str, tuple[Callable[[Factory, SigningKey, Given], dict[str, Any]], str]] = {
    "request": (lambda make, key, given: {"request": make.request(key)}, "another request"),
    "bundle": (lambda make, key, given: {"bundle": make.bundle(make.enrolment(), given[0], given[2])}, "another bundle"),
    "state": (lambda make, key, given: {"state": make.state(make.enrolment())}, "another state"),
}


@pytest.mark.parametrize("case", MISMATCHES)
def test_a_receipt_of_other_files(given_files: Given, signer: SigningKey, tmp_path: Path, case: str) -> None:
    swap, words = MISMATCHES[case]
    make = Factory(tmp_path, seed=1)
    make.count = 50
    with pytest.raises(RefusedError, match=words):
        check_receipt(given_files[3], signer.public, **swap(make, signer, given_files))


def test_a_receipt_that_hides_that_it_is_insecure(given_files: Given, signer: SigningKey) -> None:
    receipt = given_files[3]
    fields = {name: getattr(receipt, name) for name in FIELDS} | {"verdict": {"accepted": True, "reason": "", "insecure": False}}
    with pytest.raises(RefusedError, match="insecure"):
        check_receipt(Receipt.sign(signer, fields), signer.public, bundle=given_files[1])

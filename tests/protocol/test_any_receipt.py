"""Receipts of enrolments and signed refusals: what they bind, and how the three kinds are told apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from artefact_factory import Factory
from hypothesis import given, settings
from hypothesis import strategies as st

from zkapex_jax.errors import InputError, RefusedError, ZkapexError
from zkapex_jax.formats import canonical
from zkapex_jax.protocol import Bundle, Enrolment, EnrolmentProof, Request, SigningKey, State, generate_key
from zkapex_jax.protocol.admission_receipt import EnrolmentReceipt, check_enrolment_receipt
from zkapex_jax.protocol.receipt import Receipt
from zkapex_jax.protocol.receipts import check_any, parse_receipt, read_receipt
from zkapex_jax.protocol.refusal import Refusal, check_refusal, refused_fields

MOMENT = {"time": "2026-01-31T12:00:00Z", "ledger": {"sequence": 7, "head": "66" * 32}}
WHY = {"code": "stale_state", "reason": "does not start from the client's current state"}


@dataclass(frozen=True)
class Files:
    """What a client sent, and what the provider signed of it."""

    enrolment: Enrolment
    proof: EnrolmentProof
    state: State
    request: Request
    bundle: Bundle
    admitted: EnrolmentReceipt
    refused_bundle: Refusal
    refused_enrolment: Refusal


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return generate_key(tmp_path_factory.mktemp("key") / "provider.key")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, signer: SigningKey) -> Files:
    make = Factory(tmp_path_factory.mktemp("files"))
    enrolment = make.enrolment()
    proof, state, request = make.enrolment_proof(enrolment), make.state(enrolment), make.request(signer)
    bundle = make.bundle(enrolment, request, state)
    admitted = {
        "client_id": "alice", "enrolment_digest": enrolment.digest, "proof_digest": proof.digest, "base_digest": proof.base_digest,
        "state_before": "", "state_after": state.digest, "insecure": True,
    }  # fmt: skip
    return Files(
        enrolment, proof, state, request, bundle, EnrolmentReceipt.sign(signer, MOMENT | admitted),
        Refusal.sign(signer, MOMENT | WHY | refused_fields(bundle)), Refusal.sign(signer, MOMENT | WHY | refused_fields(proof)),
    )  # fmt: skip


def test_each_kind_is_read_back_and_checked(files: Files, signer: SigningKey, tmp_path: Path) -> None:
    of = {
        "admitted": {"enrolment": files.enrolment, "proof": files.proof, "state": files.state},
        "refused_bundle": {"bundle": files.bundle, "request": files.request},
        "refused_enrolment": {"enrolment": files.enrolment, "proof": files.proof},
    }
    for name, given_files in of.items():
        receipt = getattr(files, name)
        receipt.to_file(tmp_path / name)
        again = read_receipt(tmp_path / name)
        assert again == receipt == parse_receipt(receipt.to_bytes()) and type(again) is type(receipt)
        check_any(again, signer.public, given_files)


def test_what_a_kind_says_nothing_of(files: Files, signer: SigningKey) -> None:
    for receipt, name in ((files.admitted, "bundle"), (files.refused_bundle, "state"), (files.admitted, "request")):
        with pytest.raises(InputError, match="says nothing of this file"):
            check_any(receipt, signer.public, {name: getattr(files, name)})


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"format":"zkapex.ledger-head"}', b'{"format":1}', b"\xff"])
def test_what_is_no_receipt(data: bytes) -> None:
    with pytest.raises(InputError):
        parse_receipt(data, "r.json")


def test_no_kind_passes_for_another(files: Files, signer: SigningKey) -> None:
    document = canonical.loads(files.refused_bundle.to_bytes().rstrip())
    for kind in (Receipt, EnrolmentReceipt):
        with pytest.raises(InputError):
            parse_receipt(canonical.dumps(document | {"format": f"zkapex.{kind.kind}"}))
    assert files.refused_bundle.subject == files.bundle.digest and files.refused_enrolment.subject == files.proof.digest
    turned = files.refused_enrolment.model_copy(update={"signature": files.refused_bundle.signature})
    with pytest.raises(RefusedError, match="wrong"):
        check_refusal(turned, signer.public)


WRONG: dict[str, dict[str, Any]] = {
    "a bundle without a request": {"request_digest": ""},
    "a bundle without a state": {"state_digest": ""},
    "an enrolment with a request": {"of": "enrolment"},
    "no reason": {"reason": ""},
    "a reason on two lines": {"reason": "a\nb"},
    "no code": {"code": ""},
    "a code in words": {"code": "stale state"},
    "sequence 0": {"ledger": {"sequence": 0, "head": "66" * 32}},
    "a number for a flag": {"insecure": 1},
    "unknown subject": {"of": "state"},
}


@pytest.mark.parametrize("case", WRONG)
def test_refusals_that_cannot_be(files: Files, signer: SigningKey, case: str) -> None:
    with pytest.raises(InputError):
        Refusal.sign(signer, MOMENT | WHY | refused_fields(files.bundle) | WRONG[case])


Swap = Callable[[Factory, SigningKey, Files], tuple[Any, dict[str, Any]]]
MISMATCHES: dict[str, Swap] = {
    "admitted, another enrolment": lambda make, key, had: (had.admitted, {"enrolment": make.enrolment()}),
    "admitted, another proof": lambda make, key, had: (had.admitted, {"proof": make.enrolment_proof(had.enrolment)}),
    "admitted, a renewing proof": lambda make, key, had: (had.admitted, {"proof": make.enrolment_proof(had.enrolment, had.state)}),
    "admitted, another state": lambda make, key, had: (had.admitted, {"state": make.state(make.enrolment("bob"))}),
    "refused, another bundle": lambda make, key, had: (had.refused_bundle, {"bundle": make.bundle(had.enrolment, had.request, had.state)}),
    "refused, another request": lambda make, key, had: (had.refused_bundle, {"request": make.request(key)}),
    "refused, another proof": lambda make, key, had: (had.refused_enrolment, {"proof": make.enrolment_proof(had.enrolment)}),
    "refused, another's enrolment": lambda make, key, had: (had.refused_enrolment, {"enrolment": make.enrolment("bob")}),
    "a bundle for a proof": lambda make, key, had: (had.refused_bundle, {"proof": had.proof}),
}


@pytest.mark.parametrize("case", MISMATCHES)
def test_receipts_of_other_files(files: Files, signer: SigningKey, tmp_path: Path, case: str) -> None:
    make = Factory(tmp_path, seed=1)
    make.count = 50
    receipt, swapped = MISMATCHES[case](make, signer, files)
    with pytest.raises(RefusedError) as caught:
        check_any(receipt, signer.public, swapped, "r.json")
    assert caught.value.code.startswith("mismatch_") and caught.value.file == "r.json"


def test_what_hides_that_it_is_insecure(files: Files, signer: SigningKey) -> None:
    told = MOMENT | WHY | refused_fields(files.bundle) | {"insecure": False}
    with pytest.raises(RefusedError, match="insecure"):
        check_refusal(Refusal.sign(signer, told), signer.public, bundle=files.bundle)
    fields = {name: getattr(files.admitted, name) for name in EnrolmentReceipt.model_fields if name not in ("provider", "signature")}
    with pytest.raises(RefusedError, match="insecure"):
        check_enrolment_receipt(EnrolmentReceipt.sign(signer, fields | {"insecure": False}), signer.public, proof=files.proof)


@settings(max_examples=60)
@given(data=st.data())
def test_any_changed_byte_is_refused(files: Files, signer: SigningKey, data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([files.admitted, files.refused_bundle, files.refused_enrolment])).to_bytes()
    place = data.draw(st.integers(0, len(whole) - 2))
    changed = whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))]) + whole[place + 1 :]
    with pytest.raises(ZkapexError):
        check_any(parse_receipt(changed), signer.public, {})

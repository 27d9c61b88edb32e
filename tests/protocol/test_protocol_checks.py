"""Signatures, the chain of states, and artefacts that do not belong together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from artefact_factory import LAYOUT, WEIGHTS, Factory

from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.presets import TOY
from zkapex_jax.protocol import ModelRef, Request, SigningKey, check_signature, checks, generate_key, load_public
from zkapex_jax.protocol.chain import first_head, next_head, next_state


def test_key_files(tmp_path: Path) -> None:
    key = generate_key(tmp_path / "k")
    assert (tmp_path / "k").stat().st_mode & 0o777 == 0o600
    assert SigningKey.load(tmp_path / "k").public == key.public == load_public(tmp_path / "k.pub") == load_public(key.public)
    assert key.public not in repr(key) and "PRIVATE" not in repr(key)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    generate_key(tmp_path / "k")
    (tmp_path / "k").chmod(0o644)
    with pytest.raises(InputError, match="readable by others; run `chmod 600"):
        SigningKey.load(tmp_path / "k")


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", b"\xff" * 20_000]
)
def test_files_that_are_no_key(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "k").write_bytes(content)
    (tmp_path / "k").chmod(0o600)
    with pytest.raises(InputError):
        SigningKey.load(tmp_path / "k")
    with pytest.raises(InputError):
        load_public(tmp_path / "k")


def test_keys_of_another_kind(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "k").write_bytes(pem)
    (tmp_path / "k").chmod(0o600)
    with pytest.raises(InputError, match="must be an Ed25519 key"):
        SigningKey.load(tmp_path / "k")


def test_an_honest_signature(make: Factory, key: SigningKey) -> None:
    check_signature(Request.from_file(make.request(key).path), key.public)


def test_another_signer(make: Factory, key: SigningKey, tmp_path: Path) -> None:
    other = generate_key(tmp_path / "other.key")
    with pytest.raises(RefusedError, match="signed by another key") as caught:
        check_signature(make.request(other), key.public)
    assert caught.value.code == "other_signer" and caught.value.file and caught.value.field == "signer"
    with pytest.raises(RefusedError, match="signature is wrong"):
        check_signature(make.request(other, signer=key.public), key.public)


def test_an_unsigned_request(make: Factory, key: SigningKey) -> None:
    with pytest.raises(RefusedError, match="not signed"):
        check_signature(make.request(key, sign=False), key.public)


def test_an_altered_request(make: Factory, key: SigningKey) -> None:
    """Every field is under the signature: the header's bytes are signed, and name every tensor's digest."""
    request = make.request(key)
    data = request.path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    outer = json.loads(data[8 : 8 + length])
    outer["__metadata__"]["zkapex"] = outer["__metadata__"]["zkapex"].replace("digits 3 and 8", "digits 3 and 7")
    text = json.dumps(outer).encode()
    request.path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])
    with pytest.raises(RefusedError, match="signature is wrong"):
        check_signature(Request.from_file(request.path), key.public)


def test_chain_of_states(make: Factory, key: SigningKey) -> None:
    def sealed(*digests: str) -> str:
        return hashlib.sha256(b"zkapex.head/1\0" + b"".join(map(bytes.fromhex, digests))).hexdigest()

    enrolment = make.enrolment()
    request, state = make.request(key), make.state(enrolment)
    bundle = make.bundle(enrolment, request, state)
    after = next_state(state, request, bundle, make.path("state"))
    assert state.head == sealed(enrolment.digest) == first_head(enrolment.digest)
    assert after.head == sealed(state.head, request.digest, bundle.digest) == next_head(state.head, request.digest, bundle.digest)
    assert (state.position, after.position) == (0, 1) and after.enrolment_digest == enrolment.digest
    anew = make.enrolment()
    proof = make.enrolment_proof(anew, after)
    renewed = make.state(anew, proof, after=after)
    assert renewed.head == sealed(after.head, anew.digest, proof.digest)
    assert renewed.position == 2 and renewed.enrolment_digest == anew.digest


def test_next_state_takes_new_commitments_of_touched_chunks_alone(make: Factory, key: SigningKey) -> None:
    enrolment = make.enrolment()
    request, state = make.request(key), make.state(enrolment)
    bundle = make.bundle(enrolment, request, state)
    after = next_state(state, request, bundle, make.path("state"))
    proof = bundle.tensor("proof.00000").tobytes()
    for lane in range(TOY.lanes):
        assert after.tensor("c_theta")[0, lane].tobytes() == proof[48 * lane : 48 * (lane + 1)]
    np.testing.assert_array_equal(after.tensor("c_theta")[1:], enrolment.tensor("c_theta")[1:])


def test_what_is_forgotten_stays_forgotten(make: Factory, key: SigningKey) -> None:
    """Over two requests with disjoint masks and an enrolment between them."""
    enrolment = make.enrolment()
    first, second = np.zeros(WEIGHTS, bool), np.zeros(WEIGHTS, bool)
    first[[1, 1999]], second[[0, 900]] = True, True
    state = make.state(enrolment)
    request = make.request(key, mask=first)
    state = next_state(state, request, make.bundle(enrolment, request, state), make.path("state"))
    anew = make.enrolment()
    state = make.state(anew, after=state)
    np.testing.assert_array_equal(state.cumulative(), first)
    np.testing.assert_array_equal(state.tensor("c_theta"), anew.tensor("c_theta"))
    request = make.request(key, mask=second)
    state = next_state(state, request, make.bundle(anew, request, state), make.path("state"))
    np.testing.assert_array_equal(state.cumulative(), first | second)
    assert state.position == 3 and state.forgotten_by_tensor() == {"a/kernel": 3, "b/kernel": 1}


OTHER_MODEL = ModelRef(name="digits", architecture="vit", base_digest="99" * 32)
WRONG_REQUESTS: dict[str, tuple[dict[str, Any], str]] = {
    "model": ({"model": OTHER_MODEL}, "another model than the enrolment"),
    "tables": ({"tables_digest": "77" * 32}, "other constraint tables"),
    "srs": ({"srs_digest": "77" * 32}, "another reference string"),
}


@pytest.mark.parametrize("case", WRONG_REQUESTS)
def test_request_for_something_else(make: Factory, key: SigningKey, case: str) -> None:
    changes, words = WRONG_REQUESTS[case]
    request = make.request(key, **changes)
    with pytest.raises(RefusedError, match=words) as caught:
        checks.check_request(request, make.enrolment())
    assert caught.value.file == str(request.path) and caught.value.field


def test_state_and_secret_of_somebody_else(make: Factory) -> None:
    alice, bob = make.enrolment("alice"), make.enrolment("bob")
    with pytest.raises(RefusedError, match="belongs to another client"):
        checks.check_state(make.state(bob), alice)
    with pytest.raises(RefusedError, match="belongs to another client"):
        checks.check_secret(make.secret(bob), alice)
    with pytest.raises(RefusedError, match="opens another enrolment"):
        checks.check_secret(make.secret(alice), make.enrolment("alice"))
    with pytest.raises(RefusedError, match="follows another enrolment"):
        checks.check_state(make.state(alice), make.enrolment("alice"))


WRONG_PROOFS: dict[str, tuple[dict[str, Any], str]] = {
    "client": ({"client_id": "bob"}, "belongs to another client"),
    "enrolment": ({"enrolment_digest": "77" * 32}, "proves another enrolment"),
    "base": ({"base_digest": "77" * 32}, "another base model"),
    "state": ({"state_digest": "77" * 32}, "a client that has none"),
    "tables": ({"enrol_tables_digest": "77" * 32}, "other constraint tables"),
    "srs": ({"srs_digest": "77" * 32}, "another reference string"),
    "secure": ({"insecure": False}, "truly whether it is insecure"),
    "chunks": ({"chunks": (0, 1, 2, 3), "tensors": {"proof.00003": np.zeros(3000, np.uint8)}}, "exactly the chunks"),
}


@pytest.mark.parametrize("case", WRONG_PROOFS)
def test_enrolment_proofs_of_something_else(make: Factory, key: SigningKey, case: str) -> None:
    base = make.base(key)
    make.model, changes = base.model_ref, WRONG_PROOFS[case][0]
    enrolment = make.enrolment()
    checks.check_enrolment_proof(make.enrolment_proof(enrolment), enrolment, base, None)
    proof = make.enrolment_proof(enrolment, **changes)
    with pytest.raises(RefusedError, match=WRONG_PROOFS[case][1]) as caught:
        checks.check_enrolment_proof(proof, enrolment, base, None)
    assert caught.value.file == str(proof.path) and caught.value.field


def test_a_re_enrolment_names_the_state_that_it_replaces(make: Factory, key: SigningKey) -> None:
    base = make.base(key)
    make.model = base.model_ref
    old, new = make.enrolment(), make.enrolment()
    state = make.state(old)
    checks.check_enrolment_proof(make.enrolment_proof(new, state), new, base, state)
    for other in (None, make.state(make.enrolment())):
        with pytest.raises(RefusedError, match="client's current state"):
            checks.check_enrolment_proof(make.enrolment_proof(new, other), new, base, state)
    checks.check_replaced(state, new)
    with pytest.raises(RefusedError, match="another client"):
        checks.check_replaced(state, make.enrolment("bob"))


def test_an_enrolment_for_another_base(make: Factory, key: SigningKey) -> None:
    base, other = make.base(key), make.base(key)
    make.model = base.model_ref
    checks.check_base(base, make.enrolment())
    with pytest.raises(RefusedError, match="another base model"):
        checks.check_base(other, make.enrolment())
    same_weights = make.base(key, tensors={"theta0": base.theta0()}, distance=(1 << 41,) * 3)
    assert same_weights.model == base.model
    with pytest.raises(RefusedError, match="another base model"):
        checks.check_base(same_weights, make.enrolment())


def test_a_first_state_holds_what_was_enrolled(make: Factory) -> None:
    enrolment = make.enrolment()
    state = make.state(enrolment)
    fields = {name: getattr(state, name) for name in type(state).model_fields}
    tensors = {name: state.tensor(name) for name in state.container.specs}
    with pytest.raises(RefusedError, match="does not hold the enrolled commitments"):
        checks.check_state(state.to_file(make.path("s"), tensors | {"c_theta": make.bytes(*tensors["c_theta"].shape)}), enrolment)
    with pytest.raises(RefusedError, match="is not the first of this enrolment"):
        checks.check_state(type(state).parse(fields | {"head": "0" * 64}).to_file(make.path("s"), tensors), enrolment)


WRONG_ANSWERS: dict[str, tuple[dict[str, Any], str]] = {
    "client": ({"client_id": "bob"}, "another client"),
    "request": ({"request_digest": "77" * 32}, "answers another request"),
    "enrolment": ({"enrolment_digest": "77" * 32}, "made for another enrolment"),
    "state": ({"state_digest": "77" * 32}, "starts from another state"),
}


@pytest.mark.parametrize("case", WRONG_ANSWERS)
@pytest.mark.parametrize("kind", ["update", "bundle"])
def test_answers_to_something_else(make: Factory, key: SigningKey, kind: str, case: str) -> None:
    changes, words = WRONG_ANSWERS[case]
    enrolment = make.enrolment()
    request, state = make.request(key), make.state(enrolment)
    check: Callable[..., None] = getattr(checks, f"check_{kind}")
    check(getattr(make, kind)(enrolment, request, state), enrolment, request, state)
    with pytest.raises(RefusedError, match=words):
        check(getattr(make, kind)(enrolment, request, state, **changes), enrolment, request, state)


def test_update_of_other_chunks_or_weights(make: Factory, key: SigningKey) -> None:
    enrolment = make.enrolment()
    request, state = make.request(key), make.state(enrolment)
    for tensors, words in (
        ({"sigma.00001": np.zeros(3, np.int64)}, "exactly the touched chunks"),
        ({"theta_u": np.zeros(5, np.int32)}, "another number of weights"),
    ):
        with pytest.raises(RefusedError, match=words):
            checks.check_update(make.update(enrolment, request, state, tensors=tensors), enrolment, request, state)


WRONG_BUNDLES: dict[str, tuple[dict[str, Any], str]] = {
    "chunks": ({"chunks": (0, 1), "tensors": {"proof.00001": np.zeros(3000, np.uint8)}}, "exactly the touched chunks"),
    "secure": ({"insecure": False}, "truly whether it is insecure"),
    "tables": ({"tables_digest": "77" * 32}, "other constraint tables"),
    "srs": ({"srs_digest": "77" * 32}, "another reference string"),
}


@pytest.mark.parametrize("case", WRONG_BUNDLES)
def test_bundles_that_misstate_themselves(make: Factory, key: SigningKey, case: str) -> None:
    changes, words = WRONG_BUNDLES[case]
    enrolment = make.enrolment()
    request, state = make.request(key), make.state(enrolment)
    with pytest.raises(RefusedError, match=words):
        checks.check_bundle(make.bundle(enrolment, request, state, **changes), enrolment, request, state)


def test_insecure_needs_permission() -> None:
    checks.check_secure(True, allowed=True, what="bundle")
    checks.check_secure(False, allowed=False, what="bundle")
    with pytest.raises(RefusedError, match="marked insecure.*--allow-insecure"):
        checks.check_secure(True, allowed=False, what="bundle")


def test_layouts_are_compared_whole(make: Factory, key: SigningKey) -> None:
    from zkapex_jax.models.layout import TargetLayout
    from zkapex_jax.protocol import ChunkedLayout

    other = ChunkedLayout.cut(TargetLayout("**/kernel", (("a/kernel", (25, 40)), ("b/kernel", (1000,)))), TOY)
    assert other.chunks == LAYOUT.chunks
    with pytest.raises(RefusedError, match="other tensors or chunks"):
        checks.check_request(make.request(key, layout=other), make.enrolment())

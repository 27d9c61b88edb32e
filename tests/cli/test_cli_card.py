"""The model card of an unlearned checkpoint: from computed to accepted, and what is refused on the way."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_walk import TARGET, Run

from zkapex_jax.models import flatten, load_checkpoint, rewrite_checkpoint, select_targets
from zkapex_jax.models.targets import split_vector
from zkapex_jax.protocol import Bundle, Request, SigningKey
from zkapex_jax.protocol.receipt import Receipt


def card(run: Run, place: Path, *more: object, code: int = 0) -> Any:
    return run(
        "card", place / "unlearned", "--client", place / "alice", "--request", place / "request",
        "--provider-key", place / "provider/provider.key.pub", *more, "--json", code=code,
    ).document  # fmt: skip


def receipt(place: Path, **changes: Any) -> Path:
    """The provider's word on alice's bundle, without a ledger."""
    bundle, request = Bundle.from_file(place / "alice.bundle"), Request.from_file(place / "request")
    fields = {
        "time": "2026-01-02T03:04:05Z", "client_id": bundle.client_id, "request_id": request.request_id, "request_digest": request.digest,
        "enrolment_digest": bundle.enrolment_digest, "bundle_digest": bundle.digest, "state_before": bundle.state_digest,
        "state_after": "ab" * 32, "verdict": {"accepted": True, "reason": "", "insecure": bundle.insecure},
        "ledger": {"sequence": 9, "head": "cd" * 32},
    }  # fmt: skip
    path = place / "receipt.json"
    Receipt.sign(SigningKey.load(place / "provider/provider.key"), fields | changes).to_file(path, force=True)
    return path


def test_from_computed_to_accepted(run: Run, place: Path) -> None:
    path, request = place / "unlearned/README.md", Request.from_file(place / "request")
    words = path.read_text()
    assert "Nothing is proven yet" in words and request.digest in words and "digits 3 and 8" in words and "Insecure" in words
    assert hashlib.sha256((place / "unlearned/flax_model.msgpack").read_bytes()).hexdigest() in words
    path.write_text("---\nlicense: mit\n---\n# Mine\n\n" + words + "\nThe end.\n")
    result = card(run, place, "--bundle", place / "alice.bundle")["result"]
    assert result["status"] == "proven" and result["exact"] and result["stored"] == "float32"
    assert Bundle.from_file(place / "alice.bundle").digest in path.read_text()
    assert card(run, place, "--bundle", place / "alice.bundle", "--receipt", receipt(place))["result"]["status"] == "accepted"
    words = path.read_text()
    assert words.startswith("---\nlicense: mit\n---\n# Mine\n") and words.endswith("\nThe end.\n") and words.count("## Proof of unlearning") == 1
    assert hashlib.sha256((place / "receipt.json").read_bytes()).hexdigest() in words and "Nothing is proven yet" not in words
    refused = {"accepted": False, "reason": "chunk 0: <b>no</b>", "insecure": True}
    state = Bundle.from_file(place / "alice.bundle").state_digest
    card(run, place, "--bundle", place / "alice.bundle", "--receipt", receipt(place, verdict=refused, state_after=state))
    assert "refused this answer" in path.read_text() and "<b>" not in path.read_text()


def test_what_does_not_belong_together_is_refused(run: Run, place: Path) -> None:
    before = (place / "unlearned/README.md").read_text()
    run("keygen", place / "other")
    for more in (
        ("--provider-key", place / "other/provider.key.pub"),
        ("--client", place / "bob"),
        ("--bundle", place / "alice.bundle", "--receipt", receipt(place, bundle_digest="ef" * 32)),
    ):
        assert card(run, place, *more, code=None)["error"]["exit_code"] in (2, 3)
    assert (place / "unlearned/README.md").read_text() == before


def test_other_weights_are_refused(run: Run, place: Path) -> None:
    _, params = load_checkpoint(place / "unlearned")
    layout = select_targets(params, TARGET)
    theta = flatten(params, layout)
    theta[np.flatnonzero(theta)[0]] += 2**-10
    rewrite_checkpoint(place / "unlearned", place / "edited", split_vector(layout, theta))
    (place / "unlearned").rename(place / "proven")
    (place / "edited").rename(place / "unlearned")
    assert card(run, place, code=3)["error"]["code"] == "mismatch_theta_u"


@pytest.mark.parametrize("spoil", ["existing", "same", "other weights"])
def test_saving_is_refused_before_anything_is_computed(run: Run, place: Path, inputs: Path, cache: Path, spoil: str) -> None:
    target = {"existing": place / "unlearned", "same": inputs / "personal", "other weights": place / "fresh"}[spoil]
    if spoil == "other weights":
        target.mkdir()
        (target / "pytorch_model.bin").write_bytes(b"old")
    done = run(
        "unlearn", place / "alice", "--request", place / "request", "--state", place / "alice.state", "--out", place / "again",
        "--provider-key", place / "provider/provider.key.pub", "--model", inputs / "personal", "--save-model", target,
        "--cache", cache, "--json", code=2 if spoil == "same" else 4,
    )  # fmt: skip
    assert done.document["error"]["code"] == {"same": "same_folder"}.get(spoil, "exists") and not (place / "again").exists()

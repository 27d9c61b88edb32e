"""The unlearned model as a checkpoint, and the section of its card that states the proof.

A card is only written beside weights that are those of the client's answer: they are read back and compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.models import find_weights, flatten, load_checkpoint, rewrite_checkpoint
from zkapex_jax.models.card import write_card
from zkapex_jax.models.rewriting_checkpoint import check_target
from zkapex_jax.models.targets import split_vector
from zkapex_jax.protocol import Bundle, Enrolment, Request, Update, check_signature
from zkapex_jax.protocol.receipt import Receipt, check_receipt
from zkapex_jax.quantize import from_fixed
from zkapex_jax.workflow.folders import ClientFolder
from zkapex_jax.workflow.saving_card import CardCase, section

Status = Literal["computed", "proven", "accepted"]
#: Types that weights are stored in, widest first, and what NumPy calls them.
_TYPES = ("float32", "float16", "bfloat16")


@dataclass(frozen=True)
class SavedModel:
    """A checkpoint with its card: how far the answer is, and the type that its target weights fit exactly or were rounded to."""

    folder: Path
    card: Path
    status: Status
    stored: str
    exact: bool


def check_save(model: Path, out: Path, *, force: bool = False) -> None:
    """Whether `save_unlearned` can write there, before long work. Raises as `models.rewriting_checkpoint.check_target`."""
    check_target(model, out, force=force)


def save_unlearned(
    *, model: Path, out: Path, folder: Path, request: Path, provider_key: str, update: Path | None = None, force: bool = False
) -> SavedModel:
    """Write the checkpoint `model` to `out` with the unlearned target weights: its format, names, types, shards and card.

    Files are the owner's alone (mode 0600). Raises as `models.rewrite_checkpoint` and `state_proof`.
    """
    case, made = _case(folder, request, provider_key, update)
    targets = split_vector(case.enrolment.layout.target, from_fixed(made.tensor("theta_u")))
    rewrite_checkpoint(model, out, targets, private=True, force=force)
    return state_proof(model=out, folder=folder, request=request, provider_key=provider_key, update=made.path)


def state_proof(
    *,
    model: Path,
    folder: Path,
    request: Path,
    provider_key: str,
    update: Path | None = None,
    bundle: Path | None = None,
    receipt: Path | None = None,
) -> SavedModel:
    """Write what is proven of the checkpoint `model` into its card, replacing what an earlier call wrote there.

    `update` and `bundle` are by default those of the client's folder; without a bundle the card says that nothing is proven
    yet. `receipt` is the provider's word on the bundle.

    Raises RefusedError for a request or receipt that `provider_key` did not sign, files that do not belong together, or a model
    whose target weights are not the update's; InputError for malformed files.
    """
    case, made = _case(folder, request, provider_key, update)
    if bundle is None and receipt is None and not (made.path.parent / "bundle.safetensors").is_file():
        proven = None
    else:
        proven = Bundle.from_file(bundle or made.path.parent / "bundle.safetensors")
        _check_bundle(proven, made)
    judged = None
    if receipt is not None and proven is not None:
        judged = Receipt.from_file(receipt)
        check_receipt(judged, provider_key, request=case.request, bundle=proven, file=receipt)
    stored, exact = _compare(model, case.enrolment, made.tensor("theta_u"))
    told = CardCase(case.request, case.enrolment, made.state_digest, proven, judged, find_weights(model).files, stored, exact)
    status: Status = "computed" if proven is None else "proven" if judged is None or not judged.verdict.accepted else "accepted"
    return SavedModel(model, write_card(model, section(told), private=True), status, stored, exact)


@dataclass(frozen=True)
class _Case:
    request: Request
    enrolment: Enrolment


def _case(folder: Path, request: Path, provider_key: str, update: Path | None) -> tuple[_Case, Update]:
    client, asked = ClientFolder.open(folder), Request.from_file(request)
    check_signature(asked, provider_key)
    enrolment = Enrolment.from_file(client.enrolment)
    made = Update.from_file(update or client.request_folder(asked.request_id) / "update.safetensors")
    for field, wanted in (("request_digest", asked.digest), ("enrolment_digest", enrolment.digest), ("client_id", enrolment.client_id)):
        if getattr(made, field) != wanted:
            raise RefusedError("does not belong to this request and enrolment", code=f"mismatch_{field}", file=made.path, field=field)
    if made.weights != enrolment.layout.weights:
        raise InputError(f"must hold {enrolment.layout.weights} weights", code="shape", file=made.path, field="theta_u", value=made.weights)
    return _Case(asked, enrolment), made


def _check_bundle(bundle: Bundle, update: Update) -> None:
    for field in ("client_id", "request_digest", "enrolment_digest", "state_digest"):
        if getattr(bundle, field) != getattr(update, field):
            raise RefusedError("is not of this answer", code=f"mismatch_{field}", file=bundle.path, field=field)


def _compare(model: Path, enrolment: Enrolment, theta_u: np.ndarray) -> tuple[str, bool]:
    """The widest type of weights that the model's target tensors are θ̂u in, and whether it holds them exactly."""
    from jax.numpy import bfloat16

    kept = flatten(load_checkpoint(model)[1], enrolment.layout.target)
    exact = from_fixed(theta_u)
    for name in _TYPES:
        rounded = exact.astype(bfloat16 if name == "bfloat16" else name).astype(np.float64)
        if np.array_equal(rounded, kept):
            return name, bool(np.array_equal(rounded, exact))
    raise RefusedError("its target weights are not those of this answer", code="mismatch_theta_u", file=find_weights(model).main,
                       field="theta_u", hint="write the model with `zkapex unlearn --save-model`")  # fmt: skip

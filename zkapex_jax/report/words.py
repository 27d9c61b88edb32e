"""Words and numbers as a person reads them; what a proof says and what it does not."""

from __future__ import annotations

from zkapex_jax.report.values import Set, Stage

STAGE_TITLES: dict[Stage, str] = {
    "base": "base",
    "personalised": "personalised, enrolled",
    "masked": "request 1, masked only",
    "compensated_float": "request 1, float",
    "compensated": "request 1, proven",
    "second_masked": "request 2, masked only",
    "second": "request 2, proven",
    "renewed": "re-enrolled",
}

SET_TITLES: dict[Set, str] = {
    "forget": "First request's classes",
    "forget_second": "Second request's classes",
    "retain": "Retain set",
    "personal": "Personal set",
}

PROVEN = (
    "Every weight that a mask names, now or in an earlier accepted request, is exactly zero; a new enrolment does not bring it back.",
    "The other weights moved by at most the budget: Σ δ̂² over them is at most D.",
    "They sit within the certified distance of the exact Group-OBS optimum for the committed curvature: "
    "the repair is the one that the method prescribes, up to rounding, not another training run.",
    "The committed gradients are in range (|Ĝ| < 2²⁸), pads and forgotten weights are zero, and the enrolled model lies within D₀ of the "
    "provider's base model: the enrolment proof. So the certificate is unconditional.",
    "It starts from the weights behind the ledger's current commitment, and answers this request, with this nonce, for this client and no "
    "other. A new enrolment keeps these weights.",
    "The proofs show nothing else of weights, gradients or data, except γ̂, a coarse figure of the gradients' size.",
)

NOT_PROVEN = (
    "That the enrolled gradients are the true ones of the client's data. They were committed before the mask was known.",
    "That the enrolled model is the one that runs on the client's machine.",
    "That old copies of the weights are gone.",
    "That the mask removes all trace of the forgotten data: it is the provider's choice; its effect is measured, not proven.",
)


def duration(seconds: float) -> str:
    """2 ms, 850 ms, 3.4 s, 2 min 05 s."""
    if seconds < 0.9995:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def megabytes(count: float) -> str:
    """Decimal, as sizes of memory and files are given in the docs."""
    return f"{count / 1e6:.0f} MB"


def size(count: int) -> str:
    """976 bytes; 4.9 kB; 1.24 MB."""
    if count < 1_000:
        return f"{count} bytes"
    return f"{count / 1e3:.1f} kB" if count < 1_000_000 else f"{count / 1e6:.2f} MB"


def points(change: float) -> str:
    """A change of accuracy in percentage points, signed, with a real minus."""
    value = round(100 * change, 1) + 0.0
    return f"{value:+.1f} points".replace("-", "−")

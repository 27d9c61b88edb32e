"""What leaves this machine, said before it does; and what never does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

#: Said beside every list of what leaves.
STAYS = (
    "your weights, personal and unlearned",
    "your data, and every gradient of it",
    "secret.safetensors, updates and seeds, which open the commitments",
    "the private half of your key",
)
#: What any call to a service shows.
EVERY_CALL = "your public key, the time and your network address, with every call"


@dataclass(frozen=True)
class Leaving:
    """One thing that leaves: a file, or a few words; `bytes` None for words. `shows`: what its reader learns of you."""

    what: str
    file: Path | None
    bytes: int | None
    shows: str


def leaving_join(client_id: str, public: str) -> list[Leaving]:
    """Joining a service."""
    return [
        Leaving(f"client id {client_id}", None, None, "the name that the provider knows you by"),
        Leaving(f"public key {public[:16]}…", None, None, "nothing; calls are signed with its private half"),
        Leaving("the invitation", None, None, "that you were invited"),
    ]


def leaving_rotation() -> list[Leaving]:
    """Replacing the key."""
    return [Leaving("a new public key", None, None, "nothing but that you replace your key; later calls are signed with its private half")]


def leaving_enrolment(enrolment: Path, proof: Path) -> list[Leaving]:
    """An enrolment with its proof."""
    return [
        _file("enrolment", enrolment, "commitments that hide weights and gradients; γ̂, a coarse figure for the gradients' size"),
        _file("enrolment proof", proof, "that gradients are in range and the model is near the provider's"),
    ]


def leaving_answer(bundle: Path) -> list[Leaving]:
    """The answer to a request."""
    return [_file("bundle", bundle, "commitments, and proofs that the request was met; neither weights nor how far they moved")]


def _file(what: str, path: Path, shows: str) -> Leaving:
    return Leaving(what, path, path.stat().st_size, shows)

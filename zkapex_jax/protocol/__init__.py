"""Statement types: every artefact as a frozen, bounded value, and the checks between them."""

from zkapex_jax.protocol.artefact import Artefact, ModelRef, chunk_name
from zkapex_jax.protocol.bundle import Bundle
from zkapex_jax.protocol.cache import Points, ReferenceString
from zkapex_jax.protocol.enrolment import ClientSecret, Enrolment
from zkapex_jax.protocol.layout import ChunkedLayout
from zkapex_jax.protocol.request import Request, RequestDraft, Rules
from zkapex_jax.protocol.signing import SigningKey, check_signature, generate_key, load_public
from zkapex_jax.protocol.state import State
from zkapex_jax.protocol.update import Update

KINDS: dict[str, type[Artefact]] = {
    artefact.kind: artefact for artefact in (Enrolment, ClientSecret, Request, State, Update, Bundle, Points, ReferenceString)
}

__all__ = [
    "KINDS",
    "Artefact",
    "Bundle",
    "ChunkedLayout",
    "ClientSecret",
    "Enrolment",
    "ModelRef",
    "Points",
    "ReferenceString",
    "Request",
    "RequestDraft",
    "Rules",
    "SigningKey",
    "State",
    "Update",
    "check_signature",
    "chunk_name",
    "generate_key",
    "load_public",
]

"""Who may call: invitations, joining, the keys of a client over their whole life, nonces that serve once.

A key joins by an invitation, or follows one that its client rotates away; it ends there, or when the provider revokes it. What
ended stays on record, and never serves again.
"""

from zkapex_jax.service.clients.calls import admit_call, forget_nonces, take_nonce
from zkapex_jax.service.clients.inviting import invite, numbered, token_digest
from zkapex_jax.service.clients.joining import join
from zkapex_jax.service.keys import REVOKED, ROTATED, Who, history, need_serving
from zkapex_jax.service.clients.listing import Fleet, Member, Standing, fleet, member
from zkapex_jax.service.clients.revoking import Revoked, revoke
from zkapex_jax.service.clients.rotating import rotate

__all__ = [
    "REVOKED", "ROTATED", "Fleet", "Member", "Revoked", "Standing", "Who", "admit_call", "fleet", "forget_nonces", "history", "invite",
    "join", "member", "need_serving", "numbered", "revoke", "rotate", "take_nonce", "token_digest",
]  # fmt: skip

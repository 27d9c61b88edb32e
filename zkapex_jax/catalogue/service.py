"""Talking to a provider's service."""

from zkapex_jax.catalogue.entry import Entry, Group

SERVICE = Group(
    "Refused by the service",
    "The provider's service answered, and said no.",
    (
        Entry("unsigned_call", "A call that must be signed is not.", "Use `zkapex client`, which signs every call with the client's key."),
        Entry("bad_call", "A call's signature names no nonce or digest that can be read.", "Use `zkapex client` of the service's version."),
        Entry(
            "bad_call_signature",
            "The signature of a call is wrong: another key signed it, or it was changed on its way.",
            "Use the folder that joined; if a proxy stands between, give the URL that clients use to the service.",
        ),
        Entry(
            "stale_call", "The signature of a call is too old or from the future.", "Set this machine's clock, then run the command again."
        ),
    ),
)

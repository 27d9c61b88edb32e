"""Errors of the service, worded once."""

from __future__ import annotations

from zkapex_jax.errors import InputError, RefusedError


def not_found(what: str, name: str) -> InputError:
    """The same words for what is not there and for what is another client's."""
    return InputError(f"there is no such {what} of yours", code="not_found", field=what, value=name)


def too_large(what: str, most: int, value: int | None = None) -> InputError:
    return InputError(f"may hold {most} bytes at most", code="too_large", field=what, value=value)


def over_limit(what: str, hint: str) -> RefusedError:
    return RefusedError(f"too many {what} at once", code="over_limit", hint=hint)


def unknown_key(public: str) -> RefusedError:
    return RefusedError(
        "the key of this call has not joined this provider", code="unknown_key", field="keyid", value=public,
        hint="join first, with an invitation: `zkapex client join`",
    )  # fmt: skip

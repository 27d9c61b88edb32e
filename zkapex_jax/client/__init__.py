"""A client of a provider's service, and the same without one: files in, files out.

Every step is a function on the client's home folder. What was done is seen from the files there, so that a command that was
interrupted is simply run again. Names are imported on first use.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "answering": ("Answer", "open_answers", "prepare_answer", "settle"),
    "home": ("Home", "Membership"),
    "joining": ("join", "join_by_files", "join_document", "read_invitation"),
    "keys": ("Replaced", "rotate", "settle_key"),
    "leaving": ("STAYS", "Leaving", "leaving_answer", "leaving_enrolment", "leaving_join", "leaving_rotation"),
    "receiving": ("Received", "receive"),
    "rejoining": ("rejoin",),
    "saved_models": ("Carded", "remember_model", "saved_model", "update_card"),
    "sending": ("Sent", "catch_up", "interrupted", "send_answer", "send_enrolment"),
    "service": ("Service",),
    "fetching": ("fetch_base", "fetch_requests", "fetch_state"),
    "writing": ("write_out",),
}

__all__ = sorted(name for names in _HOMES.values() for name in names)


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

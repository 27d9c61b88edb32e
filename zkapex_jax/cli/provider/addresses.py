"""Addresses that `zkapex serve` listens at: who reaches them, and the one for Prometheus."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

import typer

from zkapex_jax.errors import InputError

#: Said where other machines reach the numbers.
OPEN = (
    "WARNING: /metrics is open to other machines, by plain HTTP and without a password: whoever reaches it sees how many clients call, how long the queue is "
    "and how full the disk. Let a firewall pass your Prometheus alone (docs/service.md)."
)
_PLACE = re.compile(r"(?:(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):)?(?P<port>[0-9]{1,5})\Z")
Metrics = Annotated[
    str | None,
    typer.Option(
        "--metrics", metavar="[ADDRESS:]PORT", show_default=False, rich_help_panel="Service",
        help="Tell Prometheus at http://ADDRESS:PORT/metrics; without an address, this machine alone. Default: nowhere.",
    ),
]  # fmt: skip


def metrics_at(text: str | None) -> dict[str, object] | None:
    """Host and port; None as it is. Raises InputError for what is no such place."""
    if text is None:
        return None
    found = _PLACE.match(text)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise InputError("must be PORT or ADDRESS:PORT, such as 127.0.0.1:9100", code="bad_field", field="metrics", value=text)
    return {"host": (found["host"] or "127.0.0.1").strip("[]"), "port": int(found["port"])}


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine reaches an address. A name that is no address counts as one that others reach, but for localhost."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

"""`zkapex serve`."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError
from rich.markup import escape

from zkapex_jax.cli.extras import service_libraries
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.provider.addresses import OPEN, Metrics, is_loopback, metrics_at
from zkapex_jax.cli.provider.keygen import KEY_NAME
from zkapex_jax.cli.options import AllowInsecure, Cache, option
from zkapex_jax.cli.output import Output
from zkapex_jax.cli.spans import size_option, span_option
from zkapex_jax.errors import InputError
from zkapex_jax.formats.atomic import SECRET_MODE, write_text
from zkapex_jax.formats.cache_folder import cache_folder
from zkapex_jax.formats.nesting import parse_json
from zkapex_jax.formats.reading import read_bytes

if TYPE_CHECKING:
    from zkapex_jax.service.settings import Settings

_LIMITS = "Service"
_MAX_LIMITS = 64 << 10
#: Said where other machines reach the service itself.
_PLAIN = (
    "WARNING: plain HTTP, open to other machines: who is on the way reads the dashboard's token and what clients send, and clients refuse such a URL. "
    "Listen on 127.0.0.1 and put a proxy that ends TLS before it (docs/service.md)."
)
TOKEN, _MIN_TOKEN, _MAX_TOKEN = "dashboard.token", 32, 4096
Folder = Annotated[Path, typer.Argument(metavar="PROVIDER", help="The provider's folder, with its ledger and signing key.")]
Database = Annotated[
    str | None,
    typer.Option(
        "--database", envvar="ZKAPEX_DATABASE", metavar="URL", show_default=False, rich_help_panel=_LIMITS,
        help="The ledger's database: postgresql://USER@HOST/NAME. Default: where the folder says that it is.",
    ),
]  # fmt: skip


@guarded
def serve(
    folder: Folder,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.", rich_help_panel=_LIMITS)] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, metavar="N", help="Port to listen on.", rich_help_panel=_LIMITS)] = 8740,
    workers: Annotated[
        int, typer.Option("--workers", min=0, max=256, metavar="N", help="Processes that verify. 0: what comes in waits.", rich_help_panel=_LIMITS)
    ] = 1,
    database: Database = None,
    authority: Annotated[
        list[str] | None,
        typer.Option("--authority", metavar="HOST[:PORT]", help="Name that clients call the service by, behind a proxy. May be repeated.", rich_help_panel=_LIMITS),
    ] = None,
    proxy: Annotated[
        list[str] | None,
        typer.Option("--proxy", metavar="ADDRESS", help="Proxy that says whom it calls for (X-Forwarded-For). May be repeated.", rich_help_panel=_LIMITS),
    ] = None,
    metrics: Metrics = None,
    late_after: Annotated[float, typer.Option("--late-after", min=0.001, metavar="DAYS", help="Unanswered so long: late.", rich_help_panel=_LIMITS)] = 7.0,
    keep_finished: Annotated[float | None, span_option("keep-finished", "Jobs that ended are forgotten then. Default: 30d.", _LIMITS)] = None,
    keep_evidence: Annotated[float | None, span_option("keep-evidence", "Refused bundles give way to a signed note then. Default: 90d.", _LIMITS)] = None,
    evidence_size: Annotated[int | None, size_option("evidence-size", "Refused bundles of one client, together. Default: 1GiB.", _LIMITS)] = None,
    limits: Annotated[Path | None, option("limits", "FILE", "JSON of limits that differ from the defaults.", _LIMITS)] = None,
    cache: Cache = None,
    threads: Annotated[int, typer.Option("--threads", min=1, max=1024, metavar="N", help="Threads of each worker's verifier.", rich_help_panel=_LIMITS)] = 1,
    allow_insecure: AllowInsecure = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line: where it serves, then the log (on standard error).")] = False,
) -> None:
    """Provider: serve clients over HTTP, verify what they send, and show the fleet.

    Prints to a terminal the token that opens the dashboard in a browser; PROVIDER/dashboard.token keeps it, delete that for another one.
    Ends on Ctrl-C or SIGTERM, after workers finished what they are at; what is queued is taken up by the next run. Put a proxy that ends TLS in front of it before you listen on other addresses.
    """
    with service_libraries():
        from zkapex_jax.service import logs
        from zkapex_jax.service.dashboard.login import digest_of, new_token
        from zkapex_jax.service.serving import serve as run
        from zkapex_jax.service.settings import Settings

    token, differing = _token(folder, new_token), _limits(limits)
    differing["keep"] = _kept(differing.get("keep"), keep_finished, keep_evidence, evidence_size)
    given = {
        "provider": folder, "database": database, "host": host, "port": port, "authorities": tuple(authority or ()),
        "proxies": tuple(proxy or ()), "workers": workers, "metrics": metrics_at(metrics),
        "threads": threads, "cache": cache_folder(cache), "allow_insecure": allow_insecure, "late_after": 86400 * late_after,
        "dashboard_token": digest_of(token), "json_log": as_json, **differing,
    }  # fmt: skip
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InputError(str(first["msg"]), code="bad_limits", file=limits, field=field, value=first["input"]) from error
    logs.set_up(as_json=as_json)
    run(settings, ready=lambda: _say(settings, token, as_json))


def _say(settings: Settings, token: str, as_json: bool) -> None:
    """Where it serves. A log keeps what is printed for machines, or into no terminal: the token's file stands there, not the token."""
    url, told = _url(settings.host, settings.port), settings.metrics
    metrics = f"{_url(told.host, told.port)}/metrics" if told else None
    open_to_others = not is_loopback(settings.host)
    if as_json:
        line = {"event": "serving", "provider": str(settings.provider), "url": url, "dashboard": f"{url}/", "api": f"{url}/docs",
                "token_file": str(settings.provider / TOKEN), "workers": settings.workers, "plain_http_to_others": open_to_others,
                "metrics": metrics}  # fmt: skip
        print(json.dumps(line, ensure_ascii=False))
    else:
        Output(False, False).result(
            {}, escape(f"serving {settings.provider} on {url}") + f" with {settings.workers} workers", escape(f"  dashboard  {url}/"),
            f"  token      {token}" if sys.stdout.isatty() else escape(f"  token      in {settings.provider / TOKEN}"), escape(f"  API        {url}/docs"),
            *([escape(f"  numbers    {metrics}")] if metrics else []),
        )  # fmt: skip
    sys.stdout.flush()
    warnings = [_PLAIN] * open_to_others + [OPEN] * (told is not None and not is_loopback(told.host))
    for warning in warnings:
        logging.getLogger("zkapex.service").warning(warning) if as_json else print(warning, file=sys.stderr, flush=True)


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _token(folder: Path, new_token: Callable[[], str]) -> str:
    """The folder's token for the dashboard, the owner's alone; made by the first run, and by the next one that finds none."""
    if not (folder / KEY_NAME).exists():
        raise InputError("holds no provider's key", code="missing_file", file=folder / KEY_NAME, hint="make one with `zkapex keygen`")
    path = folder / TOKEN
    if not path.exists():
        write_text(path, new_token() + "\n", mode=SECRET_MODE)
    text = read_bytes(path, max_bytes=_MAX_TOKEN).decode("utf-8", "replace").strip()
    if len(text) < _MIN_TOKEN:
        raise InputError(f"must hold a token of {_MIN_TOKEN} characters or more", file=path, hint="delete it for a new one")
    return text


def _limits(file: Path | None) -> dict[str, object]:
    if file is None:
        return {}
    try:
        document = parse_json(read_bytes(file, max_bytes=_MAX_LIMITS))
    except InputError as error:
        raise error.in_file(file) from error
    except ValueError as error:
        raise InputError("is not JSON", code="bad_limits", file=file) from error
    if not isinstance(document, dict) or not set(document) <= {"limits", "queue", "keep"}:
        raise InputError("must be an object of `limits`, `queue` and `keep`", code="bad_limits", file=file)
    return document


def _kept(said: object, finished: float | None, evidence: float | None, evidence_bytes: int | None) -> object:
    """What the file says of `keep`, and above it the options."""
    given = {"finished": finished, "evidence": evidence, "evidence_bytes": evidence_bytes}
    named = {name: value for name, value in given.items() if value is not None}
    return {**({} if said is None else said), **named} if isinstance(said, (dict, type(None))) else said

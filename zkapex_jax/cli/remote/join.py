"""`zkapex client join`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, Force, Quiet, ShowProgress, option
from zkapex_jax.cli.output import Output
from zkapex_jax.cli.remote.home import DEFAULT_HOME, HomeDir, Out, leaving_document, say_carry, say_leaving
from zkapex_jax.client import (
    Home,
    Membership,
    Service,
    fetch_base,
    join,
    join_by_files,
    join_document,
    leaving_join,
    read_invitation,
    receive,
    rejoin,
    write_out,
)
from zkapex_jax.client.certificates import context_of, read_authority
from zkapex_jax.client.retrying import Patience
from zkapex_jax.client.service import check_url
from zkapex_jax.errors import InputError
from zkapex_jax.protocol import load_public

Keys = Annotated[
    list[str] | None,
    typer.Option(
        "--provider-key", metavar="KEY", show_default=False,
        help="The provider's public key, from another channel: a .pub file, or its hex. May be repeated. Without a service it is needed.",
    ),
]  # fmt: skip
#: At the first call a wrong URL is likelier than an outage.
_ATTEMPTS = 6


@guarded
def client_join(
    client_id: Annotated[
        str, option("client", "ID", "Client id, as the provider gave it: 1 to 64 letters, digits, dots, dashes, underscores.")
    ],
    url: Annotated[
        str | None, typer.Argument(metavar="[URL]", help="The provider's service. Default: none, files are carried by other ways.")
    ] = None,
    invitation: Annotated[
        str | None, option("invitation", "TOKEN", "The invitation that the provider gave you: its text, or a file with it. Not needed to join again.")
    ] = None,
    provider_key: Keys = None,
    ca_file: Annotated[
        Path | None, option("ca-file", "FILE", "Certificates (PEM) of the authority that vouches for the service, if the provider has its own. Kept; it alone counts then.")
    ] = None,
    base: Annotated[Path | None, option("base", "FILE", "The provider's base file, where there is no service to fetch it from.")] = None,
    home: HomeDir = DEFAULT_HOME,
    out: Out = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    progress: ShowProgress = None,
) -> None:
    """Become a client of a provider: make a key, tell the service, fetch the base model that enrolments start from.

    The key signs every later call; it lies in the home, readable by you alone. An invitation serves once, for one client id.
    Without [bold]--provider-key[/] the keys that the service names are trusted from here on: compare them with the provider's own
    word. Joining again changes nothing, and with [bold]--provider-key[/] trusts one more key. Where the provider has revoked the key
    of the home and invited you anew, a new key is made; the old one and all else in the home stay.

    Without URL the same home works with files: give --provider-key and --base, then carry what the other commands write with
    --out, and take what comes back with [bold]zkapex client receive[/].
    """
    output, keys = Output(as_json, quiet, progress), [load_public(key) for key in provider_key or ()]
    if url is not None:
        check_url(url)
    elif not keys:
        raise InputError("is needed where there is no service to ask for it", field="provider-key")
    place, renewed, leaving = Home.create(home), False, []
    if url is None:
        membership = join_by_files(place, client_id, keys)
    else:
        authority = None if ca_file is None else read_authority(ca_file)
        token = read_invitation(invitation or "", client_id)
        if not token and not (place.membership_file.is_file() and place.membership.url):
            raise InputError("is needed to join a service", field="invitation", hint="ask the provider for one")
        had_key = place.key_file.exists()
        leaving = leaving_join(client_id, place.key().public)
        say_leaving(output, leaving, out.name if out else url, call=out is None)
        if out is not None:
            files = write_out(out, {"join.json": join_document(client_id, token, place.key().public)}, force=force)
            say_carry(
                output, leaving_document(leaving), files, escape(f"it is the body of POST {url}/v1/clients, to be signed with {place.key_file}")
            )
            return
        tls = place.authority() if authority is None else context_of(authority, ca_file)
        open_service = partial(Service, url, patience=Patience(attempts=_ATTEMPTS, say=output.note), authority=tls)
        if had_key and token:
            renewed = rejoin(place, open_service, client_id, url, token, lambda public: _say_new_key(output, client_id, public, url))
        with open_service(place.key()) as service, output.bars() as on_progress:
            membership = join(place, service, client_id, token, keys)
            if authority is not None:
                place.keep_authority(authority)
            fetch_base(place, service, on_progress=on_progress)
    if base is not None:
        receive(place, [base])
    _tell(output, place, membership, bool(keys), renewed, leaving_document(leaving) if leaving else {})


def _say_new_key(output: Output, client_id: str, public: str, url: str) -> None:
    output.note("the provider takes the key of this home no more: a new one joins in its place; all else in the home stays")
    say_leaving(output, leaving_join(client_id, public), url)


def _tell(output: Output, home: Home, membership: Membership, compared: bool, renewed: bool, leaving: dict[str, object]) -> None:
    document = {"home": home.path, "client_id": membership.client_id, "url": membership.url or None, "provider_keys": membership.provider_keys,
                "new_key": renewed, "base": home.folder.base if home.folder.base.is_file() else None} | leaving  # fmt: skip
    trust = "given by you" if compared else "trusted from here on: compare with the provider's own word"
    output.result(
        document,
        f"{membership.client_id} has joined {escape(membership.url) or 'no service, files are carried'}",
        f"  home          {escape(str(home.path))}",
        *(["  key           new; the one before is kept in retired-keys/"] if renewed else []),
        *(f"  provider key  {key}  ({trust})" for key in membership.provider_keys),
        *(
            [f"  base          {escape(str(home.folder.base))}"]
            if home.folder.base.is_file()
            else ["  base          none yet: give it with --base, or `zkapex client receive`"]
        ),
        "  then          zkapex client status, which says what is open" if home.is_enrolled else "  then          zkapex client enrol --model MODEL --data DATA",
    )

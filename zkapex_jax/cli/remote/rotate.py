"""`zkapex client rotate`."""

from __future__ import annotations

from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, Quiet
from zkapex_jax.cli.output import Output
from zkapex_jax.cli.remote.home import DEFAULT_HOME, HomeDir, opener, say_leaving
from zkapex_jax.client import Home, leaving_rotation, rotate


@guarded
def client_rotate(home: HomeDir = DEFAULT_HOME, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Replace the key that signs this client's calls by a new one, made here; the service takes the old one no more.

    Enrolment, proofs, states and receipts stay. Run it again where it was interrupted: whichever key the service takes is found out.
    Do it now and then, or when the home moves. [bold]If somebody else may have your key[/], ask the provider to revoke it instead
    ([bold]zkapex revoke[/]): who has it can replace it as well.
    """
    output, place = Output(as_json, quiet), Home.open(home)
    open_service = opener(place, output)
    say_leaving(output, leaving_rotation(), place.membership.url)
    found = rotate(place, open_service)
    words = "the replacement that was interrupted is finished" if found.resumed else "the key is replaced"
    output.result(
        {"old": found.old, "new": found.new, "resumed": found.resumed, "home": place.path},
        f"{words}: the service takes the new one alone", f"  new  {found.new}", f"  old  {found.old}  (kept in retired-keys/)",
    )  # fmt: skip

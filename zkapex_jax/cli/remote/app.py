"""The commands of `zkapex client`, in the order of use."""

from __future__ import annotations

import typer

from zkapex_jax.cli.options import EXIT_CODES, epilog
from zkapex_jax.cli.remote.enrol import client_enrol
from zkapex_jax.cli.remote.join import client_join
from zkapex_jax.cli.remote.rotate import client_rotate
from zkapex_jax.cli.remote.send import client_receive, client_send, client_status
from zkapex_jax.cli.remote.unlearn import client_unlearn

client_app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", epilog=EXIT_CODES)

_COMMANDS = (
    ("join", client_join, "zkapex client join https://unlearn.example.org --client edge-0001 --invitation invitation.txt"),
    ("enrol", client_enrol, "zkapex client enrol --model my-model --data my-data.safetensors"),
    ("unlearn", client_unlearn, "zkapex client unlearn --model my-model --save-model my-model-unlearned"),
    ("send", client_send, "zkapex client send"),
    ("receive", client_receive, "zkapex client receive request.safetensors alice.state"),
    ("status", client_status, "zkapex client status"),
    ("rotate", client_rotate, "zkapex client rotate"),
)
for _name, _command, _example in _COMMANDS:
    client_app.command(_name, epilog=epilog(_example))(_command)


@client_app.callback()
def client() -> None:
    """Be a provider's client: join once, enrol once, then [bold]unlearn[/] and [bold]send[/] for each request.

    Over HTTP, or with files alone: every command that sends takes --out FOLDER, and [bold]receive[/] takes what comes back.
    """

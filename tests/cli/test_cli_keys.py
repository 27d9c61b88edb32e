"""Keys of clients at the command line, at a service in a process of its own: replaced, revoked, joined again; and the provider's list."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cli_walk import Run, base_arguments
from test_cli_client_service import free_port, serving

from zkapex_jax.client import Home

pytest.importorskip("fastapi", reason="needs the extra [service]")


@dataclass(frozen=True)
class Place:
    """A provider that serves, and where homes lie."""

    path: Path
    url: str

    @property
    def provider(self) -> Path:
        return self.path / "provider"


@pytest.fixture(scope="module")
def place(run: Run, inputs: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    port = free_port()
    made = Place(tmp_path_factory.mktemp("keys"), f"http://127.0.0.1:{port}")
    run("keygen", made.provider)
    run(*base_arguments(inputs, made.provider, made.path / "base"), "--cache", cache, "--no-progress")
    with serving(made.provider, port, cache):
        yield made


def invite(run: Run, place: Place, client: str) -> str:
    return run("invite", place.provider, "--client", client, "--json").document["invitations"][0]["invitation"]


def join(run: Run, place: Place, client: str, token: str, code: int = 0, *words: object) -> Any:
    home = place.path / client
    return run("client", "join", place.url, "--client", client, "--home", home, "--invitation", token, *words, code=code)


def keys(run: Run, place: Place, client: str) -> dict[str, Any]:
    return run("clients", place.provider, "--client", client, "--json").document


def test_the_life_of_a_key(run: Run, place: Place) -> None:
    """Joined, replaced, stolen, revoked while the service runs, joined again."""
    home = place.path / "edge-0001"
    join(run, place, "edge-0001", invite(run, place, "edge-0001"))
    first = Home.open(home).key().public
    replaced = run("client", "rotate", "--home", home)
    second = Home.open(home).key().public
    assert first in replaced.out and second in replaced.out and "Leaves this machine" in replaced.out and first != second
    assert run("client", "rotate", "--home", home, "--json").document | {"resumed": False} == run_document(home, second)
    third = Home.open(home).key().public

    shutil.copytree(home, place.path / "thief")
    told = run("revoke", place.provider, "--client", "edge-0001", "--why", "laptop stolen")
    assert third in told.out and "zkapex invite" in told.out
    for stolen in (home, place.path / "thief"):
        refused = run("client", "rotate", "--home", stolen, code=3)
        assert "revoked_key" in refused.err and "new invitation" in refused.err and "laptop" not in refused.err
    again = run("revoke", place.provider, "--client", "edge-0001", "--why", "twice", "--json").document
    assert not again["revoked_now"] and again["key"]["words"] == "laptop stolen" and again["key"]["public"] == third

    token = invite(run, place, "edge-0001")
    assert "revoked_key" in run("client", "rotate", "--home", place.path / "thief", code=3).err
    joined = join(run, place, "edge-0001", token)
    fourth = Home.open(home).key().public
    assert "key           new" in joined.out and f"public key {fourth[:16]}" in joined.out
    thief = ("client", "join", place.url, "--client", "edge-0001", "--home", place.path / "thief", "--invitation", token)
    assert "already_joined" in run(*thief, code=3).err
    told_keys = keys(run, place, "edge-0001")
    assert told_keys["status"] == "joined" and [(key["public"], key["why"]) for key in told_keys["keys"]] == [
        (first, "rotated"), (second, "rotated"), (third, "revoked"), (fourth, None)
    ]  # fmt: skip
    assert {path.stem for path in (home / "retired-keys").glob("*.key")} >= {first, second, third}
    assert not join(run, place, "edge-0001", token, 0, "--json").document["new_key"] and Home.open(home).key().public == fourth


def run_document(home: Path, old: str) -> dict[str, Any]:
    return {"old": old, "new": Home.open(home).key().public, "resumed": False, "home": str(home)}


def test_a_client_that_is_killed_as_it_replaces_its_key_goes_on(run: Run, place: Place) -> None:
    """After the service has taken the new key, before the home has: the next command finds out and finishes it."""
    home = place.path / "killed"
    join(run, place, "killed", invite(run, place, "killed"))
    old = Home.open(home).key().public
    program = (
        "import os, sys\nfrom zkapex_jax.client import keys\nfrom zkapex_jax.cli.main import app\n"
        "keys.switch = lambda home: os.kill(os.getpid(), 9)\n"
        f"app(['client', 'rotate', '--home', {str(home)!r}])\n"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=120, check=False).returncode == -9
    assert Home.open(home).key().public == old and keys(run, place, "killed")["keys"][0]["why"] == "rotated"
    status = run("client", "status", "--home", home)
    assert old in status.out and "zkapex client rotate finishes it" in status.out
    told = run("client", "rotate", "--home", home)
    assert "interrupted is finished" in told.out
    assert run("client", "status", "--home", home, "--json").document["key_waiting"] is False
    assert Home.open(home).key().public == keys(run, place, "killed")["keys"][-1]["public"] != old


def test_who_replaces_a_stolen_key_locks_the_client_out_until_it_is_revoked(run: Run, place: Place) -> None:
    """The client is told what to do, and its home joins again."""
    home, thief = place.path / "robbed", place.path / "robber"
    join(run, place, "robbed", invite(run, place, "robbed"))
    shutil.copytree(home, thief)
    run("client", "rotate", "--home", thief)
    refused = run("client", "rotate", "--home", home, code=3)
    assert "rotated_key" in refused.err and "somebody else has your key" in refused.err
    run("revoke", place.provider, "--client", "robbed", "--why", "stolen and replaced")
    assert "key           new" in join(run, place, "robbed", invite(run, place, "robbed")).out
    assert "revoked_key" in run("client", "rotate", "--home", thief, code=3).err
    assert run("client", "rotate", "--home", home, "--json").document["resumed"] is False


def test_the_list_is_filtered_and_goes_by_pages(run: Run, place: Place) -> None:
    run("invite", place.provider, "--client", "page-0001", "--count", 7, "-q")
    join(run, place, "listed", invite(run, place, "listed"))
    run("invite", place.provider, "--client", "withdrawn", "-q")
    told = run("revoke", place.provider, "--client", "listed", "--why", "[red]left[/]", "--json").document
    assert told["revoked_now"]
    revoked = run("clients", place.provider, "--status", "revoked").out
    assert "listed" in revoked and "[red]left[/]" in revoked and "page-0001" not in revoked
    document = run("clients", place.provider, "--status", "invited", "--rows", 3, "--page", 2, "--json").document
    names = [one["client"] for one in document["clients"]]
    assert document["total"] == 8 and document["pages"] == 3 and names == ["page-0004", "page-0005", "page-0006"]
    assert document["counts"]["invited"] == 8 and document["counts"]["revoked"] >= 1
    assert "--page 2" in run("clients", place.provider, "--rows", 3).out
    assert run("clients", place.provider, "--page", 99, "--json").document["clients"] == []
    assert run("revoke", place.provider, "--client", "withdrawn", "--why", "never joined", "--json").document["invitations_withdrawn"] == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("clients", "--client", "nobody"), 2, "never invited"),
        (("clients", "--status", "other"), 2, "other"),
        (("clients", "--page", "0"), 2, "page"),
        (("revoke", "--client", "nobody", "--why", "x"), 2, "never invited"),
        (("revoke", "--client", "../up", "--why", "x"), 2, "client_id"),
        (("revoke", "--client", "nobody", "--why", " "), 2, "why"),
        (("revoke", "--client", "nobody", "--why", "two\nlines"), 2, "why"),
        (("revoke", "--client", "nobody", "--why", "x" * 201), 2, "why"),
        (("revoke", "--client", "nobody"), 2, "why"),
    ],
)
def test_what_is_wrong_is_said(run: Run, place: Place, words: tuple[str, ...], code: int, said: str) -> None:
    assert said in run(words[0], place.provider, *words[1:], code=code).err

"""Some mutations of what the product alone reads of strangers: keys, statements, calls, checkpoint folders, small files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fuzz_folder import folder
from fuzz_service import judge
from fuzz_short import STRANGERS, attack, outcomes
from fuzz_targets import Fault, Target, targets
from zkapex_jax.errors import RefusedError


@pytest.mark.parametrize("name", STRANGERS)
def test_mutations_end_with_a_verdict(name: str) -> None:
    refused = attack(name)
    assert sum(refused) > len(refused) // 10


@pytest.mark.parametrize("name", STRANGERS)
def test_every_seed_is_as_it_should_be(name: str) -> None:
    told = outcomes(name, 99)
    assert told.count("accepted") > len(told) // 3, told


def test_strangers_are_targets() -> None:
    assert set(STRANGERS) < set(targets())


def test_litter_is_seen() -> None:
    def leave(data: bytes) -> None:
        with folder().holding({"a": data}) as path:
            (path / "b").write_bytes(b"")

    def alter(data: bytes) -> None:
        with folder().holding({"a": data}) as path:
            (path / "a").write_bytes(b"other")

    for read, words in ((leave, "leaves"), (alter, "altered")):
        with pytest.raises(Fault, match=words):
            Target("x", "text", 9, {"product": read}).run(b"1")


def test_faults_of_the_service_are_seen() -> None:
    """A status that blames the service, a path of its machine, an error that is no error of ours."""
    plain = {"content-type": "application/json"}
    assert isinstance(judge(400, plain, b'{"error":{"code":"bad_field","message":"no"}}'), RefusedError)
    from fuzz_service import site

    for status, body in ((500, b"{}"), (200, os.fsencode(Path(site().settings.provider))), (400, b'{"error":{"code":7}}')):
        with pytest.raises(Fault):
            judge(status, plain, body)

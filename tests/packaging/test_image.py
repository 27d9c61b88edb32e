"""The image's recipe: what it copies exists and may enter the build, nothing else may; no root, no compiler; what `compose.yaml` names is there."""

from __future__ import annotations

import re
from pathlib import Path

from zkapex_jax.prover import driver

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "Containerfile").read_text().replace("\\\n", " ").splitlines()
IGNORED = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]


def instructions(name: str) -> list[str]:
    return [line.partition(" ")[2].strip() for line in LINES if line.startswith(f"{name} ")]


def stages() -> list[list[str]]:
    found: list[list[str]] = []
    for line in LINES:
        if line.startswith("FROM "):
            found.append([])
        if found:
            found[-1].append(line)
    return found


def copied() -> set[str]:
    """What comes from the context."""
    return {word for line in instructions("COPY") if "--from" not in line for word in line.split()[:-1]}


def test_nothing_enters_but_what_is_copied() -> None:
    assert IGNORED[0] == "*"
    assert {line.removeprefix("!") for line in IGNORED if line.startswith("!")} == copied()
    assert all((ROOT / name).exists() for name in copied())
    assert {"**/__pycache__", "**/*.pyc"} <= set(IGNORED)


def test_every_part_of_the_build_is_copied() -> None:
    manifest = (ROOT / "MANIFEST.in").read_text().split()
    wanted = {word for word in manifest if (ROOT / word).exists()} | {"pyproject.toml", "setup.py", "LICENSE", "README.md", "prover/THIRD-PARTY.txt"}
    assert wanted <= copied()


def test_the_last_stage_has_no_compiler_and_no_root() -> None:
    last = stages()[-1]
    assert len(stages()) == 3 and not [line for line in last if re.search(r"apt-get|cargo|pip install", line)]
    assert re.fullmatch(r"USER [1-9]\d*", next(line for line in last if line.startswith("USER")))
    assert not [line for line in last[[line.startswith("USER") for line in last].index(True) :] if line.startswith(("RUN", "COPY"))]
    assert f"/{driver.NAME} " in next(line for line in instructions("COPY") if "--from=prover" in line)


def test_bases_can_be_named_by_digest() -> None:
    arguments = dict(line.split("=", 1) for line in instructions("ARG"))
    assert {line.split()[0] for line in instructions("FROM")} == {f"${{{name}}}" for name in arguments}
    assert all(re.fullmatch(r"docker\.io/library/[a-z]+:[0-9.]+-slim-bookworm", image) for image in arguments.values())

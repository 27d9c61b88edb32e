"""The image's recipe: what it copies exists and may enter the build, nothing else may; no root, no compiler; what `compose.yaml` names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from zkapex_jax.cli.main import app
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


def test_tables_are_kept_where_the_image_may_write() -> None:
    """The root may be read-only: beside the volume nothing stays."""
    (kept,) = re.findall(r" ZKAPEX_CACHE=(\S+)", " ".join(stages()[-1]))
    assert kept.startswith(f"{instructions('VOLUME')[0]}/") and SERVICES["service"]["volumes"] == [f"provider:{instructions('VOLUME')[0]}"]


def test_bases_can_be_named_by_digest() -> None:
    arguments = dict(line.split("=", 1) for line in instructions("ARG"))
    assert {line.split()[0] for line in instructions("FROM")} == {f"${{{name}}}" for name in arguments}
    assert all(re.fullmatch(r"docker\.io/library/[a-z]+:[0-9.]+-slim-bookworm", image) for image in arguments.values())


SERVICES = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]


def test_the_composed_service_is_bound_to_this_machine_and_may_do_little() -> None:
    service, database = SERVICES["service"], SERVICES["database"]
    assert service["read_only"] and service["init"] and service["cap_drop"] == ["ALL"] and "privileged" not in service
    (published,) = service["ports"]
    assert published == f"127.0.0.1:{instructions('EXPOSE')[0]}:{instructions('EXPOSE')[0]}" and "ports" not in database
    assert f"http://127.0.0.1:{instructions('EXPOSE')[0]}/v1/health" in service["healthcheck"]["test"][-1]
    assert service["volumes"] == [f"provider:{instructions('VOLUME')[0]}"] and service["tmpfs"] == ["/tmp"]
    assert service["build"]["dockerfile"] == "Containerfile"


def test_the_composed_command_is_one_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every option of it is known: what it cannot read is the folder, which is not there."""
    words = [word.replace("${ZKAPEX_AUTHORITY:?put it into .env}", "unlearn.example.org") for word in SERVICES["service"]["command"]]
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(app, words)
    assert ran.exit_code == 2 and "missing_file" in ran.output and "No such option" not in ran.output


def test_no_password_stands_in_the_files() -> None:
    text = (ROOT / "compose.yaml").read_text()
    assert {line.strip() for line in re.findall(r"^.*PASSWORD:.*$", text, re.MULTILINE)} == {f"{name}: ${{POSTGRES_PASSWORD:?put it into .env}}" for name in ("POSTGRES_PASSWORD", "PGPASSWORD")}
    assert ".env" in (ROOT / ".gitignore").read_text().split() and "!.env" not in IGNORED

"""A joining that is refused before anything is asked makes no home."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from zkapex_jax.cli.main import app


@pytest.mark.parametrize("words", [["ftp://provider.example.org"], ["http://provider.example.org"], []], ids=["no http", "plain http", "no key"])
def test_no_home_is_made(words: list[str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    ended = CliRunner().invoke(app, ["client", "join", *words, "--client", "edge-0001", "--invitation", "token", "--home", str(home)])
    assert ended.exit_code == 2
    assert not home.exists()

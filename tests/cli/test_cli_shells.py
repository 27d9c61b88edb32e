"""Completion by the shells themselves: the script that is installed, read by bash, and by fish where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """#!{python}
from zkapex_jax.cli.start import main
main()
"""
#: Words so far, the last of which is not finished; what must be offered; nothing: the shell offers files.
ASKED = (("client se", {"send"}), ("client send --ho", {"--home"}), ("tables --preset to", {"toy"}), ("inspect re", set()))
#: Each prints a line of dashes after the offers for one line of words.
_BASH = """eval "$(zkapex --show-completion bash)"
for line in {lines}; do
  COMP_WORDS=(zkapex $line); COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 )); COMPREPLY=()
  $(complete -p zkapex | sed 's/.*-F \\([^ ]*\\).*/\\1/') zkapex
  printf '%s\\n' "${{COMPREPLY[@]}}"; echo ---
done
complete -p zkapex | grep -q 'o default' && echo files
"""
_FISH = """zkapex --show-completion fish | source
for line in {lines}
  complete --do-complete "zkapex $line"
  echo ---
end
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home of its own, whose `bin` has the program under its name, and a file to offer."""
    program = tmp_path / "bin" / "zkapex"
    program.parent.mkdir()
    program.write_text(_PROGRAM.format(python=sys.executable))
    program.chmod(0o755)
    (tmp_path / "request.safetensors").touch()
    return tmp_path


def ask(home: Path, shell: str, text: str) -> list[list[str]]:
    lines = " ".join(f"'{line}'" for line, _ in ASKED)
    environment = {"HOME": str(home), "PATH": f"{home / 'bin'}:{os.environ['PATH']}", "LANG": "C.UTF-8", "TERM": "dumb", "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    ran = subprocess.run([shell, "-c", text.format(lines=lines)], capture_output=True, text=True, cwd=home, env=environment, timeout=120)
    assert ran.returncode == 0, ran.stderr
    return [[line for line in part.splitlines() if line] for part in ran.stdout.split("---\n")]


def test_bash_offers_what_fits_and_files_where_nothing_does(home: Path) -> None:
    *offers, last = ask(home, "bash", _BASH)
    assert [set(offer) for offer in offers] == [wanted for _, wanted in ASKED]
    assert last == ["files"]


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_offers_what_fits_and_files_where_nothing_does(home: Path) -> None:
    *offers, _ = ask(home, "fish", _FISH)
    named = [{line.split("\t")[0] for line in offer} for offer in offers]
    assert named == [wanted or {"request.safetensors"} for _, wanted in ASKED]

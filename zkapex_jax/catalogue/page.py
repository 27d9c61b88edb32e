"""Write docs/faq.md from the catalogue."""

from __future__ import annotations

from pathlib import Path

from zkapex_jax.catalogue import GROUPS, Group

PATH = Path(__file__).parents[2] / "docs" / "faq.md"

_HEAD = """# What an error means, and what to do

Generated from code by `python -m zkapex_jax.catalogue`; a test fails when it is out of date.

Every error is one sentence on standard error, which names the file, the field and the value, and a second line with its code and what to do.
The code is stable: programs may rely on it. `zkapex explain CODE` prints its line of this page; with `--json` a command prints the error as a document:

    zkapex inspect no-such-file --json
    zkapex explain missing_file

| exit code | class | |
| --- | --- | --- |
| 0 | | done; a proof was accepted |
| 2 | bad input | a file, option or value from outside is wrong |
| 3 | refused | well-formed, but a proof, signature or rule says no |
| 4 | storage | disk full, permission, file already there, another command at work |
| 5 | internal | a bug, or a missing part of the installation |
| 130 | | interrupted by you |

After any of them nothing half-written remains, and the same command may simply be run again: it goes on where it stopped.
A code with `…` stands for every code that begins so; the rest names the field.
"""


def document() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(_section(group) for group in GROUPS)])


def _section(group: Group) -> str:
    rows = [f"| `{_shown(entry.code)}` | {_cell(entry.meaning)} | {_cell(entry.next)} |" for entry in group.entries]
    return "\n".join([f"## {group.name}", "", group.words, "", "| code | means | do |", "| --- | --- | --- |", *rows, ""])


def _shown(code: str) -> str:
    return code.replace("*", "…")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")

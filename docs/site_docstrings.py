"""Doctests in docstrings as code: in Markdown `>>>` would be a quotation in a quotation in a quotation."""

from __future__ import annotations

import re
from typing import Any

import griffe

_EXAMPLE = re.compile(r"(?m)^(?P<indent>[ ]*)>>> .*(?:\n(?!\s*$).*)*")


def fenced(text: str) -> str:
    """The text with each run of lines from `>>>` to the next empty line in a fence."""
    return _EXAMPLE.sub(lambda found: f"{found['indent']}```pycon\n{found[0]}\n{found['indent']}```", text)


class Doctests(griffe.Extension):
    """Called by mkdocstrings, which reads the package with griffe."""

    def on_object(self, *, obj: Any, **_: Any) -> None:
        if obj.docstring is not None:
            obj.docstring.value = fenced(obj.docstring.value)

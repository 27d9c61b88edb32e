"""How deep brackets nest in JSON from outside, counted before the parser recurses into it.

The parser's own guard is the interpreter's recursion limit, which libraries raise (py_ecc to 100,000): then nesting would end the
process instead of raising an error.
"""

from __future__ import annotations

import json
import re
from typing import Any

from zkapex_jax.errors import InputError

MAX_NESTING = 128
_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def parse_json(data: bytes) -> Any:
    """JSON of any spelling. Raises ValueError where it is none, InputError where it nests too deep."""
    check_nesting(data)
    return json.loads(data)


def check_nesting(data: bytes) -> None:
    """Raises InputError where brackets outside strings nest deeper than `MAX_NESTING`."""
    if data.count(b"[") + data.count(b"{") <= MAX_NESTING:  # too few to nest deeper: most that is read, quickly
        return
    depth = 0
    for match in _BRACKET.finditer(data):
        token = match.group()
        depth += (token in (b"[", b"{")) - (token in (b"]", b"}"))
        if depth > MAX_NESTING:
            raise InputError(f"JSON nests deeper than {MAX_NESTING}", code="bad_json")

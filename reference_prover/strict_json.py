"""Canonical JSON, read strictly: UTF-8, sorted keys, no blanks, and only objects, lists, strings and booleans."""

from __future__ import annotations

import json
import re
from typing import Any

from .errors import TablesError

MAX_NESTING = 128  # of brackets; expressions of tables need half of it
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,79})")
_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def load(data: bytes) -> Any:
    """Bytes to plain data. Raises TablesError unless the bytes are exactly the canonical form of what they say."""
    if nesting(data) > MAX_NESTING:
        raise TablesError(f"brackets nested deeper than {MAX_NESTING}")
    try:
        value = json.loads(data.decode("utf-8"), parse_int=_no_number, parse_float=_no_number, parse_constant=_no_number)
        canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise TablesError("not JSON", value=str(error)) from error
    if canonical != data:
        raise TablesError("not canonical JSON: keys sorted and unique, no blanks, no escapes that are not needed")
    return value


def nesting(data: bytes) -> int:
    """How deep brackets outside strings nest. To be bounded before `json` recurses into bytes from outside: its own guard is the
    interpreter's recursion limit, which py_ecc raises so far that hostile nesting would end the process instead."""
    depth = deepest = 0
    for match in _BRACKET.finditer(data):
        token = match.group()
        depth += (token in (b"[", b"{")) - (token in (b"]", b"}"))
        deepest = max(deepest, depth)
    return deepest


def fields(value: Any, names: set[str], where: str) -> dict[str, Any]:
    """`value` if it is an object with exactly these fields. Raises TablesError."""
    if not isinstance(value, dict):
        raise TablesError("an object is needed", field=where, value=value)
    for name in sorted(names ^ set(value)):
        raise TablesError("missing" if name in names else "unknown field", field=f"{where}.{name}" if where else name)
    return value


def items(value: Any, where: str, at_least: int = 0) -> list[Any]:
    """`value` if it is a list of at least so many. Raises TablesError."""
    if not isinstance(value, list) or len(value) < at_least:
        raise TablesError(f"a list of at least {at_least} is needed", field=where, value=value)
    return value


def text(value: Any, where: str) -> str:
    """`value` if it is a non-empty string. Raises TablesError."""
    if not isinstance(value, str) or not value:
        raise TablesError("a string is needed", field=where, value=value)
    return value


def flag(value: Any, where: str) -> bool:
    """`value` if it is a boolean. Raises TablesError."""
    if not isinstance(value, bool):
        raise TablesError("true or false is needed", field=where, value=value)
    return value


def integer(value: Any, where: str, low: int, high: int) -> int:
    """A decimal string for an integer in [low, high). Raises TablesError."""
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value) or value == "-0":
        raise TablesError("an integer is written as a decimal string without leading zeros", field=where, value=value)
    number = int(value)
    if not low <= number < high:
        raise TablesError(f"must lie in [{low}, {high})", field=where, value=number)
    return number


def _no_number(token: str) -> Any:
    raise TablesError("numbers travel as decimal strings", value=token)

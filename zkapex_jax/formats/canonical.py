"""Canonical JSON: one value has one byte string, so that its SHA-256 names it.

UTF-8, keys sorted by code point, separators `,` and `:`, integers as decimal strings, no floats, no null.
Only strings, booleans, lists and objects occur in the bytes; `loads` therefore returns integers as strings, and the
typed readers of `zkapex_jax.protocol` turn them into bounded ints.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from typing import Any

from zkapex_jax.errors import InputError
from zkapex_jax.formats.nesting import check_nesting

MAX_BYTES = 64 << 20
MAX_DEPTH = 64
_DECIMAL = re.compile(r"(0|-?[1-9][0-9]{0,159})\Z")


def dumps(value: Any) -> bytes:
    """Canonical bytes of `value` (dict with str keys, list, tuple, str, bool, int). Raises InputError otherwise."""
    try:
        text = json.dumps(_plain(value, 0), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError("text is not valid Unicode", code="bad_json") from error


def loads(data: bytes, *, max_bytes: int = MAX_BYTES) -> Any:
    """Parse canonical bytes; refuses duplicate keys, numbers, null, depth over 64, and any non-canonical spelling."""
    if len(data) > max_bytes:
        raise InputError(f"JSON is longer than {max_bytes} bytes", code="bad_json", value=len(data))
    check_nesting(data)
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_int=_no_number,
            parse_float=_no_number,
            parse_constant=_no_number,
        )
    except UnicodeDecodeError as error:
        raise InputError("JSON is not UTF-8", code="bad_json") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"not JSON: {error}", code="bad_json") from error
    if dumps(value) != data:
        raise InputError("JSON is not in canonical form (sorted keys, no spaces, minimal escapes)", code="not_canonical")
    return value


def digest(data: bytes) -> str:
    """SHA-256 of `data`, 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def parse_int(text: Any, *, low: int, high: int, field: str | None = None) -> int:
    """The integer that a canonical decimal string spells, within low..high inclusive."""
    if not isinstance(text, str) or not _DECIMAL.match(text):
        raise InputError("must be an integer written as a decimal string", field=field, value=text)
    value = int(text)
    if not low <= value <= high:
        raise InputError(f"must be between {low} and {high}", field=field, value=text, code="out_of_range")
    return value


def _plain(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise InputError(f"JSON nests deeper than {MAX_DEPTH}", code="bad_json")
    if isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict):
        return {_key(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, depth + 1) for item in value]
    raise InputError(f"canonical JSON holds no {type(value).__name__}", code="bad_json", value=value)


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise InputError("JSON keys must be text", code="bad_json", value=key)
    return key


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise InputError("key occurs twice in one JSON object", code="bad_json", value=twice)
    return result


def _no_number(text: str) -> Any:
    raise InputError("canonical JSON writes numbers as decimal strings", code="bad_json", value=text)

"""Patterns over the flattened parameter tree, whose paths look like `vit/encoder/layer/0/intermediate/dense/kernel`."""

from __future__ import annotations

import re

from zkapex_jax.errors import InputError

_REGEX_MARK = "re:"
_GLOB = {"**": ".*", "*": "[^/]*", "?": "[^/]"}


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a glob, or a regular expression after the mark `re:`; both must match the whole path.

    In a glob, `*` and `?` stay inside one level of the tree and `**` crosses levels.

    Raises:
        InputError: the pattern is empty or is not a valid regular expression.

    >>> dense = compile_pattern("vit/**/dense/kernel")
    >>> [bool(dense.fullmatch(path)) for path in ("vit/layer/0/dense/kernel", "vit/layer/0/dense/bias")]
    [True, False]
    """
    if not isinstance(pattern, str) or not pattern.removeprefix(_REGEX_MARK):
        raise InputError("is empty", code="pattern", field="pattern", value=pattern)
    if not pattern.startswith(_REGEX_MARK):
        return re.compile("".join(_translate(part) for part in re.split(r"(\*\*|\*|\?)", pattern)))
    try:
        return re.compile(pattern.removeprefix(_REGEX_MARK))
    except re.error as error:
        raise InputError(f"is not a regular expression: {error}", code="pattern", field="pattern", value=pattern) from error


def _translate(part: str) -> str:
    return _GLOB.get(part) or re.escape(part)

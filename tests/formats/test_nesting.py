"""Hostile nesting is an error of the input, whatever the interpreter's recursion limit is."""

from __future__ import annotations

import subprocess
import sys

import pytest

from zkapex_jax.errors import InputError
from zkapex_jax.formats import canonical
from zkapex_jax.formats.nesting import MAX_NESTING, check_nesting


@pytest.mark.parametrize("brackets", ["[]", "{}"])
def test_depth_is_counted_outside_strings(brackets: str) -> None:
    opening, closing = brackets.encode()[:1], brackets.encode()[1:]
    check_nesting(opening * MAX_NESTING + closing * MAX_NESTING)
    check_nesting(b'"' + opening * 500 + b'\\"' + opening * 500 + b'"')
    with pytest.raises(InputError, match="nests deeper"):
        check_nesting(opening * (MAX_NESTING + 1))


def test_a_raised_recursion_limit_lets_no_nesting_through() -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    try:
        with pytest.raises(InputError, match="nests deeper"):
            canonical.loads(b"[" * 90_000)
    finally:
        sys.setrecursionlimit(limit)


def test_the_curve_leaves_the_recursion_limit_alone() -> None:
    program = (
        "import sys; limit = sys.getrecursionlimit(); from reference_prover.curve import curve; curve('py_ecc'); "
        "sys.exit(sys.getrecursionlimit() != limit)"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=120).returncode == 0

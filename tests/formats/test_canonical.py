"""Canonical JSON: one value, one spelling."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkapex_jax.errors import InputError
from zkapex_jax.formats import canonical

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    TEXT | st.booleans() | st.integers(-(10**80), 10**80),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def spelled(value: object) -> object:
    """What a value reads back as: integers are strings in the file."""
    if isinstance(value, dict):
        return {key: spelled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [spelled(item) for item in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


@given(VALUES)
def test_round_trip(value: object) -> None:
    data = canonical.dumps(value)
    assert canonical.loads(data) == spelled(value)
    assert canonical.dumps(canonical.loads(data)) == data


@given(st.dictionaries(TEXT, st.integers(), min_size=2, max_size=5))
def test_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    assert canonical.dumps(value) == canonical.dumps(dict(reversed(value.items())))


@given(VALUES)
def test_any_json_reader_reads_it(value: object) -> None:
    assert json.loads(canonical.dumps(value)) == spelled(value)


@given(st.binary(max_size=60))
def test_hostile_bytes_are_refused_or_canonical(data: bytes) -> None:
    try:
        value = canonical.loads(data)
    except InputError:
        return
    assert canonical.dumps(value) == data


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"a":"1","a":"2"}', "twice"),
        (b'{"a":{"b":"1","b":"1"}}', "twice"),
        (b'{"a":1}', "decimal strings"),
        (b'{"a":1.5}', "decimal strings"),
        (b'{"a":NaN}', "decimal strings"),
        (b'{"a":null}', "NoneType"),
        (b'{"b":"1","a":"2"}', "canonical form"),
        (b'{"a": "1"}', "canonical form"),
        (b'{"a":"1"}\n', "canonical form"),
        (b'"\\u0041"', "canonical form"),
        (b'"\\/"', "canonical form"),
        (b'"\\ud800"', "Unicode"),
        (b"\xff", "UTF-8"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[" * 100 + b"]" * 100, "nests deeper"),
        (b"[" * 200_000, "nests deeper"),
    ],
)
def test_bad_documents(data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        canonical.loads(data)


@pytest.mark.parametrize("value", [None, 1.5, b"x", {1: "a"}, {"a": object()}, {"a": {"b": float("nan")}}, "\ud800"])
def test_values_that_the_format_does_not_hold(value: object) -> None:
    with pytest.raises(InputError):
        canonical.dumps(value)


def test_size_limit() -> None:
    with pytest.raises(InputError, match="longer than 10 bytes"):
        canonical.loads(b'"' + b"a" * 10 + b'"', max_bytes=10)


@pytest.mark.parametrize("text", ["", "01", "+1", "-0", " 1", "1 ", "1e3", "٣", "1" * 200, 1, None, True])
def test_integers_have_one_spelling(text: object) -> None:
    with pytest.raises(InputError, match="decimal string"):
        canonical.parse_int(text, low=-10, high=10**300)


@pytest.mark.parametrize(("text", "fits"), [("0", False), ("1", True), ("5", True), ("6", False), ("-1", False)])
def test_integers_are_bounded(text: str, fits: bool) -> None:
    if fits:
        assert canonical.parse_int(text, low=1, high=5) == int(text)
    else:
        with pytest.raises(InputError, match="between 1 and 5"):
            canonical.parse_int(text, low=1, high=5)
